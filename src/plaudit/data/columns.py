"""Columns by another name: what the user says of a file that no reader knows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from plaudit.data.rows import Row
from plaudit.errors import InvalidInputError, NotFoundError

_ABSENT = object()


def parse_columns(options: Iterable[str]) -> dict[str, str]:
    """`["prompt=history"]` -> `{"prompt": "history"}`, as the command line has it.

    Raises:
        InvalidInputError: for any other shape, or a name that is given twice.

    Example:
        >>> parse_columns(["prompt=history", "chosen=response_j"])
        {'prompt': 'history', 'chosen': 'response_j'}
    """
    columns: dict[str, str] = {}
    for option in options:
        name, equals, column = (part.strip() for part in option.partition("="))
        if not (name and equals and column):
            raise InvalidInputError(f"--column {option} is not NAME=COLUMN", remedy="such as --column prompt=history")
        if name in columns:
            raise InvalidInputError(f"--column names {name!r} twice: {columns[name]!r} and {column!r}")
        columns[name] = column
    return columns


def check_columns(columns: Mapping[str, str], rows: Iterable[Row], file: str) -> None:
    """Refuse a column that none of a file's first rows has.

    Raises:
        NotFoundError: with the names it may have been meant for.
    """
    values = [row.value for row in rows if isinstance(row.value, Mapping)]
    for column in columns.values():
        if all(_value(value, column) is _ABSENT for value in values):
            have = list(dict.fromkeys(name for value in values for name in value))
            close = get_close_matches(column, have, 1)
            remedy = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(have)}"
            raise NotFoundError(f"no row has a column {column!r}", file=file, remedy=remedy)


def renamed(row: Row, columns: Mapping[str, str], left_behind: Counter[str]) -> Row:
    """The row with each of `columns` under its new name; what stood there before is counted in `left_behind`."""
    if row.fault is not None or not isinstance(row.value, Mapping):
        return row
    values = {name: _value(row.value, column) for name, column in columns.items()}
    values = {name: value for name, value in values.items() if value is not _ABSENT}
    sources = set(columns.values())
    kept = {name: value for name, value in row.value.items() if name not in sources}
    left_behind.update(name for name in values if name in kept)
    return row._replace(value={**kept, **values})


def _value(row: Mapping[str, Any], column: str) -> Any:
    """The value of a column, or inside one where its name has dots; `_ABSENT` if there is none."""
    if column in row:
        return row[column]
    outer, dot, inner = column.partition(".")
    value = row.get(outer) if dot else None
    return _value(value, inner) if isinstance(value, Mapping) else _ABSENT
