"""Judgements, or plain prompts with their completions, -> the responses that are worth imitating."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plaudit.data import read_groups
from plaudit.errors import InvalidInputError
from plaudit.groups import Group

# Net wins and mean ratings are sums of floats; a millionth apart is a tie.
_ALIKE = 1e-6


@dataclass(frozen=True, slots=True)
class Demonstrations:
    """Groups that hold only the responses to imitate.

    Attributes:
        groups: each with its best-judged responses.
        tied: groups that kept more judged responses than asked for, because they are equally good.
        unjudged: groups without a judgement, which kept all they had.
    """

    groups: tuple[Group, ...]
    tied: int
    unjudged: int

    @property
    def count(self) -> int:
        return sum(len(group.responses) for group in self.groups)


def demonstrations(groups: Iterable[Group], attribute: str | None = None, top: float = 0.0) -> Demonstrations:
    """What each group's judgements call its best: the most net wins over all its rankings, by weight (so the top tier
    of a single ranking, and the majority's choice of a pair), or, where it has no ranking, the highest mean rating.

    Args:
        groups: with or without judgements.
        attribute: which ratings count; None: whichever there is.
        top: share of a group's judged responses to keep, best first; 0: the best alone. Who ties with the last of them
            is kept too.

    Raises:
        PlauditError: if ratings on several attributes leave open what is best, or an attribute or a share is asked for
            that no judgement has a part in.
    """
    groups = list(groups)
    _check_wishes(groups, attribute, top)
    kept, tied, unjudged = [], 0, 0
    for group in groups:
        marks = _net_wins(group) if group.rankings else _mean_ratings(group, attribute)
        if not marks:
            unjudged += 1
            kept.append(group)
            continue
        wanted = max(1, round(top * len(marks)))
        least = sorted(marks.values(), reverse=True)[wanted - 1]
        best = [response for response in sorted(marks) if marks[response] >= least - _ALIKE]
        tied += len(best) > wanted
        kept.append(group.among(best))
    return Demonstrations(tuple(kept), tied, unjudged)


def _check_wishes(groups: Sequence[Group], attribute: str | None, top: float) -> None:
    """A choice among responses that were not judged so, or at all, would be made without it."""
    counting = {rating.attribute for group in groups if not group.rankings for rating in group.ratings}
    if attribute is not None and attribute not in counting:
        known = f"attributes: {', '.join(sorted(counting))}" if counting else "leave it out"
        why = (
            "nobody rated" if counting or not any(group.rankings for group in groups) else "the rankings decide before"
        )
        raise InvalidInputError(f"attribute={attribute} names ratings that {why}", remedy=known)
    if top and not any(group.rankings or group.ratings for group in groups):
        raise InvalidInputError(
            f"top={top:g} chooses among judged responses, and none is judged", remedy="leave it out"
        )


def read_demonstrations(source: str | Path | Sequence[str | Path], **options: Any) -> Iterator[Group]:
    """Groups from all that `read_groups` reads, judged or not: also rows with a prompt and one completion
    (`completion`, `response`, `answer` or `output`), or with `messages` that end with the assistant's.

    Args:
        source: files, folders, `-` or hub ids.
        options: those of `read_groups`.

    Example:
        >>> turns = '[{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]'
        >>> _ = Path("answers.jsonl").write_text(f'{{"messages": {turns}}}')
        >>> [group] = read_demonstrations("answers.jsonl")
        >>> group.responses
        ('4',)
    """
    return read_groups(source, **options)


def _net_wins(group: Group) -> dict[int, float]:
    """Comparisons won minus comparisons lost, of every response that was compared (Copeland's score, by weight)."""
    marks: dict[int, float] = defaultdict(float)
    for ranking in group.rankings:
        for better, worse, tied in ranking.comparisons():
            marks[better] += 0.0 if tied else ranking.weight
            marks[worse] -= 0.0 if tied else ranking.weight
    return marks


def _mean_ratings(group: Group, attribute: str | None) -> dict[int, float]:
    attributes = sorted({rating.attribute for rating in group.ratings})
    if attribute is None and len(attributes) > 1:
        raise InvalidInputError(
            f"group {group.id!r} is rated on {', '.join(attributes)}",
            remedy="say which says what is best: --attribute NAME",
        )
    sums: dict[int, float] = defaultdict(float)
    weights: dict[int, float] = defaultdict(float)
    for rating in group.ratings:
        if attribute in (None, rating.attribute):
            sums[rating.response] += rating.weight * rating.value
            weights[rating.response] += rating.weight
    return {response: sums[response] / weights[response] for response in sums}
