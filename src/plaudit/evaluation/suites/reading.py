"""Reading a suite's files into items: one group a row, never merged, since an item is what the authors count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit.data import Row, Table, tables
from plaudit.errors import DataError, InvalidInputError
from plaudit.evaluation.suites.suite import Place, Shape, Suite
from plaudit.groups import Group, GroupError


def read_suite(suite: Suite, sources: str | Path | Iterable[str | Path]) -> list[Group]:
    """Items from files, folders, `-` (stdin), saved `datasets` folders or hub ids, in the order given.

    An item's id is its subset and its id in the file (or the row's number), so the same scores fit whatever the order
    of the files. Where a file has an id twice, the second is `id#2`.

    Raises:
        DataError: for a file of another shape, a row that cannot be read, or two files with one item.
        NotFoundError: for a file that does not exist.

    Example:
        >>> import json
        >>> from plaudit.evaluation import SUITES
        >>> row = {"input": "Add 2 and 2.", "output_1": "4", "output_2": "Addition is easy.", "label": 1}
        >>> _ = Path("natural.json").write_text(json.dumps([row]))
        >>> read_suite(SUITES["llmbar"], "natural.json")
        [Group('natural/1': 2 responses, 1 ranking)]
    """
    items: dict[str, Group] = {}
    origin: dict[str, str] = {}
    for table in tables(sources):
        for group in _items(suite, table):
            name = _new_name(group.id, items)
            if origin.setdefault(group.id, table.name) != table.name:
                reason = f"the item {group.id!r} stands in {origin[group.id]} too"
                raise DataError(reason, file=table.name, remedy="give each file once")
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
            raise row.located(_other_shape(suite.name, suite.shapes, sorted(columns)))
        try:
            group = shape.read(dict(row.value), place)
        except GroupError as error:
            raise row.located(error) from error
        yield replace(group, id=f"{group.subset or place.stem}/{group.id or number}")
    if not number:
        raise DataError("the file is empty", file=table.name, remedy="it needs at least one row")


def _columns(row: Row) -> set[str]:
    if row.fault is not None:
        raise row.located(row.fault)
    if not isinstance(row.value, Mapping):
        raise row.located(InvalidInputError("the row is not an object with columns"))
    return {name for name, value in row.value.items() if value is not None}


def _other_shape(name: str, shapes: Sequence[Shape], columns: Sequence[str]) -> InvalidInputError:
    required = " or ".join(", ".join(shape.columns) for shape in shapes)
    present = ", ".join(columns) or "none"
    return InvalidInputError(
        f"this is no row of the suite {name}: that has the columns {required}, this row has {present}"
    )
