"""What reading met, and what becomes of the rows that cannot be read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias

from plaudit.data.position_bias import PositionTally
from plaudit.data.ranges import Ranges
from plaudit.data.rows import Row
from plaudit.data.source_lines import SourceLines
from plaudit.data.sources import Table
from plaudit.errors import DataError, InvalidInputError
from plaudit.storage import check_place, replacing


class Reject(NamedTuple):
    """A row that was set aside: where it stands (`file:line`), and what is wrong with it and the remedy."""

    where: str
    reason: str


class RejectsFile(NamedTuple):
    """The file for rows that cannot be read, where it may replace one that is there.

    Example:
        >>> from plaudit.data import load_groups
        >>> _ = Path("pairs.jsonl").write_text('{"prompt": "P", "chosen": "a", "rejected": "b"}\\n')
        >>> Path("rejects.jsonl").touch()
        >>> len(load_groups("pairs.jsonl", rejects=RejectsFile("rejects.jsonl", overwrite=True)))
        1
    """

    path: str | Path
    overwrite: bool = False


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
        ranges: the range of ratings without a scale, file by file.
        source_lines: where each judgement stands; give a `SourceLines` to have it filled.

    Example:
        >>> from plaudit.data import load_groups
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
    ranges: Ranges = field(default_factory=Ranges)


RejectRow: TypeAlias = Callable[[Row, InvalidInputError], None]
"""What is done with a bad row."""


@contextmanager
def rejecting(
    sources: Iterable[str | Path | Table], rejects: str | Path | RejectsFile | RejectRow | None, report: ReadReport
) -> Iterator[RejectRow]:
    """A function that handles a bad row: it raises, or notes the row in the report and the file of rejects. Whoever
    gives a function has it as it is."""
    if callable(rejects):
        yield rejects
        return
    with nullcontext() if rejects is None else _open_rejects(rejects, sources) as file:

        def reject(row: Row, error: InvalidInputError) -> None:
            if file is None and not report.keep_going:
                raise row.located(error)
            report.rejected.append(Reject(row.where, str(error)))
            if file is not None:
                file.write(reject_line(row, error))

        yield reject


def reject_line(row: Row, error: InvalidInputError) -> str:
    """A bad row as it stands in a file of rejects."""
    return json.dumps({"where": row.where, "reason": str(error), "row": row.value}, default=str) + "\n"


@contextmanager
def _open_rejects(rejects: str | Path | RejectsFile, sources: Iterable[str | Path | Table]) -> Iterator[IO[str]]:
    """The file of rejects, which appears when all is read and not where reading fails."""
    check_rejects(rejects, sources)
    path = rejects.path if isinstance(rejects, RejectsFile) else rejects
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        yield file


def check_rejects(rejects: str | Path | RejectsFile | None, sources: Iterable[str | Path | Table]) -> None:
    """Refuse a file of rejects that may not be written, or that would be among what is read."""
    if rejects is None:
        return
    name, overwrite = rejects if isinstance(rejects, RejectsFile) else (rejects, False)
    path = Path(name)
    for source in (Path(source).resolve() for source in sources if not isinstance(source, Table)):
        if source == path.resolve() or (source.is_dir() and source in path.resolve().parents):
            reason = "the rejects would overwrite or join what is read"
            raise DataError(reason, file=path, remedy="name a file elsewhere")
    check_place(path, overwrite=overwrite)
