"""The range of ratings that declare no scale, file by file: two scales must not become one in silence."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from plaudit.groups import Group

_ENOUGH = 20
"""Ratings of a file from which its range says something of its scale."""

_APART = 0.1
"""Share of the wider range by which two ranges must differ at an end; the extremes of one scale differ by chance."""


class Ranges:
    """The lowest and the highest value, and the number, of each attribute's undeclared ratings in each file.

    Example:
        >>> from plaudit.groups import Rating
        >>> ranges = Ranges()
        >>> for file, high in (("a", 5), ("b", 10)):
        ...     ratings = tuple(Rating(0, value) for value in (1, high) for _ in range(10))
        ...     ranges.add(file, Group("q", "Why?", ("So.",), ratings=ratings))
        >>> list(ranges.differing())
        [('overall', '1 to 5 (a), 1 to 10 (b)')]
    """

    def __init__(self) -> None:
        self._of: dict[str, dict[str, tuple[float, float, int]]] = {}

    def add(self, file: str, group: Group) -> None:
        """Count a group's ratings as the file's."""
        for rating in group.ratings:
            if rating.scale is None:
                files = self._of.setdefault(rating.attribute, {})
                low, high, count = files.get(file, (rating.value, rating.value, 0))
                files[file] = (min(low, rating.value), max(high, rating.value), count + 1)

    def differing(self) -> Iterator[tuple[str, str]]:
        """(attribute, the ranges in words) of every attribute whose range differs from file to file."""
        for attribute, files in self._of.items():
            ranges = {file: one for file, one in files.items() if one[2] >= _ENOUGH}
            width = max((high - low for low, high, _ in ranges.values()), default=0) * _APART
            ends = [sorted(one[end] for one in ranges.values()) for end in (0, 1)]
            if any(ordered[-1] - ordered[0] > width for ordered in ends if ordered):
                ordered = sorted(ranges.items(), key=lambda one: one[1][:2])
                apart = [ordered[0], *(two for one, two in pairwise(ordered) if two[1][:2] != one[1][:2])]
                shown = [f"{low:g} to {high:g} ({file})" for file, (low, high, _) in apart[:3]]
                yield attribute, ", ".join(shown)
