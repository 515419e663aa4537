"""Reading judgements: files, folders, stdin and data sets -> groups, and click logs -> sessions."""

from __future__ import annotations

import gc
import json
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, TypeVar

from plaudit.data.clicks import Session
from plaudit.data.columns import check_columns, renamed
from plaudit.data.formats import FORMATS, ONE_BASED, ZERO_BASED, FileReading, Format, detect_format
from plaudit.data.formats.clicks import session_of
from plaudit.data.formats.texts import refuse_media, tools_of
from plaudit.data.merge import LIMIT, deduplicate_responses, merge_fragments
from plaudit.data.position_bias import PositionTally
from plaudit.data.rows import Row
from plaudit.data.source_lines import SourceLines
from plaudit.data.sources import Source, Table, list_sources, tables
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group, GroupError, named

logger = logging.getLogger(__name__)

Labels = Literal["zero-based", "one-based"]

SNIFFED_ROWS = 16
"""Rows at the start of a file that decide its format."""

_EMPTY: tuple[Any, ...] = (None, "", [], {})

Parsed = TypeVar("Parsed")


class Reject(NamedTuple):
    """A row that was set aside: where it stands (`file:line`), and what is wrong with it and the remedy."""

    where: str
    reason: str


@dataclass
class ReadReport:
    """What reading met, filled while groups are read.

    Attributes:
        keep_going: collect bad rows here instead of stopping at the first.
        rows: rows read, rejected ones included.
        groups: groups made of them. Fewer than rows where rows with the same prompt were merged.
        formats: format name -> files (or splits) read as it.
        rejected: bad rows that were set aside.
        kept: columns kept under `meta` -> rows that had them.
        left_behind: columns with no place in a group -> rows that had them.
        notes: what was noticed that is no error, such as scores that contradict a label -> rows.
        repeated: responses with the text of an earlier one of their row, merged into that one.
        positions: which annotators prefer a position in the row; counted here because merging loses the rows' order.
        source_lines: where each judgement stands; give a `SourceLines` to have it filled.

    Example:
        >>> pair = {"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}
        >>> rows, report = [Row("mine", 1, pair), Row("mine", 2, {"prompt": "Why?"})], ReadReport(keep_going=True)
        >>> _ = load_groups(Table("mine", "mine", iter(rows)), report=report)
        >>> report.rows, report.groups, [reject.where for reject in report.rejected]
        (2, 1, ['mine:2'])
    """

    keep_going: bool = False
    rows: int = 0
    groups: int = 0
    formats: Counter[str] = field(default_factory=Counter)
    rejected: list[Reject] = field(default_factory=list)
    kept: Counter[str] = field(default_factory=Counter)
    left_behind: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)
    repeated: int = 0
    positions: PositionTally = field(default_factory=PositionTally)
    source_lines: SourceLines | None = None


def read_groups(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | None = None,
    split: str | None = None,
    report: ReadReport | None = None,
    merge: bool = True,
) -> Iterator[Group]:
    """Groups from files, folders, `-` (stdin), saved `datasets` folders or hub ids, in the order first seen.

    Rows with the same prompt become one group, and the same response text one response. Everything is read before the
    first group is yielded, since the last row may belong to it; memory stays bounded (see `plaudit.data.merge`).

    Args:
        source: a path, `-`, a hub id (`owner/name`, `owner/name:configuration`, `owner/name@split`), an open table, or
            several of these.
        format: a name from docs/formats.md; None detects it from the first rows of each file.
        columns: a format's column -> the file's, where the file calls it otherwise: `{"prompt": "history"}`. A dot
            leads inside: `"question.text"`. `ratings.NAME` declares a column of ratings on the attribute NAME.
        labels: how numbers name one of two responses, where a file could be read in two ways.
        rejects: a file for the rows that cannot be read, one JSON object each: `where`, `reason`, `row`. Without it the
            first such row is an error.
        split: the split of a saved data set or hub id that has several.
        report: filled with what reading met.
        merge: False keeps every row a group of its own, with repeated responses, and yields it as soon as it is read.

    Raises:
        DataError: for the first bad row (unless bad rows are set aside), and for a file that is empty, damaged, in no
            known format, or readable in two ways.
        NotFoundError: for a file, data set, format or column that does not exist.
        TypeError: for a source that is no path, such as groups.

    Example:
        >>> import json, pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "pairs.jsonl")
        >>> _ = file.write_text(json.dumps({"history": "2 + 2?", "chosen": "4", "rejected": "5"}))
        >>> for group in read_groups(file, columns={"prompt": "history"}):
        ...     print(group.prompt, group.responses, group.rankings[0].tiers)
        2 + 2? ('4', '5') ((0,), (1,))
    """
    wishes = _Wishes(source, split, format, columns or {}, labels, merge)
    return _groups(wishes, rejects, ReadReport() if report is None else report, memory=LIMIT)


def load_groups(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | None = None,
    split: str | None = None,
    report: ReadReport | None = None,
) -> list[Group]:
    """The groups of `read_groups`, as a list; arguments and errors are the same.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "ratings.csv")
        >>> _ = file.write_text("prompt,response,value\\nHi,Hello!,4\\nHi,Go away,1\\n")
        >>> [group] = load_groups(file)
        >>> [(group.responses[rating.response], rating.value) for rating in group.ratings]
        [('Hello!', 4), ('Go away', 1)]
    """
    wishes = _Wishes(source, split, format, columns or {}, labels, merge=True)
    with _no_collection():
        return list(_groups(wishes, rejects, ReadReport() if report is None else report, memory=math.inf))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Garbage collection put off while a great many objects are made that all stay: the collector would look through
    all of them again and again, and a row would cost the more the more rows there are."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def read_sessions(
    source: Source, *, rejects: str | Path | None = None, report: ReadReport | None = None
) -> Iterator[Session]:
    """The sessions of click logs, row by row; arguments and errors are those of `read_groups`.

    Example:
        >>> row = Row("log", 1, {"prompt": "Why?", "shown": ["a", "b"], "clicked": [1]})
        >>> [session] = read_sessions(Table("log", "log", iter([row])))
        >>> session.shown, session.clicked
        (('a', 'b'), (False, True))
    """
    report = report if report is not None else ReadReport()
    sources = list_sources(source)
    with _rejecting(sources, rejects, report) as reject:
        for table in tables(sources):
            report.formats["clicks"] += 1
            rows_before = report.rows
            yield from _parse_rows(table.rows, lambda row: _session_of_row(row.value, report), report, reject)
            if report.rows == rows_before:
                raise _empty_file(table)


_Reject = Callable[[Row, InvalidInputError], None]


class _Wishes(NamedTuple):
    """What is read, and how the user wants it to be read; see `read_groups`."""

    source: Source
    split: str | None
    format: str | None
    columns: Mapping[str, str]
    labels: Labels | None
    merge: bool


def _groups(wishes: _Wishes, rejects: str | Path | None, report: ReadReport, memory: float) -> Iterator[Group]:
    """The groups of all tables; `memory` is about how many bytes of them are held before they are merged on disc."""
    sources = list_sources(wishes.source)
    if wishes.labels not in (None, ZERO_BASED, ONE_BASED):
        raise InvalidInputError(f"labels is {wishes.labels!r}", remedy=f"it must be {ZERO_BASED!r} or {ONE_BASED!r}")
    with _rejecting(sources, rejects, report) as reject:
        every = tables(sources, wishes.split)
        fragments = chain.from_iterable(_read_table(table, wishes, report, reject) for table in every)
        for group in merge_fragments(fragments, memory) if wishes.merge else fragments:
            report.groups += 1
            yield named(group)


@contextmanager
def _rejecting(
    sources: Iterable[str | Path | Table], rejects: str | Path | None, report: ReadReport
) -> Iterator[_Reject]:
    """A function that handles a bad row: it raises, or notes the row in the report and the file of rejects."""
    with nullcontext() if rejects is None else _open_rejects(rejects, sources) as file:

        def reject(row: Row, error: InvalidInputError) -> None:
            if file is None and not report.keep_going:
                raise row.located(error)
            report.rejected.append(Reject(row.where, str(error)))
            if file is not None:
                line = {"where": row.where, "reason": str(error), "row": row.value}
                file.write(json.dumps(line, default=str) + "\n")

        yield reject


def _open_rejects(rejects: str | Path, sources: Iterable[str | Path | Table]) -> IO[str]:
    path = Path(rejects)
    for source in (Path(source).resolve() for source in sources if not isinstance(source, Table)):
        if source == path.resolve() or (source.is_dir() and source in path.resolve().parents):
            reason = "the rejects would overwrite or join what is read"
            raise DataError(reason, file=rejects, remedy="name a file elsewhere")
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", file=rejects) from error


def _read_table(table: Table, wishes: _Wishes, report: ReadReport, reject: _Reject) -> Iterator[Group]:
    """Fragments of groups: one a row, or one for the whole table where its format joins the rows."""
    first_rows = list(islice(table.rows, SNIFFED_ROWS))
    if not first_rows:
        raise _empty_file(table)
    rows: Iterable[Row] = chain(first_rows, table.rows)
    if wishes.columns:
        check_columns(wishes.columns, first_rows, table.name)
        first_rows = [renamed(row, wishes.columns, Counter()) for row in first_rows]
        rows = (renamed(row, wishes.columns, report.left_behind) for row in rows)
    shape = FORMATS.lookup(wishes.format) if wishes.format else _detected(first_rows, table)
    report.formats[shape.name] += 1
    file = FileReading(table.stem, wishes.labels)

    def parse(row: Row) -> Sequence[Group]:
        groups = _groups_of_row(row.value, shape, file, report)
        if wishes.merge or shape.join:
            groups = [_deduplicated(group, report) for group in groups]
        if report.source_lines is not None and shape.join is None:
            for group in groups:
                report.source_lines.add(row.where, group)
        return groups

    groups = chain.from_iterable(_parse_rows(rows, parse, report, reject))
    if shape.join is None:
        yield from groups
    elif parts := list(groups):
        try:
            yield from (_deduplicated(group, report) for group in _several(shape.join(parts)))
        except GroupError as error:
            reject(Row(table.name, None, [group.to_dict() for group in parts]), error)
    file.check(table.name)
    for what, count in file.notes.items():
        logger.warning("%s: %s (%s row%s)", table.name, what, f"{count:,}", "" if count == 1 else "s")
    report.notes.update(file.notes)


def _detected(first_rows: list[Row], table: Table) -> Format:
    parsed = [row.value for row in first_rows if row.fault is None]
    if not parsed and (fault := first_rows[0].fault) is not None:
        raise first_rows[0].located(fault)
    return detect_format(parsed, table.name)


def _parse_rows(
    rows: Iterable[Row], parse: Callable[[Row], Parsed], report: ReadReport, reject: _Reject
) -> Iterator[Parsed]:
    for row in rows:
        report.rows += 1
        if row.fault is not None:
            reject(row, row.fault)
        elif not isinstance(row.value, Mapping):
            reason = f"the row is {_kind(row.value)}, not an object with columns"
            reject(row, InvalidInputError(reason, remedy="wrap it in one"))
        else:
            try:
                parsed = parse(row)
            except GroupError as error:
                reject(row, error)
            else:
                yield parsed


def _session_of_row(row: Mapping[str, Any], report: ReadReport) -> Session:
    columns = dict(row)
    session = session_of(columns)
    report.left_behind.update(name for name, value in columns.items() if value not in _EMPTY)
    return session


def _groups_of_row(row: Mapping[str, Any], shape: Format, file: FileReading, report: ReadReport) -> list[Group]:
    refuse_media(row)
    # Arrow and pandas fill a cell that nobody filled with null or NaN.
    columns = {name: value for name, value in row.items() if value is not None and value == value}
    tools = tools_of(columns.pop("tools")) if "tools" in columns else ()
    groups = _several(shape.read(columns, file))
    if tools:
        groups = [replace(group, tools=tools) for group in groups]
    meta: dict[str, Any] = {}
    if columns:  # what the reader did not take; plain values go to `meta`, the rest is reported
        meta = {
            name: value
            for name, value in columns.items()
            if isinstance(value, (str, int, float)) and value != "" and name not in shape.judgement_columns
        }
        report.kept.update(meta.keys())
        report.left_behind.update(name for name, value in columns.items() if name not in meta and value not in _EMPTY)
    for group in groups:
        report.positions.add(group)
    return [_with_meta(group, meta) if meta or group.meta else group for group in groups]


def _with_meta(group: Group, meta: Mapping[str, Any]) -> Group:
    group = replace(group, meta={**meta, **group.meta}) if meta else group
    merged = group.meta.get("merged", [])
    if not (isinstance(merged, list) and all(isinstance(version, Mapping) for version in merged)):
        raise GroupError('"merged" in meta is where rows that were merged are kept', remedy="rename that column")
    return group


def _several(groups: Group | Sequence[Group]) -> Sequence[Group]:
    return (groups,) if isinstance(groups, Group) else groups


def _deduplicated(group: Group, report: ReadReport) -> Group:
    deduplicated = deduplicate_responses(group)
    report.repeated += len(group.responses) - len(deduplicated.responses)
    return deduplicated


def _empty_file(table: Table) -> DataError:
    return DataError("the file is empty", file=table.name, remedy="it needs at least one row")


def _kind(value: Any) -> str:
    return {str: "text", list: "a list", type(None): "null"}.get(type(value), "a bare value")
