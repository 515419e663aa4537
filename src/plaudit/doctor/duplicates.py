"""Duplicates at odds with themselves: one pair judged both ways, equal responses ranked apart, empty ones that won."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plaudit.doctor.contamination import normalized
from plaudit.doctor.findings import Item, ranking_target
from plaudit.doctor.folds import hold_out_units
from plaudit.groups import Group, plain_text

_FOR_REVIEW = 0.5
_EMPTY_WON = 0.9

_MAX_LISTED = 10
"""Rankings that an item lists as evidence."""


@dataclass(frozen=True, slots=True)
class _Vote:
    """One untied comparison of two responses, and where it was made.

    Attributes:
        group: index of the group.
        ranking: index within the group.
        better, worse: responses of the group.
        annotator, weight: of the ranking.
    """

    group: int
    ranking: int
    better: int
    worse: int
    annotator: str | None
    weight: float


@dataclass(frozen=True, slots=True)
class _SignedVote:
    """A vote, and its sign: 1 if the text that sorts first won, else -1."""

    sign: int
    vote: _Vote


def opposite_labels(groups: Sequence[Group]) -> Iterator[Item]:
    """Pairs of texts of which each was ranked above the other: under one prompt, or under two that are nearly the same.

    People may differ: named annotators who do are no item (each of them is suspected like anyone else, with the others
    against them). An item is a pair that one annotator judged both ways, one that rows without a name judge both ways
    with equal weight, or one judged differently under two prompts.
    """
    prompt = hold_out_units(groups)
    pairs: dict[tuple[int, str, str], list[_SignedVote]] = defaultdict(list)
    for number, group in enumerate(groups):
        texts = [normalized(response) for response in group.responses]
        for vote in _votes(number, group):
            first, second = texts[vote.better], texts[vote.worse]
            if first != second:
                sign = 1 if first < second else -1
                pairs[int(prompt[number]), min(first, second), max(first, second)].append(_SignedVote(sign, vote))
    for votes in pairs.values():
        weights = [sum(one.vote.weight for one in votes if one.sign == sign) for sign in (1, -1)]
        if all(weights) and (conflict := _conflict(votes, weights)):
            yield _opposite(groups, votes, weights, conflict)


def _conflict(votes: Sequence[_SignedVote], weights: Sequence[float]) -> str | None:
    """In words, why opposite votes on a pair are more than people who differ; None if they are not."""
    signs: dict[str | None, set[int]] = defaultdict(set)
    groups: dict[int, set[int]] = {1: set(), -1: set()}
    for one in votes:
        signs[one.vote.annotator].add(one.sign)
        groups[one.sign].add(one.vote.group)
    both_ways = [name for name, of_annotator in signs.items() if len(of_annotator) > 1]
    if not groups[1] & groups[-1]:
        return "one way under one prompt and the other way under another that is nearly the same"
    if named := [name for name in both_ways if name is not None]:
        return f"both ways by {named[0]}"
    return "both ways by rows that name nobody" if both_ways and weights[0] == weights[1] else None


def _opposite(groups: Sequence[Group], votes: Sequence[_SignedVote], weights: Sequence[float], conflict: str) -> Item:
    """The item of a pair; its target is the first vote of the side with less weight."""
    minority = 1 if weights[0] < weights[1] else -1
    vote = next(one.vote for one in votes if one.sign == minority)
    group = groups[vote.group]
    return Item(
        kind="opposite-labels",
        suspicion=_FOR_REVIEW,
        what=f"responses {vote.better} and {vote.worse} were judged {conflict}: "
        f"weight {weights[0]:g} against {weights[1]:g}",
        group=group.id,
        evidence={
            "weights": sorted(weights, reverse=True),
            "groups": sorted({groups[one.vote.group].id for one in votes}),
            "rankings": [
                {"group": groups[one.vote.group].id, "ranking": one.vote.ranking} for one in votes[:_MAX_LISTED]
            ],
        },
        target=ranking_target(group, vote.ranking, [vote.worse]),
    )


def identical_responses(groups: Sequence[Group]) -> Iterator[Item]:
    """Rankings that put one response above another that differs from it in case and spacing only."""
    for number, group in enumerate(groups):
        texts = [normalized(response) for response in group.responses]
        if len(set(texts)) == len(texts):
            continue
        for vote in _votes(number, group):
            if texts[vote.better] == texts[vote.worse]:
                yield Item(
                    kind="identical-responses",
                    suspicion=_FOR_REVIEW,
                    what=f"response {vote.better} is ranked above response {vote.worse}, the same but for case or "
                    "spacing",
                    group=group.id,
                    evidence={"better": vote.better, "worse": vote.worse},
                    target=ranking_target(group, vote.ranking, [vote.worse]),
                )


def empty_responses(groups: Sequence[Group]) -> Iterator[Item]:
    """Rankings that put a response without a visible character above one with words; their removal is proposed."""
    for number, group in enumerate(groups):
        empty = {i for i, response in enumerate(group.responses) if not plain_text(response).strip()}
        first_by_ranking: dict[int, _Vote] = {}
        for vote in _votes(number, group):
            if vote.better in empty and vote.worse not in empty:
                first_by_ranking.setdefault(vote.ranking, vote)
        for vote in first_by_ranking.values():
            yield Item(
                kind="empty-response",
                suspicion=_EMPTY_WON,
                what=f"response {vote.better} is empty and is ranked above response {vote.worse}, which is not",
                keep=False,
                group=group.id,
                evidence={"empty": vote.better, "over": vote.worse},
                target=ranking_target(group, vote.ranking, [vote.better]),
            )


def _votes(number: int, group: Group) -> Iterator[_Vote]:
    for index, ranking in enumerate(group.rankings):
        for better, worse, tied in ranking.comparisons():
            if not tied:
                yield _Vote(
                    group=number,
                    ranking=index,
                    better=better,
                    worse=worse,
                    annotator=ranking.annotator,
                    weight=ranking.weight,
                )
