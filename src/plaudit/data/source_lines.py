"""Source lines of judgements: merging makes groups of rows, and people look for rows."""

from __future__ import annotations

from collections import defaultdict

from plaudit.groups import Group, stable_id


class SourceLines:
    """`file:line` of each judgement, noted while rows are read and merged. Holds some dozen bytes a judgement.

    Merging keeps a group's judgements in the order of their rows, so a judgement's number in the group is its number
    here. Files of a format that makes one group of all rows have no source lines.

    Example:
        >>> from plaudit import Ranking
        >>> group, lines = Group("q", "Why?", ("a", "b"), (Ranking(((0,), (1,))),)), SourceLines()
        >>> lines.add("pairs.jsonl:7", group)
        >>> lines.of(stable_id(group), ranking=0), lines.of(stable_id(group), rating=0)
        ('pairs.jsonl:7', None)
    """

    def __init__(self) -> None:
        self._of_rankings: dict[str, list[str]] = defaultdict(list)
        self._of_ratings: dict[str, list[str]] = defaultdict(list)
        self._first: dict[str, str] = {}

    def add(self, where: str, fragment: Group) -> None:
        """Note where the group of a single row stands, before it is merged."""
        key = stable_id(fragment)
        self._first.setdefault(key, where)
        self._of_rankings[key] += [where] * len(fragment.rankings)
        self._of_ratings[key] += [where] * len(fragment.ratings)

    def of(self, key: str, *, ranking: int | None = None, rating: int | None = None) -> str | None:
        """The line of a judgement of the group with this `stable_id`; of its first row, when none is named."""
        if ranking is not None:
            return _item(self._of_rankings.get(key, []), ranking)
        if rating is not None:
            return _item(self._of_ratings.get(key, []), rating)
        return self._first.get(key)


def _item(lines: list[str], number: int) -> str | None:
    return lines[number] if number < len(lines) else None
