"""The rows of a table -> groups, in the format of its first rows."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import Any, Literal, NamedTuple, TypeVar

from plaudit.data.columns import check_columns, renamed
from plaudit.data.formats import FORMATS, FileReading, Format, detect_format
from plaudit.data.formats.texts import refuse_media, tools_of
from plaudit.data.merge import deduplicate_responses
from plaudit.data.read_report import ReadReport, RejectRow
from plaudit.data.rows import Row
from plaudit.data.sources import Source, Table
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group, GroupError, as_messages, group_of_checked
from plaudit.text import counted

logger = logging.getLogger(__name__)

Labels = Literal["zero-based", "one-based"]

SNIFFED_ROWS = 16
"""Rows at the start of a file that decide its format."""

PLAIN = (str, int, float)
"""What is kept under `meta`."""

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""Values that say nothing."""

_MAY_JUDGE = {
    "best", "best_index", "best_response", "chosen", "choice", "human_preference", "is_chosen", "judgement", "judgment",
    "label", "labels", "loser", "preference", "preferences", "preferred", "preferred_response", "rank", "ranking",
    "ranks", "rating", "ratings", "rejected", "reward", "rewards", "score", "scores", "selected", "verdict", "vote",
    "votes", "winner", "worst",
}  # fmt: skip
"""Columns that may say how good responses are."""

Parsed = TypeVar("Parsed")


class Wishes(NamedTuple):
    """What is read, and how the user wants it to be read; see `read_groups`."""

    source: Source
    split: str | None
    format: str | None
    columns: Mapping[str, str]
    labels: Labels | None
    merge: bool
    prompts_alone: bool = False


def read_table(table: Table, wishes: Wishes, report: ReadReport, reject: RejectRow) -> Iterator[Group]:
    """Fragments of groups: one a row, or one for the whole table where its format joins the rows."""
    first_rows = list(islice(table.rows, SNIFFED_ROWS))
    if not first_rows:
        raise empty_file(table)
    rows: Iterable[Row] = chain(first_rows, table.rows)
    if wishes.columns:
        check_columns(wishes.columns, first_rows, table.name)
        first_rows = [renamed(row, wishes.columns, Counter()) for row in first_rows]
        rows = (renamed(row, wishes.columns, report.left_behind) for row in rows)
    shape = _named(wishes) if wishes.format else _detected(first_rows, table, wishes)
    report.formats[shape.name] += 1
    file = FileReading(table.stem, wishes.labels)
    read_plain = shape.read_plain if report.source_lines is None else None

    def parse(row: Row) -> Sequence[Group]:
        if read_plain is not None and (group := read_plain(row.value)) is not None:
            return (group,)
        groups = _groups_of_row(row.value, shape, file, report, every=not wishes.merge)
        if wishes.merge or shape.join:
            groups = [_deduplicated(group, report, file, wishes) for group in groups]
        if report.source_lines is not None and shape.join is None:
            for group in groups:
                report.source_lines.add(row.where, group)
        return groups

    groups = chain.from_iterable(parse_rows(rows, parse, report, reject))
    if shape.join is None:
        yield from _ranged(groups, table.name, report)
    elif parts := list(groups):
        try:
            joined = (_deduplicated(group, report, file, wishes) for group in _several(shape.join(parts, file)))
            yield from _ranged(joined, table.name, report)
        except GroupError as error:
            reject(Row(table.name, None, [group.to_dict() for group in parts]), error)
    if wishes.merge:  # whoever scores rows asks for no verdict
        file.check(table.name)
    if shape.finish is not None:
        shape.finish(file)
    for what, count in file.notes.items():
        logger.warning("%s: %s (%s)", table.name, what, counted(count, "rows"))
    report.notes.update(file.notes)


def _ranged(groups: Iterable[Group], file: str, report: ReadReport) -> Iterator[Group]:
    for group in groups:
        if group.ratings:
            report.ranges.add(file, group)
        yield group


def _named(wishes: Wishes) -> Format:
    shape = FORMATS.lookup(wishes.format or "")
    if not shape.answered and not wishes.prompts_alone:
        raise InvalidInputError(
            f"the format {shape.name} has no responses", remedy="give rows with responses, or use `plaudit align`"
        )
    return shape


def _detected(first_rows: list[Row], table: Table, wishes: Wishes) -> Format:
    parsed = [row.value for row in first_rows if row.fault is None]
    if not parsed and (fault := first_rows[0].fault) is not None:
        raise first_rows[0].located(fault)
    return detect_format(parsed, table.name, prompts_alone=wishes.prompts_alone)


def parse_rows(
    rows: Iterable[Row], parse: Callable[[Row], Parsed], report: ReadReport, reject: RejectRow
) -> Iterator[Parsed]:
    for row in rows:
        report.rows += 1
        if row.fault is not None:
            reject(row, row.fault)
        elif type(row.value) is not dict and not isinstance(row.value, Mapping):
            reason = f"the row is {_kind(row.value)}, not an object with columns"
            reject(row, InvalidInputError(reason, remedy="wrap it in one"))
        else:
            try:
                parsed = parse(row)
            except GroupError as error:
                reject(row, error)
            else:
                yield parsed


def _groups_of_row(
    row: Mapping[str, Any], shape: Format, file: FileReading, report: ReadReport, *, every: bool
) -> Sequence[Group]:
    """The groups of a row, with the columns that the reader did not take under `meta`: those that hold a plain value,
    or `every` one."""
    refuse_media(row)
    # Arrow and pandas fill a cell that nobody filled with null or NaN.
    columns = {name: value for name, value in row.items() if value is not None and value == value}
    tools = tools_of(columns.pop("tools")) if "tools" in columns else ()
    groups = _several(shape.read(columns, file))
    if not shape.is_ours(row):
        groups = [_without_answer(group, file) for group in groups]
    if tools:
        groups = [replace(group, tools=tools) for group in groups]
    meta: dict[str, Any] = {}
    if columns and not every and not any(group.rankings or group.ratings for group in groups):
        for name in _MAY_JUDGE.intersection(columns):
            file.note(f"read as responses that nobody judged, though {name!r} may be a judgement (docs/formats.md)")
    if columns:
        meta = {
            name: value
            for name, value in columns.items()
            if name not in shape.judgement_columns and (every or (isinstance(value, PLAIN) and value != ""))
        }
        report.kept.update(meta.keys())
        report.left_behind.update(name for name, value in columns.items() if name not in meta and value not in EMPTY)
    for group in groups:
        report.positions.add(group)
    return [_with_meta(group, meta) if meta or group.meta else group for group in groups]


def _with_meta(group: Group, meta: Mapping[str, Any]) -> Group:
    if meta:
        judgements = group.rankings, group.ratings
        both = {**meta, **group.meta}
        group = group_of_checked(group.id, group.prompt, group.responses, *judgements, group.subset, both, group.tools)
    merged = group.meta.get("merged", [])
    if not (isinstance(merged, list) and all(isinstance(version, Mapping) for version in merged)):
        raise GroupError('"merged" in meta is where rows that were merged are kept', remedy="rename that column")
    return group


def _without_answer(group: Group, file: FileReading) -> Group:
    """The group with a prompt that does not end with one of its own responses, as the whole conversation of a set that
    gives it beside the responses does."""
    if isinstance(group.prompt, str) or len(group.prompt) < 2 or group.prompt[-1]["role"] != "assistant":
        return group
    *prompt, last = group.prompt
    if not any(last == as_messages(response, "assistant")[-1] for response in group.responses):
        return group
    file.note("the messages end with one of the responses; they are the prompt without it")
    return replace(group, prompt=tuple(prompt))


def _several(groups: Group | Sequence[Group]) -> Sequence[Group]:
    return (groups,) if isinstance(groups, Group) else groups


def _deduplicated(group: Group, report: ReadReport, file: FileReading, wishes: Wishes) -> Group:
    deduplicated = deduplicate_responses(group)
    report.repeated += len(group.responses) - len(deduplicated.responses)
    texts = [text.strip() for text in deduplicated.responses if isinstance(text, str)]
    # Nobody reads the responses of prompts.
    if len({*texts}) < len(texts) and not wishes.prompts_alone:
        file.note("responses differ in white space alone, which most chat templates strip")
    return deduplicated


def empty_file(table: Table) -> DataError:
    return DataError("the file is empty", file=table.name, remedy="it needs at least one row")


def _kind(value: Any) -> str:
    return {str: "text", list: "a list", type(None): "null"}.get(type(value), "a bare value")
