"""The same pair judged opposite ways, empty responses that won, and responses judged apart that are the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plaudit.doctor.contamination import same_text
from plaudit.doctor.findings import Item, ranking_target
from plaudit.doctor.folds import units
from plaudit.groups import Group, plain_text

_WORTH_A_LOOK = 0.5
_EMPTY_WON = 0.9


@dataclass(frozen=True, slots=True)
class _Said:
    """One untied comparison of two texts, and where it was made."""

    group: int
    ranking: int
    better: int
    worse: int
    annotator: str | None
    weight: float


def opposite_labels(groups: Sequence[Group]) -> Iterator[Item]:
    """Pairs of texts of which each was ranked above the other: under one prompt, or under two that are nearly the same.

    People may differ: where named annotators do, that is no item (each of them is suspected like anyone else, with the
    others against them). An item is a pair that one annotator judged both ways, one that rows without a name judge both
    ways with equal weight, and one whose two verdicts stand under two prompts.
    """
    prompt = units(groups)
    pairs: dict[tuple[int, str, str], list[tuple[int, _Said]]] = defaultdict(list)
    for number, group in enumerate(groups):
        texts = [same_text(response) for response in group.responses]
        for said in _comparisons(number, group):
            first, second = texts[said.better], texts[said.worse]
            if first != second:
                side = 1 if first < second else -1
                pairs[int(prompt[number]), min(first, second), max(first, second)].append((side, said))
    for cast in pairs.values():
        weights = [sum(said.weight for side, said in cast if side == which) for which in (1, -1)]
        if all(weights) and (why := _unsettled(cast, weights)):
            yield _opposite(groups, cast, weights, why)


def _unsettled(cast: Sequence[tuple[int, _Said]], weights: Sequence[float]) -> str | None:
    """Why opposite verdicts on a pair are more than people who differ; None if they are not."""
    sides: dict[str | None, set[int]] = defaultdict(set)
    prompts: dict[int, set[int]] = {1: set(), -1: set()}
    for side, said in cast:
        sides[said.annotator].add(side)
        prompts[side].add(said.group)
    both = [name for name, said in sides.items() if len(said) > 1]
    if not prompts[1] & prompts[-1]:
        return "one way under one prompt and the other way under another that is nearly the same"
    if named := [name for name in both if name is not None]:
        return f"both ways by {named[0]}"
    return "both ways by rows that name nobody" if both and weights[0] == weights[1] else None


def _opposite(groups: Sequence[Group], cast: Sequence[tuple[int, _Said]], weights: Sequence[float], why: str) -> Item:
    fewer = 1 if weights[0] < weights[1] else -1
    said = next(said for side, said in cast if side == fewer)
    group = groups[said.group]
    return Item(
        "opposite-labels",
        _WORTH_A_LOOK,
        f"responses {said.better} and {said.worse} were judged {why}: weight {weights[0]:g} against {weights[1]:g}",
        group=group.id,
        evidence={
            "weights": sorted(weights, reverse=True),
            "groups": sorted({groups[one.group].id for _, one in cast}),
            "rankings": [{"group": groups[one.group].id, "ranking": one.ranking} for _, one in cast][:10],
        },
        target=ranking_target(group, said.ranking, [said.worse]),
    )


def identical_responses(groups: Sequence[Group]) -> Iterator[Item]:
    """Rankings that put one response above another that differs from it in case and spacing only."""
    for number, group in enumerate(groups):
        texts = [same_text(response) for response in group.responses]
        if len(set(texts)) == len(texts):
            continue
        for said in _comparisons(number, group):
            if texts[said.better] == texts[said.worse]:
                yield Item(
                    "identical-responses",
                    _WORTH_A_LOOK,
                    f"response {said.better} is ranked above response {said.worse}, the same but for case or spacing",
                    group=group.id,
                    evidence={"better": said.better, "worse": said.worse},
                    target=ranking_target(group, said.ranking, [said.worse]),
                )


def empty_responses(groups: Sequence[Group]) -> Iterator[Item]:
    """Responses without a visible character. Where one was ranked above a response with words, that ranking is proposed
    for removal; an empty response that lost is as it should be."""
    for number, group in enumerate(groups):
        empty = {i for i, response in enumerate(group.responses) if not plain_text(response).strip()}
        won: dict[int, _Said] = {}
        for said in _comparisons(number, group):
            if said.better in empty and said.worse not in empty:
                won.setdefault(said.ranking, said)
        for said in won.values():
            yield Item(
                "empty-response",
                _EMPTY_WON,
                f"response {said.better} is empty and is ranked above response {said.worse}, which is not",
                keep=False,
                group=group.id,
                evidence={"empty": said.better, "over": said.worse},
                target=ranking_target(group, said.ranking, [said.better]),
            )


def _comparisons(number: int, group: Group) -> Iterator[_Said]:
    for place, ranking in enumerate(group.rankings):
        for better, worse, tied in ranking.comparisons():
            if not tied:
                yield _Said(number, place, better, worse, ranking.annotator, ranking.weight)
