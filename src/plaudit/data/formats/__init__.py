"""Formats: the shapes of row that can be read, how each is recognised, and what reads it.

A format is one file of this package, which registers itself; a distribution of somebody else's names its module as an
entry point in the group `plaudit.format`. A reader takes (pops) the columns it understands out of the row and returns a
group of that one row; plain values that are left over go to `meta`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from plaudit.errors import DataError
from plaudit.groups import Group
from plaudit.registry import Registry

ZERO_BASED, ONE_BASED = "zero-based", "one-based"
"""How numbers name one of two responses: 0 and 1, or 1 and 2 (where 0 is a tie)."""


_SLIPS = 6
"""Verdicts in numbers beyond 2 that may be slips of the pen; more of them are a scale."""


@dataclass(slots=True)
class FileReading:
    """One file while its rows are read: what readers may ask about it, and what they noticed.

    Attributes:
        stem: the file's bare name, which some formats read as the prompt or the subset.
        labels: how numbers name one of two responses, where the user said so: `ZERO_BASED` or `ONE_BASED`.
        notes: what a reader noticed that is no error -> rows. It is worth a warning.
        numbers: numbers met as verdicts that both numberings could mean.
        tally: what a reader counts to judge the whole file by; see `Format.finish`.

    Example:
        >>> file = FileReading(stem="debates")
        >>> file.note("the scores contradict the label")
        >>> file.notes
        Counter({'the scores contradict the label': 1})
    """

    stem: str = ""
    labels: str | None = None
    notes: Counter[str] = field(default_factory=Counter)
    numbers: set[float] = field(default_factory=set)
    tally: Counter[str] = field(default_factory=Counter)

    def note(self, what: str) -> None:
        """Count one row in which `what` is the case, such as "the scores contradict the label"."""
        self.notes[what] += 1

    def check(self, file: str) -> None:
        """Refuse a file that was read to its end and can still be read in two ways.

        Raises:
            DataError: if its verdicts are numbers that fit both numberings: with a 0 among them, or 1 and nothing else;
                and if several, and more than one in twenty, are beyond 2: then the others are places on a scale too.
        """
        beyond = self.tally["verdicts beyond two"]
        if beyond > _SLIPS and beyond * 20 > self.tally["verdicts in numbers"]:
            raise DataError(
                "its verdicts are a scale between the two responses and not the number of one",
                file=file,
                remedy="subtract the middle, so that the first is better below 0, and say so: "
                "--column preference_strength=COLUMN",
            )
        if self.labels is not None or not self.numbers or not self.numbers <= {0, 1, 2}:
            return
        if 0 in self.numbers or self.numbers == {1}:
            have = " and ".join(f"{number:g}" for number in sorted(self.numbers))
            raise DataError(
                f"the verdicts on columns numbered 1 and 2 are {have}, which can be read in two ways: 0 is the first "
                "response, 1 the second and 2 a tie, or 1 is the first, 2 the second and 0 a tie",
                file=file,
                remedy=f"say which with --labels {ZERO_BASED} or --labels {ONE_BASED}",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One shape of row.

    Attributes:
        name: what `--format` calls it.
        priority: of the formats that most rows of a file fit, the one with the least reads it. The narrower a shape,
            the smaller its priority.
        columns: its columns, for messages.
        knows: whether a row has this shape, by its columns and, where those do not decide, its values.
        read: row (a copy, to take columns out of) and the file it stands in -> the group of that row, or several.
        read_plain: a short way for plain rows, of which there may be millions: row (not a copy) -> the group that
            `read` and all else that is done with a row (`plaudit.data.read_tables`) make of it, where that group is all
            they make: no note, no `meta`, no column left behind. None for any other row, which is then read as ever.
        join: for a format whose judgements span the whole file: the groups of its rows, and the file -> the groups
            of the file.
        finish: asked when a file has ended, for what only the whole of it can tell; it notes what is odd.
        judgement_columns: columns about a single judgement, for which a group has no place. They are reported.
        needs: what a row must have, for the message to somebody whose columns are called otherwise: for each, its
            column's name and the names that are read as well. Formats without it are never proposed.
        is_ours: whether Plaudit wrote a row, so that its prompt is what it says. Of the others it may be a whole
            conversation, with the response.
        judged: False for rows in which nothing was judged. It reads no file in which another format knows a row.
        answered: False for rows without a response. Only whoever wants nothing but prompts reads them.
    """

    name: str
    priority: int
    columns: str
    knows: Callable[[Mapping[str, Any]], bool]
    read: Callable[[dict[str, Any], FileReading], Group | Sequence[Group]]
    read_plain: Callable[[Mapping[str, Any]], Group | None] | None = None
    join: Callable[[Sequence[Group], FileReading], Group | Sequence[Group]] | None = None
    finish: Callable[[FileReading], None] | None = None
    judgement_columns: frozenset[str] = frozenset()
    needs: tuple[tuple[str, ...], ...] = ()
    is_ours: Callable[[Mapping[str, Any]], bool] = lambda row: False
    judged: bool = True
    answered: bool = True


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


def detect_format(rows: Sequence[Any], file: str, *, prompts_alone: bool = False) -> Format:
    """The format of a file by `rows`, its first few: the narrowest that most of them fit, else the one that most fit.

    A row that is odd among them does not decide: it is read as the others are, and if it cannot be, it is a bad row.
    Rows without a response are only recognised where `prompts_alone` will do.

    Raises:
        DataError: if no format recognises any; it names the closest and how to say which column is which.
    """
    objects = [row for row in rows if isinstance(row, Mapping)]
    formats = [format for format in FORMATS.values() if format.answered or prompts_alone]
    counts = [(sum(map(format.knows, objects)), format) for format in formats]
    recognised = [(count, format) for count, format in counts if count and format.judged] or counts
    for count, format in recognised:
        if 2 * count > len(objects):
            return format
    # `max` keeps the first of equals, which is the one with the least priority.
    most, best = max(recognised, key=lambda pair: pair[0])
    if most:
        return best
    raise _unknown_columns(objects, file)


class _UnknownColumnsError(DataError):
    """Three lines, because the last is to be copied."""

    _before_remedy = "\n  "


def _unknown_columns(rows: Sequence[Mapping[str, Any]], file: str) -> DataError:
    """Three lines: what the rows have, the closest shape and what it lacks, and the option that would read it."""
    if not rows or not any(rows):
        return DataError(
            "the rows are no objects with columns" if not rows else "the rows have no columns",
            file=file,
            remedy="docs/formats.md has what can be read",
        )
    columns = list(rows[0])
    proposals = [_proposal(format, rows[0]) for format in FORMATS.values() if format.needs]
    # The closest lacks the fewest columns and leaves the fewest texts unread.
    format, lacking, free = min(proposals, key=lambda one: len(one[1]) + max(len(one[2]) - len(one[1]), 0))
    theirs = [*free, *["COLUMN"] * len(lacking)]
    options = " ".join(f"--column {name}={column}" for name, column in zip(lacking, theirs, strict=False))
    if not lacking:
        return _UnknownColumnsError(
            f"no format reads these columns: {', '.join(columns)}\n"
            f"  the closest is {format.name} ({format.columns}), whose columns hold something else",
            file=file,
            remedy="docs/formats.md has what they hold",
        )
    return _UnknownColumnsError(
        f"no format has these columns: {', '.join(columns)}\n"
        f"  the closest is {format.name} ({format.columns}), which lacks {' and '.join(lacking)}",
        file=file,
        remedy=f"say which column is which, such as: {options}",
    )


def _proposal(format: Format, row: Mapping[str, Any]) -> tuple[Format, list[str], list[str]]:
    """A format, the columns it needs and a row lacks, and the row's texts that it would leave unread."""
    lacking = [names[0] for names in format.needs if not row.keys() & {*names}]
    known = {name for names in format.needs for name in names}
    free = [name for name, value in row.items() if name not in known and _may_be_text(value)]
    if lacking == ["winner"]:
        free = [name for name in free if isinstance(row[name], str) and not _NO_VERDICT.search(name.casefold())]
    return format, lacking, free


# Columns of a further response, of an annotator, or of the one that is worse: never the verdict.
_NO_VERDICT = re.compile(
    r"los[et]|wors|reject|disprefer|annotator|^(response|answer|output|completion|candidate)[ _-]?\w$"
)


def _may_be_text(value: Any) -> bool:
    return isinstance(value, (str, list, Mapping)) and bool(value)
