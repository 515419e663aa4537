"""Any source of judgements -> groups."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

from plaudit.data.clicks import Session
from plaudit.data.formats import Format, detect_format, format_named
from plaudit.data.formats.clicks import session_of
from plaudit.data.merge import folded, merged
from plaudit.data.position_bias import FirstTally
from plaudit.data.rows import Row
from plaudit.data.source_lines import SourceLines
from plaudit.data.sources import Table, tables
from plaudit.errors import DataError
from plaudit.groups import Group, GroupError, stable_id

SNIFFED = 16
"""Rows at the start of a file by which its format is told."""

_NOTHING: tuple[Any, ...] = (None, "", [], {})

Source = str | Path | Table | Iterable[str | Path | Table]

Read = TypeVar("Read")
_Rejecting = Callable[[Row, str], None]


class Reject(NamedTuple):
    """A row set aside: where it stands, and what is wrong with it and the remedy."""

    where: str
    reason: str


@dataclass
class Reading:
    """What reading met, filled while groups are read. Pass one to `read_groups` to see it.

    Attributes:
        rows: rows seen, the rejected ones included.
        formats: format name -> files (or splits) read as it.
        rejected: bad rows set aside.
        left_behind: columns with no place in a group -> rows that had them.
        repeated: responses that were the same text as an earlier one of their row, and so became one with it.
        firsts: who put the first response of a row on top, and how often (merging loses the rows' order).
        places: where each judgement stands, for who asks by giving one.
    """

    rows: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    rejected: list[Reject] = field(default_factory=list)
    left_behind: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    firsts: FirstTally = field(default_factory=FirstTally)
    places: SourceLines | None = None


def read_groups(
    source: Source,
    *,
    format: str | None = None,
    rejects: str | Path | None = None,
    split: str | None = None,
    reading: Reading | None = None,
    keep_going: bool = False,
) -> Iterator[Group]:
    """Groups from files, folders, `-` (stdin), saved `datasets` folders or hub ids, in the order first seen.

    Rows with the same prompt become one group and the same response text one response. Everything is read before the
    first group is given, since the last row may belong to it; memory stays bounded (see `plaudit.data.merge`).

    Args:
        source: a path, `-`, a hub id (`owner/name`, `owner/name:configuration`, `owner/name@split`), a table that is
            open already, or several.
        format: a name from docs/formats.md; None tells it from each file's first rows.
        rejects: a file for the rows that cannot be read, one JSON object each: `where`, `reason`, `row`. Without it the
            first such row is an error.
        split: the split of a saved data set or hub id that has several.
        reading: filled with what was met on the way.
        keep_going: gather bad rows in `reading` instead of stopping at the first.

    Raises:
        DataError: for the first bad row (unless they are set aside), and for a file that is missing, empty, torn or of
            no known format.
    """
    reading = reading if reading is not None else Reading()
    source = _several(source)
    with _rejecting(source, rejects, reading, keep_going) as reject:
        fragments = chain.from_iterable(_fragments(table, format, reading, reject) for table in tables(source, split))
        for group in merged(fragments):
            yield group if group.id else replace(group, id=stable_id(group.prompt, group.subset))


def read_sessions(
    source: Source, *, rejects: str | Path | None = None, reading: Reading | None = None
) -> Iterator[Session]:
    """The sessions of click logs, row by row; arguments and errors as for `read_groups`."""
    reading = reading if reading is not None else Reading()
    source = _several(source)
    with _rejecting(source, rejects, reading) as reject:
        for table in tables(source, None):
            reading.formats["clicks"] += 1
            start = reading.rows
            yield from _readable(table.rows, lambda row: _session(row.value, reading), reading, reject)
            if reading.rows == start:
                raise DataError("the file is empty; it needs at least one row", table.name)


def load_groups(
    source: Source,
    *,
    format: str | None = None,
    rejects: str | Path | None = None,
    split: str | None = None,
    reading: Reading | None = None,
    keep_going: bool = False,
) -> list[Group]:
    """What `read_groups` gives, as a list."""
    return list(
        read_groups(source, format=format, rejects=rejects, split=split, reading=reading, keep_going=keep_going)
    )


def _several(source: Source) -> tuple[str | Path | Table, ...]:
    return (source,) if isinstance(source, (str, Path, Table)) else tuple(source)


@contextmanager
def _rejecting(
    source: Sequence[str | Path | Table], rejects: str | Path | None, reading: Reading, keep_going: bool = False
) -> Iterator[_Rejecting]:
    """What to do with a bad row: raise, or note it in `reading` and write it to the file of rejects."""
    with ExitStack() as stack:
        out = stack.enter_context(_opened(rejects, source)) if rejects is not None else None

        def reject(row: Row, reason: str) -> None:
            if out is None and not keep_going:
                raise DataError(reason, row.where)
            reading.rejected.append(Reject(row.where, reason))
            if out is not None:
                line = {"where": row.where, "reason": reason, "row": row.value}
                out.write(json.dumps(line, default=str) + "\n")

        yield reject


def _opened(rejects: str | Path, source: Iterable[str | Path | Table]) -> IO[str]:
    path = Path(rejects)
    for one in (Path(one).resolve() for one in source if not isinstance(one, Table)):
        if one == path.resolve() or (one.is_dir() and one in path.resolve().parents):
            raise DataError("the rejects would overwrite or join what is read; name a file elsewhere", str(rejects))
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", str(rejects)) from error


def _fragments(table: Table, format: str | None, reading: Reading, reject: _Rejecting) -> Iterator[Group]:
    start = list(islice(table.rows, SNIFFED))
    if not start:
        raise DataError("the file is empty; it needs at least one row", table.name)
    parsed = [row.value for row in start if row.fault is None]
    if format is None and not parsed:
        raise DataError(f"{start[0].fault}", start[0].where)
    shape = format_named(format) if format else detect_format(parsed, table.name)
    reading.formats[shape.name] += 1

    def read(row: Row) -> Group:
        group = _read(row.value, shape, table.stem, reading)
        if reading.places is not None and shape.join is None:
            reading.places.add(row.where, group)
        return group

    found = _readable(chain(start, table.rows), read, reading, reject)
    if shape.join is None:
        yield from found
    elif together := list(found):
        try:
            yield _folded(shape.join(together), reading)
        except GroupError as error:
            reject(Row(table.name, [row.to_dict() for row in together]), str(error))


def _readable(rows: Iterable[Row], read: Callable[[Row], Read], reading: Reading, reject: _Rejecting) -> Iterator[Read]:
    for row in rows:
        reading.rows += 1
        if row.fault is not None:
            reject(row, row.fault)
        elif not isinstance(row.value, Mapping):
            reject(row, f"the row is {_kind(row.value)}, not an object with columns; wrap it in one")
        else:
            try:
                yield read(row)
            except GroupError as error:
                reject(row, str(error))


def _session(row: Mapping[str, Any], reading: Reading) -> Session:
    left = dict(row)
    session = session_of(left)
    reading.left_behind.update(name for name, value in left.items() if value not in _NOTHING)
    return session


def _read(row: Mapping[str, Any], shape: Format, stem: str, reading: Reading) -> Group:
    left = dict(row)
    group = _folded(shape.read(left, stem), reading)
    reading.firsts.add(group)
    if left:
        meta = {k: v for k, v in left.items() if isinstance(v, (str, int, float)) and v != "" and k not in shape.leaves}
        reading.left_behind.update(k for k, v in left.items() if k not in meta and v not in _NOTHING)
        group = replace(group, meta={**meta, **group.meta}) if meta else group
    aside = group.meta.get("merged", [])
    if not (isinstance(aside, list) and all(isinstance(one, Mapping) for one in aside)):
        raise GroupError('"merged" in meta is where rows that were merged are kept; rename that column')
    return group


def _folded(group: Group, reading: Reading) -> Group:
    once = folded(group)
    reading.repeated += len(group.responses) - len(once.responses)
    return once


def _kind(value: Any) -> str:
    return {str: "text", list: "a list", type(None): "null"}.get(type(value), "a bare value")
