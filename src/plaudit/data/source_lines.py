"""Where each judgement was read: merging makes groups of rows, and people look for rows."""

from __future__ import annotations

from collections import defaultdict

from plaudit.groups import Group, stable_id


class SourceLines:
    """`file:line` of judgements, noted while rows are read and merged. Holds some dozen bytes a judgement.

    Merging keeps a group's judgements in the order of their rows, so a judgement's number in the group is its number
    here. Files of a format that makes one group of all rows have no places.
    """

    def __init__(self) -> None:
        self._rankings: dict[str, list[str]] = defaultdict(list)
        self._ratings: dict[str, list[str]] = defaultdict(list)
        self._first: dict[str, str] = {}

    def add(self, where: str, fragment: Group) -> None:
        """A row's own group, before it is merged."""
        key = stable_id(fragment.prompt, fragment.subset)
        self._first.setdefault(key, where)
        self._rankings[key] += [where] * len(fragment.rankings)
        self._ratings[key] += [where] * len(fragment.ratings)

    def of(self, key: str, *, ranking: int | None = None, rating: int | None = None) -> str | None:
        """The place of a judgement of the group with this `stable_id`; of its first row, when none is named."""
        if ranking is None and rating is None:
            return self._first.get(key)
        number, places = (ranking, self._rankings) if ranking is not None else (rating, self._ratings)
        known = places.get(key, [])
        return known[number] if number is not None and number < len(known) else None
