"""The rows of a file that is one JSON object: a row, or a table written as an object.

    {"data": [{...}, {...}]}                                    a list of rows under a name
    {"prompt": ["...", "..."], "chosen": ["...", "..."]}        a list a column
    {"prompt": {"0": "...", "1": "..."}, "chosen": {...}}       pandas `columns` (its default)
    {"0": {"prompt": "...", "chosen": "..."}, "1": {...}}       pandas `index`
    {"columns": [...], "index": [...], "data": [[...], [...]]}  pandas `split`
    {"schema": {...}, "data": [{...}, {...}]}                   pandas `table`

What could be two of these is read as the one whose first row some format reads; if that is true of two, it is refused.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from plaudit.data.formats import FileReading, detect_format
from plaudit.data.rows import Row
from plaudit.errors import DataError, InvalidInputError

logger = logging.getLogger(__name__)

WRAPPERS = frozenset(
    {"data", "rows", "examples", "records", "items", "instances", "samples", "entries", "results", "dataset"}
    | {"train", "training", "validation", "valid", "dev", "eval", "test"}
)
"""Names under which lists of rows are kept."""

_SPLIT = {"columns", "index", "data", "index_names", "column_names"}

Cells = dict[str, Any]


class _Table(NamedTuple):
    """One way to see rows in an object.

    Attributes:
        what: it in words.
        rows: makes its rows.
        certain: whether the object can hardly be anything else; otherwise it is this only if no format reads the object
            as a row and one reads the table's.
        others: names in the object that are no part of the table.
    """

    what: str
    rows: Callable[[], Iterator[Cells]]
    certain: bool
    others: tuple[str, ...] = ()


def rows_of_object(row: Row) -> Iterator[Row]:
    """The rows of a file whose one row is this object; their lines are their numbers.

    Raises:
        DataError: if it could be two things, or its columns do not have the same length.
    """
    table = _table_of(row)
    if table is None:
        yield row
        return
    if table.others:
        logger.warning("%s: its rows are %s; left behind: %s", row.file, table.what, ", ".join(table.others))
    for number, cells in enumerate(table.rows(), 1):
        yield Row(row.file, number, cells)


def _table_of(row: Row) -> _Table | None:
    """The table that an object is; None if it is a row."""
    tables = list(_tables(row.value))
    is_row = _is_read(row.value)
    readings = [table for table in tables if (table.certain or not is_row) and _first_is_read(table)]
    if not readings and not is_row:
        readings = [table for table in tables if table.certain]
        if not readings:
            _check_lengths(row)
    names = (["one row"] if is_row else []) + [table.what for table in readings]
    if len(names) > 1:
        raise DataError(
            f"the file is one object that can be read in {len(names)} ways: {' or '.join(names)}",
            file=row.file,
            remedy="write one JSON object a line, one for each row",
        )
    return readings[0] if readings else None


def _tables(value: Cells) -> Iterator[_Table]:
    """Every way to see a table in an object."""
    if len(value) == 1:
        [(name, inner)] = value.items()
        if name in WRAPPERS and isinstance(inner, dict):
            yield from _tables(inner)
            return
    cells = list(value.values())
    if value.keys() <= _SPLIT and _are(list, value.get("data")) and _are(str, value.get("columns")):
        yield _Table("pandas' split columns", lambda: _of_split(value), certain=True)
        return
    for name, inner in value.items():
        if _are(dict, inner):
            others = tuple(other for other in value if other != name)
            yield _Table(f"the list {name!r}", _listed(value, name), name in WRAPPERS, others)
    if (
        not any(name in WRAPPERS and _are(dict, inner) for name, inner in value.items())
        and _are(list, cells)
        and len({*map(len, cells)}) == 1
        and cells[0]
        and not any(map(_has_messages, cells))
    ):
        yield _Table("a list a column", lambda: _of_lists(value), certain=True)
    if _are(dict, cells) and cells and all(inner and inner.keys() == cells[0].keys() for inner in cells):
        yield _Table("a column for each key", lambda: _of_columns(value), certain=all(map(str.isdecimal, cells[0])))
        yield _Table("a row for each key", lambda: _of_index(value), certain=all(map(str.isdecimal, value)))


def _listed(value: Cells, name: str) -> Callable[[], Iterator[Cells]]:
    rows: Sequence[Cells] = value[name]
    schema = value.get("schema")
    if isinstance(schema, Mapping) and schema.get("primaryKey") == ["index"]:
        # The number that pandas gives a row says nothing of it.
        return lambda: ({key: cell for key, cell in row.items() if key != "index"} for row in rows)
    if rows and all({"row_idx", "row"} <= row.keys() and isinstance(row["row"], dict) for row in rows):
        return lambda: (row["row"] for row in rows)  # the data sets server's answer
    return lambda: iter(rows)


def _of_split(value: Cells) -> Iterator[Cells]:
    for cells in value["data"]:
        # A row that is short or long stays a list, and is a bad row.
        yield dict(zip(value["columns"], cells, strict=True)) if len(cells) == len(value["columns"]) else cells


def _of_lists(value: Cells) -> Iterator[Cells]:
    for cells in zip(*value.values(), strict=True):
        yield dict(zip(value, cells, strict=True))


def _of_columns(value: Cells) -> Iterator[Cells]:
    for label in next(iter(value.values())):
        yield _labelled(label, {name: column[label] for name, column in value.items()})


def _of_index(value: Cells) -> Iterator[Cells]:
    for label, cells in value.items():
        yield _labelled(label, cells)


def _labelled(label: str, cells: Cells) -> Cells:
    """The row under its label, which is its id unless it only counts."""
    return cells if label.isdecimal() or "id" in cells else {"id": label, **cells}


def _are(kind: type, values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, kind) for value in values)


def _has_messages(cells: Sequence[Any]) -> bool:
    """Whether a list is a conversation."""
    return any(isinstance(cell, dict) and ("role" in cell or "from" in cell) for cell in cells)


def _first_is_read(table: _Table) -> bool:
    return any(map(_is_read, islice(table.rows(), 1)))


def _is_read(row: Any) -> bool:
    """Whether some format makes groups of a row."""
    if not isinstance(row, dict):
        return False
    cells = {name: cell for name, cell in row.items() if cell is not None and cell == cell}
    try:
        detect_format([cells], "").read(cells, FileReading())
    except InvalidInputError:
        return False
    return True


def _check_lengths(row: Row) -> None:
    """Refuse what would be a list a column, were the lists of one length."""
    columns = row.value
    if len(columns) < 2 or not _are(list, list(columns.values())):
        return
    plain = all(not isinstance(cell, (dict, list)) for column in columns.values() for cell in column)
    (a, some), (b, others) = min(columns.items(), key=_length), max(columns.items(), key=_length)
    if plain and len(some) < len(others) and len(others) > 1:
        raise DataError(
            f"the file is one object with a list a column, but the column {a!r} has {len(some)} cells, {b!r} "
            f"{len(others)}",
            file=row.file,
            remedy="give every column a cell for each row",
        )


def _length(column: tuple[str, Sequence[Any]]) -> int:
    return len(column[1])
