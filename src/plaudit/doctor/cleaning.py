"""Removals carried out: the groups that are left, and a count of everything removed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from plaudit._arguments import checked
from plaudit.doctor.findings import Target, key_of
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking


@dataclass(frozen=True, slots=True)
class Removal:
    """One removal, and the file and line of the work list in which it is written, for errors.

    Example:
        >>> from plaudit.groups import Group, Rating
        >>> group = Group("q", "Why?", ("Because.",), ratings=(Rating(0, 1.0, annotator="jun"),))
        >>> clean([group], [Removal(Target(annotator="kim"), "work-list.jsonl", 3)])
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: work-list.jsonl:3: no judgement is by 'kim'; the list was made for other data
    """

    target: Target
    file: str | None = None
    line: int | None = None


@dataclass
class Cleaned:
    """What is left, and what was removed.

    Attributes:
        groups: in their order. A group whose judgements are all removed stays, for its responses.
        removed: `groups`, `rankings`, `ratings`, and `responses out of rankings` that stay, each counted once however
            many items asked for it; the judgements of a removed group are counted with it.
        unjudged: groups that had judgements and have none now.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((1,), (0,)), annotator="jun"),))
        >>> cleaned = clean([group], [Removal(Target(annotator="jun"))])
        >>> cleaned.groups, cleaned.unjudged  # the group stays, for its responses
        ([Group('q': 2 responses)], 1)
    """

    groups: list[Group]
    removed: Counter[str] = field(default_factory=Counter)
    unjudged: int = 0


@dataclass
class _Targets:
    """All targets together, groups by their keys."""

    groups: set[str] = field(default_factory=set)
    annotators: set[str | None] = field(default_factory=set)
    rankings: dict[tuple[str, int], set[int]] = field(default_factory=lambda: defaultdict(set))
    ratings: set[tuple[str, int]] = field(default_factory=set)

    def add(self, target: Target) -> None:
        if target.group is None:
            self.annotators.add(str(target.annotator))
        elif target.ranking is not None:
            self.rankings[target.group, target.ranking].update(target.responses)
        elif target.rating is not None:
            self.ratings.add((target.group, target.rating))
        else:
            self.groups.add(target.group)


@checked
def clean(groups: Sequence[Group], removals: Iterable[Removal]) -> Cleaned:
    """Carry out removals.

    Raises:
        DataError: for a removal whose target these groups do not have: the list was made for other data.

    Example:
        >>> from plaudit.groups import Group, Rating
        >>> groups = [Group("q", "Why?", ("Because.",), ratings=(Rating(0, 1.0, annotator="jun"),))]
        >>> clean(groups, [Removal(Target(annotator="jun"))]).removed
        Counter({'ratings': 1})
    """
    by_key = {key_of(group): group for group in groups}
    annotators = {ranking.annotator for group in groups for ranking in group.rankings}
    annotators |= {rating.annotator for group in groups for rating in group.ratings}
    targets = _Targets()
    for removal in removals:
        _check(removal, by_key, annotators)
        targets.add(removal.target)
    cleaned = Cleaned([])
    for key, group in by_key.items():
        if key in targets.groups:
            cleaned.removed.update({"groups": 1, "rankings": len(group.rankings), "ratings": len(group.ratings)})
        else:
            _clean_group(key, group, targets, cleaned)
    # `+` drops the counts of 0.
    cleaned.removed = +cleaned.removed
    return cleaned


def _clean_group(key: str, group: Group, targets: _Targets, cleaned: Cleaned) -> None:
    """Add what is left of the group to `cleaned`."""
    rankings = []
    for number, ranking in enumerate(group.rankings):
        removed = targets.rankings.get((key, number), set())
        rest = None if ranking.annotator in targets.annotators else _without(ranking, removed)
        cleaned.removed["rankings"] += rest is None
        if rest is not None:
            cleaned.removed["responses out of rankings"] += _size(ranking) - _size(rest)
            rankings.append(rest)
    ratings = [
        rating
        for number, rating in enumerate(group.ratings)
        if rating.annotator not in targets.annotators and (key, number) not in targets.ratings
    ]
    cleaned.removed["ratings"] += len(group.ratings) - len(ratings)
    cleaned.unjudged += bool(group.rankings or group.ratings) and not rankings and not ratings
    cleaned.groups.append(replace(group, rankings=tuple(rankings), ratings=tuple(ratings)))


def _without(ranking: Ranking, responses: set[int]) -> Ranking | None:
    """The ranking without some responses; None if it compares nothing any more."""
    if not responses:
        return ranking
    tiers = tuple(kept for tier in ranking.tiers if (kept := tuple(i for i in tier if i not in responses)))
    return replace(ranking, tiers=tiers) if sum(map(len, tiers)) > 1 else None


def _size(ranking: Ranking) -> int:
    return sum(map(len, ranking.tiers))


def _check(removal: Removal, by_key: Mapping[str, Group], annotators: set[str | None]) -> None:
    """Refuse a target that is missing, or that is not what it was when the list was made."""
    target = removal.target

    def other_data(message: str) -> DataError:
        return DataError(message, file=removal.file, line=removal.line, remedy="the list was made for other data")

    if target.group is None:
        if target.annotator not in annotators or target.annotator is None:
            raise other_data(f"no judgement is by {target.annotator!r}")
        return
    group = by_key.get(target.group)
    if group is None:
        raise other_data(f"there is no group with the key {target.group}")
    for number, judgements in ((target.ranking, group.rankings), (target.rating, group.ratings)):
        if number is not None and not 0 <= number < len(judgements):
            raise other_data(f"the group {group.id} has {len(judgements)} such judgements and no number {number}")
    judgement = _judgement(group, target)
    if judgement != target.judgement:
        raise other_data(f"in the group {group.id} the judgement is {judgement} and not {target.judgement}")
    missing = set(target.responses).difference(*judgement) if target.ranking is not None else ()
    if missing:
        message = f"in the group {group.id} the ranking has no response {min(missing)} to remove"
        raise DataError(message, file=removal.file, line=removal.line)


def _judgement(group: Group, target: Target) -> Any:
    """The targeted judgement as a target records it: the tiers of a ranking, or the value of a rating."""
    if target.ranking is not None:
        return [list(tier) for tier in group.rankings[target.ranking].tiers]
    return None if target.rating is None else group.ratings[target.rating].value
