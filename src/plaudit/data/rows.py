"""Rows of a file: JSON lines, a JSON list, CSV or TSV, plain or gzip, told apart by their content.

A row that cannot be parsed is yielded with its `fault`, so that the caller decides whether to stop or to set it aside.
What makes the whole file unreadable (a torn gzip stream, bytes that are no text at all) is a DataError.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any, NamedTuple

from plaudit.errors import DataError, InvalidInputError

CHUNK = 1 << 20
"""Bytes of a JSON list read at a time."""


class Row(NamedTuple):
    """One parsed row.

    Attributes:
        file: the file or data set it stands in.
        line: its line there, from 1 (in a data set or Parquet file its number); None for a whole file.
        value: the parsed row; with a `fault`, the raw text that could not be parsed.
        fault: why it could not be parsed, and the remedy.

    Example:
        >>> row = Row("pairs.jsonl", 3, {"chosen": "4"})
        >>> row.where, Row("essay.json", None, {}).where
        ('pairs.jsonl:3', 'essay.json')
        >>> str(row.located(InvalidInputError("it has no prompt")))
        'pairs.jsonl:3: it has no prompt'
    """

    file: str
    line: int | None
    value: Any
    fault: InvalidInputError | None = None

    @property
    def where(self) -> str:
        """`file:line`, or the file alone."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def located(self, error: InvalidInputError) -> DataError:
        """The same error with the row's file and line."""
        return DataError(error.message, file=self.file, line=self.line, remedy=error.remedy)


def decompressed(stream: IO[bytes]) -> IO[bytes]:
    """The stream, decompressed if its first bytes are gzip's. The name does not decide: stdin has none.

    Example:
        >>> decompressed(io.BytesIO(gzip.compress(b"a,b"))).read(), decompressed(io.BytesIO(b"a,b")).read()
        (b'a,b', b'a,b')
    """
    buffered = _peekable(stream)
    if _peek(buffered, 2) != b"\x1f\x8b":
        return buffered
    return _peekable(gzip.GzipFile(fileobj=buffered))


def read_rows(stream: IO[bytes], file: str, suffix: str = "") -> Iterator[Row]:
    """Rows of an uncompressed stream.

    Args:
        stream: what to read, from `decompressed`: one that can be peeked into.
        file: its name, for rows and messages.
        suffix: decides the kind where it is .csv, .tsv or .jsonl; otherwise the first characters do.

    Raises:
        DataError: for a gzip stream that ends early, or text that is neither JSON, CSV nor TSV.

    Example:
        >>> stream = decompressed(io.BytesIO(b"prompt,response\\nHi,Hello!"))
        >>> [row.value for row in read_rows(stream, "answers.csv")]
        [{'prompt': 'Hi', 'response': 'Hello!'}]
    """
    try:
        if _peek(stream, 3) == codecs.BOM_UTF8:
            stream.read(3)
        kind = _kind(_peek(stream, 4096), suffix, file)
        yield from _READERS[kind](stream, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError("the gzip file is damaged or ends too early", file=file, remedy="fetch it again") from error


def _kind(start: bytes, suffix: str, file: str) -> str:
    """The key of `_READERS` for a file that starts with `start`."""
    first = start.lstrip()[:1]
    if suffix in (".csv", ".tsv", ".jsonl", ".ndjson") and first != b"[":
        return {".ndjson": "jsonl"}.get(suffix, suffix[1:])
    if first in (b"[", b"{", b"") or suffix == ".json":
        return "list" if first == b"[" else "jsonl"
    header = start.split(b"\n", 1)[0]
    for separator, kind in ((b"\t", "tsv"), (b",", "csv")):
        if separator in header:
            return kind
    raise DataError(
        "it is neither JSON lines, a JSON list, CSV nor TSV",
        file=file,
        remedy="see docs/formats.md for what can be read",
    )


def _json_lines(stream: IO[bytes], file: str) -> Iterator[Row]:
    for number, text, fault in _lines(stream):
        if fault is not None:
            yield Row(file, number, text, fault)
        elif not text.isspace():
            try:
                yield Row(file, number, json.loads(text))
            except (ValueError, RecursionError) as error:
                reason = f"this is not JSON: {_json_fault(error)}"
                yield Row(file, number, text, InvalidInputError(reason, remedy="write one JSON object a line"))


def _json_list(stream: IO[bytes], file: str) -> Iterator[Row]:
    """The elements of one JSON list, without holding the list.

    The window `text` holds what was read and not yet decoded. Decode the element at `at` and move on; when an element
    ends beyond the window, append a chunk and try again.
    """
    chunks = _chunks(stream, file)
    decode = json.JSONDecoder().raw_decode
    text = next(chunks)
    at = text.index("[") + 1
    line = 1 + text.count("\n", 0, at)
    while True:
        start = _next_element(text, at)
        line, at = line + text.count("\n", at, start), start
        if text.startswith("]", at):
            break
        try:
            value, end = decode(text, at)
            # A bare number at the end of the window may go on in the next chunk.
            if end == len(text) and text[end - 1] not in '}]"':
                raise json.JSONDecodeError("it ends here", text, end)
        except (ValueError, RecursionError) as error:
            chunk = next(chunks, "") if _may_be_cut(error, text) else ""
            if not chunk:
                reason = _json_fault(error) if text[at:].strip() else "the list has no closing bracket"
                line += text.count("\n", at, getattr(error, "pos", at))
                raise DataError(
                    f"this is not a JSON list: {reason}", file=file, line=line, remedy="mend the file"
                ) from error
            text, at = text[at:] + chunk, 0
            continue
        yield Row(file, line, value)
        line, at = line + text.count("\n", at, end), end
    if text[at + 1 :].strip() or any(chunk.strip() for chunk in chunks):
        raise DataError(
            "something follows the end of the JSON list", file=file, line=line, remedy="keep one list a file"
        )


def _chunks(stream: IO[bytes], file: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DataError(f"it is not UTF-8 ({error.reason})", file=file, remedy="save it as UTF-8") from error


def _next_element(text: str, at: int) -> int:
    """Where the next element starts: past white space and commas."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _may_be_cut(error: Exception, text: str) -> bool:
    """Whether an element failed to parse because its text ends too early, not because it is wrong."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    # A literal such as `false`, cut short, fails a few characters before the end of the window.
    return error.msg.startswith("Unterminated") or error.pos > len(text) - 16


def _csv(stream: IO[bytes], file: str) -> Iterator[Row]:
    csv.field_size_limit(1 << 30)
    last_line = 0
    faults: dict[int, InvalidInputError] = {}

    def texts() -> Iterator[str]:
        nonlocal last_line
        for last_line, text, fault in _lines(stream):
            if fault is not None:
                faults[last_line] = fault
            yield text

    header: list[str] | None = None
    first_line = 1
    for cells in csv.reader(texts()):
        # A quoted cell may hold line breaks, so a row may span several lines; it is named by its first.
        span = range(first_line, last_line + 1)
        first_line = last_line + 1
        if not cells:
            continue
        if header is None:
            header = _header(cells, file, span[0])
        else:
            yield _row_of_cells(header, cells, file, span[0], next((faults[n] for n in span if n in faults), None))


def _tsv(stream: IO[bytes], file: str) -> Iterator[Row]:
    """Tab-separated, never quoted: a quotation mark is a quotation mark."""
    header: list[str] | None = None
    for number, text, fault in _lines(stream):
        if not text.strip():
            continue
        cells = text.rstrip("\r\n").split("\t")
        if header is None:
            header = _header(cells, file, number)
        else:
            yield _row_of_cells(header, cells, file, number, fault)


def _header(cells: list[str], file: str, line: int) -> list[str]:
    names = [cell.strip().lstrip("#") for cell in cells]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"the header names the column {twice!r} twice",
            file=file,
            line=line,
            remedy="each column needs its own name",
        )
    return names


def _row_of_cells(header: list[str], cells: list[str], file: str, line: int, fault: InvalidInputError | None) -> Row:
    if fault is None and len(cells) != len(header):
        reason = f"the row has {len(cells)} columns, the header {len(header)}"
        fault = InvalidInputError(reason, remedy="quote or remove the extra separators")
    if fault is not None:
        return Row(file, line, cells, fault)
    return Row(file, line, dict(zip(header, cells, strict=True)))


def _lines(stream: Iterable[bytes]) -> Iterator[tuple[int, str, InvalidInputError | None]]:
    """(number, text, fault) of each line. Only "\\n" ends one: U+2028 and its kind are ordinary characters in JSON."""
    for number, raw in enumerate(stream, 1):
        try:
            yield number, raw.decode("utf-8"), None
        except UnicodeDecodeError as error:
            reason = f"the line is not UTF-8 (byte {error.start + 1} is 0x{raw[error.start]:02x})"
            fault = InvalidInputError(reason, remedy="save the file as UTF-8")
            yield number, raw.decode("utf-8", "backslashreplace"), fault


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos + 1}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it holds a number of too many digits"


def _peekable(stream: Any) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, CHUNK)


def _peek(stream: Any, size: int) -> bytes:
    return bytes(stream.peek(size)[:size])


_READERS = {"jsonl": _json_lines, "list": _json_list, "csv": _csv, "tsv": _tsv}
