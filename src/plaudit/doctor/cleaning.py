"""Groups with what a work list gives up taken out; everything taken is counted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plaudit.doctor.findings import Target, key_of
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking


@dataclass(frozen=True, slots=True)
class Order:
    """One removal, and where it is written down (`file:line`), for errors."""

    target: Target
    where: str | None = None


@dataclass
class Cleaned:
    """What is left, and what went.

    Attributes:
        groups: in the order given. One whose judgements are all gone stays, for its responses.
        removed: `groups`, `rankings`, `ratings`, and `responses out of rankings` that stay, each counted once however
            many items asked for it; judgements of a removed group count with it.
        unjudged: groups that had judgements and have none now.
    """

    groups: list[Group]
    removed: Counter[str] = field(default_factory=Counter)
    unjudged: int = 0


def clean(groups: Sequence[Group], orders: Iterable[Order]) -> Cleaned:
    """Carry out removals.

    Raises:
        DataError: for a removal that names what these groups do not have: the list is of other data.
    """
    known = {key_of(group): group for group in groups}
    annotators = {one.annotator for group in groups for one in group.rankings}
    annotators |= {one.annotator for group in groups for one in group.ratings}
    whole: set[str] = set()
    people: set[str] = set()
    rankings: dict[tuple[str, int], set[int]] = defaultdict(set)
    ratings: set[tuple[str, int]] = set()
    for order in orders:
        target = order.target
        _check(target, known, annotators, order.where)
        if target.group is None:
            people.add(str(target.annotator))
        elif target.ranking is not None:
            rankings[target.group, target.ranking].update(target.responses)
        elif target.rating is not None:
            ratings.add((target.group, target.rating))
        else:
            whole.add(target.group)
    cleaned = Cleaned([])
    for key, group in known.items():
        if key in whole:
            cleaned.removed.update({"groups": 1, "rankings": len(group.rankings), "ratings": len(group.ratings)})
            continue
        left = []
        for number, ranking in enumerate(group.rankings):
            stays = None if ranking.annotator in people else _without(ranking, rankings.get((key, number), set()))
            cleaned.removed["rankings"] += stays is None
            if stays is not None:
                cleaned.removed["responses out of rankings"] += _size(ranking) - _size(stays)
                left.append(stays)
        rated = [
            rating
            for number, rating in enumerate(group.ratings)
            if rating.annotator not in people and (key, number) not in ratings
        ]
        cleaned.removed["ratings"] += len(group.ratings) - len(rated)
        cleaned.unjudged += bool(group.rankings or group.ratings) and not left and not rated
        cleaned.groups.append(replace(group, rankings=tuple(left), ratings=tuple(rated)))
    cleaned.removed = +cleaned.removed
    return cleaned


def _without(ranking: Ranking, responses: set[int]) -> Ranking | None:
    """The ranking without some responses; None if it compares nothing any more."""
    if not responses:
        return ranking
    tiers = tuple(kept for tier in ranking.tiers if (kept := tuple(i for i in tier if i not in responses)))
    return replace(ranking, tiers=tiers) if sum(map(len, tiers)) > 1 else None


def _size(ranking: Ranking) -> int:
    return sum(map(len, ranking.tiers))


def _check(target: Target, known: dict[str, Group], annotators: set[str | None], where: str | None) -> None:
    """Refuse what is not there, or is not what it was when the list was made."""
    if target.group is None:
        if target.annotator not in annotators or target.annotator is None:
            raise DataError(f"no judgement is by {target.annotator!r}; the list was made for other data", where)
        return
    group = known.get(target.group)
    if group is None:
        raise DataError(f"there is no group with the key {target.group}; the list was made for other data", where)
    for number, judgements in ((target.ranking, group.rankings), (target.rating, group.ratings)):
        if number is not None and not 0 <= number < len(judgements):
            raise DataError(
                f"the group {group.id} has {len(judgements)} such judgements and no number {number}; "
                "the list was made for other data",
                where,
            )
    said: Any = None
    if target.ranking is not None:
        said = [list(tier) for tier in group.rankings[target.ranking].tiers]
    elif target.rating is not None:
        said = group.ratings[target.rating].value
    if said != target.said:
        raise DataError(
            f"in the group {group.id} the judgement is {said} and not {target.said}; the list was made for other data",
            where,
        )
    strange = set(target.responses).difference(*said) if target.ranking is not None else ()
    if strange:
        raise DataError(f"in the group {group.id} the ranking has no response {min(strange)} to remove", where)
