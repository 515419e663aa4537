"""A suite's files -> its items: one group a row, never merged, since an item is what the authors count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit.data import Row, Table, tables
from plaudit.errors import DataError
from plaudit.evaluation.suites.suite import Place, Shape, Suite
from plaudit.groups import Group, GroupError


def read_suite(suite: Suite, sources: Iterable[str | Path]) -> list[Group]:
    """Items from files, folders, `-` (stdin), saved `datasets` folders or hub ids, in the order given.

    An item's id is its subset and its own id there (or the row's number), so scores made once are found again whatever
    the order of the files. Where one file uses an id twice, the second is `id#2`.

    Raises:
        DataError: in one line, for a file of another shape, a row that cannot be read, or two files with one item.
    """
    items: dict[str, Group] = {}
    origin: dict[str, str] = {}
    for table in tables([str(source) for source in sources]):
        for group in _items(suite, table):
            name = _new_name(group.id, items)
            if origin.setdefault(group.id, table.name) != table.name:
                raise DataError(
                    f"the item {group.id!r} stands in {origin[group.id]} too; give each file once", table.name
                )
            items[name] = replace(group, id=name)
    return list(items.values())


def _new_name(name: str, taken: Mapping[str, Any]) -> str:
    count = 1
    while (numbered := name if count == 1 else f"{name}#{count}") in taken:
        count += 1
    return numbered


def _items(suite: Suite, table: Table) -> Iterator[Group]:
    place = Place(table.stem, table.name.rpartition("@")[2] if "@" in table.name else None)
    number = 0
    for number, row in enumerate(table.rows, 1):
        columns = _columns(row)
        shape = next((shape for shape in suite.shapes if columns >= set(shape.columns)), None)
        if shape is None:
            raise DataError(_other_shape(suite.name, suite.shapes, sorted(columns)), row.where)
        try:
            group = shape.read(dict(row.value), place)
        except GroupError as error:
            raise DataError(str(error), row.where) from error
        yield replace(group, id=f"{group.subset or place.stem}/{group.id or number}")
    if not number:
        raise DataError("the file is empty; it needs at least one row", table.name)


def _columns(row: Row) -> set[str]:
    if row.fault is not None:
        raise DataError(row.fault, row.where)
    if not isinstance(row.value, Mapping):
        raise DataError("the row is not an object with columns", row.where)
    return {name for name, value in row.value.items() if value is not None}


def _other_shape(name: str, shapes: Sequence[Shape], columns: Sequence[str]) -> str:
    wanted = " or ".join(", ".join(shape.columns) for shape in shapes)
    seen = ", ".join(columns) or "none"
    return f"this is no row of the suite {name}: that has the columns {wanted}, this row has {seen}"
