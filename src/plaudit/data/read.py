"""Reading judgements: files, folders, stdin and data sets -> groups, and click logs -> sessions."""

from __future__ import annotations

import gc
import logging
import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from plaudit.data.clicks import Session
from plaudit.data.formats import ONE_BASED, ZERO_BASED
from plaudit.data.formats.clicks import session_of
from plaudit.data.merge import LIMIT, merge_fragments
from plaudit.data.read_report import ReadReport, RejectRow, RejectsFile, rejecting
from plaudit.data.read_tables import EMPTY, Labels, Wishes, empty_file, parse_rows, read_table
from plaudit.data.sources import Source, list_sources, tables
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, GroupError, named

logger = logging.getLogger(__name__)


def read_groups(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | RejectsFile | None = None,
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
            first such row is an error. It appears when all is read; `RejectsFile(FILE, overwrite=True)` replaces one.
        split: the split of a saved data set or hub id that has several.
        report: filled with what reading met.
        merge: False keeps every row a group of its own, with repeated responses, and yields it as soon as it is read.

    Raises:
        DataError: for the first bad row (unless bad rows are set aside), and for a file that is empty, damaged, in no
            known format, or readable in two ways; if the file of rejects exists already.
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
    wishes = Wishes(source, split, format, columns or {}, labels, merge)
    return _groups(wishes, rejects, ReadReport() if report is None else report, memory=LIMIT)


def load_groups(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | RejectsFile | None = None,
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
    wishes = Wishes(source, split, format, columns or {}, labels, merge=True)
    with _no_collection():
        return list(_groups(wishes, rejects, ReadReport() if report is None else report, memory=math.inf))


def load_prompts(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | RejectsFile | None = None,
    split: str | None = None,
    report: ReadReport | None = None,
) -> list[Group]:
    """Groups of whose responses nobody makes use: from all that `load_groups` reads, and from rows that have a prompt
    alone, or a conversation that ends with the user. Such a group has one response, an empty one. Arguments and errors
    are those of `load_groups`.

    Example:
        >>> import pathlib, tempfile
        >>> file = pathlib.Path(tempfile.mkdtemp(), "prompts.jsonl")
        >>> _ = file.write_text('{"prompt": "Why is the sky blue?"}')
        >>> [group.prompt for group in load_prompts(file)]
        ['Why is the sky blue?']
    """
    wishes = Wishes(source, split, format, columns or {}, labels, merge=True, prompts_alone=True)
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
    source: Source,
    *,
    rejects: str | Path | RejectsFile | None = None,
    report: ReadReport | None = None,
) -> Iterator[Session]:
    """The sessions of click logs, row by row; arguments and errors are those of `read_groups`.

    Example:
        >>> from plaudit.data import Row, Table
        >>> row = Row("log", 1, {"prompt": "Why?", "shown": ["a", "b"], "clicked": [1]})
        >>> [session] = read_sessions(Table("log", "log", iter([row])))
        >>> session.shown, session.clicked
        (('a', 'b'), (False, True))
    """
    report = report if report is not None else ReadReport()
    sources = list_sources(source)
    with rejecting(sources, rejects, report) as reject:
        for table in tables(sources):
            report.formats["clicks"] += 1
            rows_before = report.rows
            yield from parse_rows(table.rows, lambda row: _session_of_row(row.value, report), report, reject)
            if report.rows == rows_before:
                raise empty_file(table)


def read_unnumbered(
    source: Source,
    *,
    format: str | None,
    columns: Mapping[str, str] | None,
    labels: Labels | None,
    rejects: RejectRow | None,
) -> Iterator[Group]:
    """The rows of `read_groups(..., merge=False)`, those without an id left without one: for whoever gives them one
    later, with `numbering`. `rejects` is called with every bad row."""
    wishes = Wishes(source, None, format, columns or {}, labels, merge=False)
    with _fragments(wishes, rejects, ReadReport()) as fragments:
        yield from fragments


def _groups(
    wishes: Wishes, rejects: str | Path | RejectsFile | RejectRow | None, report: ReadReport, memory: float
) -> Iterator[Group]:
    """The groups of all tables; `memory` is about how many bytes of them are held before they are merged on disc."""
    with _fragments(wishes, rejects, report) as fragments:
        groups = merge_fragments(fragments, memory) if wishes.merge else map(numbering(), fragments)
        for group in groups:
            report.groups += 1
            yield named(group)


@contextmanager
def _fragments(
    wishes: Wishes, rejects: str | Path | RejectsFile | RejectRow | None, report: ReadReport
) -> Iterator[Iterator[Group]]:
    """What the rows of all tables say, before they are merged or numbered."""
    sources = list_sources(wishes.source)
    if wishes.labels not in (None, ZERO_BASED, ONE_BASED):
        raise InvalidInputError(f"labels is {wishes.labels!r}", remedy=f"it must be {ZERO_BASED!r} or {ONE_BASED!r}")
    with rejecting(sources, rejects, report) as reject:
        every = tables(sources, wishes.split)
        yield _compared(chain.from_iterable(read_table(table, wishes, report, reject) for table in every), report)


def _compared(fragments: Iterable[Group], report: ReadReport) -> Iterator[Group]:
    """The groups, and after the last a warning of attributes whose scales seem to differ from file to file."""
    yield from fragments
    for attribute, ranges in report.ranges.differing():
        logger.warning(
            "ratings of %s declare no scale and have another range in another file, %s: they are taken for one scale, "
            'unless the rows declare theirs ("scale": [lowest, highest])',
            attribute,
            ranges,
        )


def numbering() -> Callable[[Group], Group]:
    """What gives one row after another its id: a row without one gets that of its prompt, and one with the prompt of an
    earlier one a number after it."""
    met: Counter[str] = Counter()

    def number(group: Group) -> Group:
        if group.id:
            return group
        key = named(group).id
        met[key] += 1
        return group if met[key] == 1 else replace(group, id=f"{key}-{met[key]}")

    return number


def _session_of_row(row: Mapping[str, Any], report: ReadReport) -> Session:
    columns = dict(row)
    # A session in which nothing was clicked may lack "clicked": Parquet's nulls are left out.
    if "shown" not in columns:
        raise GroupError(
            "the row is of no click log: it does not say what was shown",
            remedy="a row needs prompt, shown and clicked (docs/clicks.md); other judgements are read by data convert",
        )
    session = session_of(columns)
    report.left_behind.update(name for name, value in columns.items() if value not in EMPTY)
    return session
