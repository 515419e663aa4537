"""Formats: the shapes of row that can be read, how each is recognised, and what reads it.

A format is one file of this package, which registers itself; a distribution of somebody else's names its module as an
entry point in the group `plaudit.format`. A reader takes (pops) the columns it understands out of the row and returns a
group of that one row; plain values that are left over go to `meta`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.errors import DataError
from plaudit.groups import Group
from plaudit.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One shape of row.

    Attributes:
        name: what `--format` calls it.
        priority: of the formats that recognise a file equally well, the one with the least reads it. The narrower a
            shape, the smaller its priority.
        columns: its columns, for messages.
        knows: whether a row has this shape, by its columns and, where those do not decide, its values.
        read: row (a copy, to take columns out of) and the file's bare name -> a group of that row.
        join: for a format whose judgement spans the whole file: the groups of its rows -> one group.
        judgement_columns: columns about a single judgement, for which a group has no place. They are reported.
    """

    name: str
    priority: int
    columns: str
    knows: Callable[[Mapping[str, Any]], bool]
    read: Callable[[dict[str, Any], str], Group]
    join: Callable[[Sequence[Group]], Group] | None = None
    judgement_columns: frozenset[str] = frozenset()


FORMATS: Registry[Format] = Registry("format", "plaudit.data.formats", order=lambda format: format.priority)


def register_format(format: Format) -> Format:
    """Add a format to `FORMATS`.

    Raises:
        ValueError: if another format has its name or its priority: which of them is asked first would be an accident.
    """
    for other in FORMATS.registered:
        if other.priority == format.priority and other.name != format.name:
            raise ValueError(f"the formats {other.name!r} and {format.name!r} have one priority, {format.priority}")
    return FORMATS.register(format.name, format)


def detect_format(rows: Sequence[Any], file: str) -> Format:
    """The format that recognises the most of `rows` (the first few of a file).

    Raises:
        DataError: if no format recognises any; it says which columns the rows have and which formats there are.
    """
    objects = [row for row in rows if isinstance(row, Mapping)]
    recognised = [(sum(map(format.knows, objects)), format) for format in FORMATS.values()]
    # `max` keeps the first of equals, which is the one with the least priority.
    most, best = max(recognised, key=lambda pair: pair[0])
    if most:
        return best
    columns = ", ".join(objects[0]) if objects else "no columns at all"
    formats = "; ".join(f"{format.name} ({format.columns})" for format in FORMATS.values())
    raise DataError(
        f"no format has these columns: {columns}. The formats: {formats}. Rename columns or give --format", file=file
    )
