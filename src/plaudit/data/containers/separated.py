"""Rows of CSV (commas, semicolons or tabs between cells, quoted as usual) and of TSV (never quoted)."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import IO

from plaudit.data.rows import Row, text_lines
from plaudit.errors import DataError, InvalidInputError
from plaudit.text import counted

SEPARATORS = (",", ";", "\t")
"""What may stand between the cells of a .csv file: spreadsheets write semicolons where the decimal sign is a comma."""

SAMPLED_LINES = 64
"""Lines at the start of a file that decide between two separators."""

_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}


def read_csv(stream: IO[bytes], file: str) -> Iterator[Row]:
    """Rows of CSV. The separator is what the header holds.

    Raises:
        DataError: if two separators would do, or the header cannot be read.
    """
    csv.field_size_limit(1 << 30)
    sample = list(islice(stream, SAMPLED_LINES))
    separator, skipped = _separator([line.decode("utf-8", "replace") for line in sample], file)
    last_line = 0
    faults: dict[int, InvalidInputError] = {}

    def texts() -> Iterator[str]:
        nonlocal last_line
        for last_line, text, fault in text_lines(chain(sample, stream)):
            if fault is not None:
                faults[last_line] = fault
            if last_line > skipped:
                yield text

    header: list[str] | None = None
    first_line = skipped + 1
    for cells in csv.reader(texts(), delimiter=separator):
        # A quoted cell may hold line breaks, so a row may span several lines; it is named by its first.
        span = range(first_line, last_line + 1)
        first_line = last_line + 1
        if not any(cells):  # a blank line, as Excel writes it: separators and nothing else
            continue
        fault = next((faults[n] for n in span if n in faults), None)
        if header is None:
            header = _header(cells, file, span[0], fault)
        else:
            yield _row_of_cells(header, cells, file, span[0], fault)


def _separator(sample: Sequence[str], file: str) -> tuple[str, int]:
    """What stands between the cells, and how many lines at the start only say so (Excel's `sep=;`).

    Raises:
        DataError: if the rows fit the header with two separators.
    """
    first = sample[0].strip().casefold() if sample else ""
    if first.startswith("sep=") and first[4:] in SEPARATORS:
        return first[4:], 1
    in_header = [separator for separator in SEPARATORS if _widths(sample, separator)[:1] > [1]]
    fitting = [separator for separator in in_header if len(set(_widths(sample, separator))) == 1]
    if len(fitting) > 1:
        raise DataError(
            f"its cells can be read as separated by {' or by '.join(_NAMES[separator] for separator in fitting)}",
            file=file,
            remedy="quote the cells that hold one of them",
        )
    return (fitting or in_header or [","])[0], 0


def _widths(sample: Sequence[str], separator: str) -> list[int]:
    """How many cells each row has; without the last one, where it may go on after the sample."""
    widths = [len(cells) for cells in csv.reader(sample, delimiter=separator) if cells]
    return widths[:-1] if len(sample) == SAMPLED_LINES else widths


def read_tsv(stream: IO[bytes], file: str) -> Iterator[Row]:
    """Rows of TSV, never quoted: a quotation mark is a quotation mark.

    Raises:
        DataError: if the header cannot be read.
    """
    header: list[str] | None = None
    for number, text, fault in text_lines(stream):
        if not text.strip():
            continue
        cells = text.rstrip("\r\n").split("\t")
        if header is None:
            header = _header(cells, file, number, fault)
        else:
            yield _row_of_cells(header, cells, file, number, fault)


def _header(cells: list[str], file: str, line: int, fault: InvalidInputError | None) -> list[str]:
    if fault is not None:
        raise Row(file, line, cells).located(fault)
    names = [cell.strip().lstrip("#") for cell in cells]
    check_header(names, file, line)
    return names


def check_header(names: Sequence[str], file: str, line: int | None = None) -> None:
    """Refuse two columns of one name: only one of them could be read.

    Raises:
        DataError: if there are such.
    """
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"the header names the column {twice!r} twice",
            file=file,
            line=line,
            remedy="each column needs its own name",
        )


def _row_of_cells(header: list[str], cells: list[str], file: str, line: int, fault: InvalidInputError | None) -> Row:
    if fault is None and len(cells) != len(header):
        reason = f"the row has {counted(len(cells), 'columns')}, the header {len(header)}"
        fault = InvalidInputError(reason, remedy="quote or remove the extra separators")
    if fault is not None:
        return Row(file, line, cells, fault)
    return Row(file, line, dict(zip(header, cells, strict=True)))
