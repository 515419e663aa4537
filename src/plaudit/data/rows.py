"""Bytes -> rows: JSON lines, a JSON list, CSV or TSV, plain or gzip, told apart by what they hold.

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
from dataclasses import dataclass
from typing import IO, Any

from plaudit.errors import DataError

CHUNK = 1 << 20
"""Bytes of a JSON list read at a time."""


@dataclass(frozen=True, slots=True)
class Row:
    """One parsed row and where it stands (`file:line`). With a `fault`, `value` is the raw text that did not parse."""

    where: str
    value: Any
    fault: str | None = None


def unpacked(stream: IO[bytes], name: str) -> IO[bytes]:
    """The stream itself, or what it unpacks to when it starts as gzip does. Not decided by the name: stdin has none."""
    buffered = _peekable(stream)
    if _peek(buffered, 2) != b"\x1f\x8b":
        return buffered
    return _peekable(gzip.GzipFile(fileobj=buffered))


def read_rows(stream: IO[bytes], name: str, suffix: str = "") -> Iterator[Row]:
    """Rows of a stream. `suffix` decides where it is .csv, .tsv or .jsonl; otherwise the first characters do.

    Raises:
        DataError: for a gzip stream that ends early, or text that is neither JSON, CSV nor TSV.
    """
    try:
        if _peek(stream, 3) == codecs.BOM_UTF8:
            stream.read(3)
        start = _peek(stream, 4096)
        yield from _READERS[_kind(start, suffix, name)](stream, name)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError("the gzip file is damaged or ends too early; fetch it again", name) from error


def _kind(start: bytes, suffix: str, name: str) -> str:
    first = start.lstrip()[:1]
    if suffix in (".csv", ".tsv", ".jsonl", ".ndjson") and first != b"[":
        return {".ndjson": "jsonl"}.get(suffix, suffix[1:])
    if first in (b"[", b"{", b"") or suffix == ".json":
        return "list" if first == b"[" else "jsonl"
    line = start.split(b"\n", 1)[0]
    for separator, kind in ((b"\t", "tsv"), (b",", "csv")):
        if separator in line:
            return kind
    raise DataError(
        "it is neither JSON lines, a JSON list, CSV nor TSV; see docs/formats.md for what can be read", name
    )


def _json_lines(stream: IO[bytes], name: str) -> Iterator[Row]:
    for where, line, fault in _lines(stream, name):
        if fault or not line.strip():
            if fault:
                yield Row(where, line, fault)
            continue
        try:
            yield Row(where, json.loads(line))
        except (ValueError, RecursionError) as error:
            yield Row(where, line, f"this is not JSON: {_json_fault(error)}; write one JSON object a line")


def _json_list(stream: IO[bytes], name: str) -> Iterator[Row]:
    """The elements of one JSON list, without holding the list: decode one, move on, fetch text when it runs out."""
    more = iter(_chunks(stream, name))
    decode = json.JSONDecoder().raw_decode
    text = next(more)
    at = text.index("[") + 1
    line = 1 + text.count("\n", 0, at)
    while True:
        start = _gap(text, at)
        line, at = line + text.count("\n", at, start), start
        if text.startswith("]", at):
            break
        try:
            value, end = decode(text, at)
            # A bare number at the end of the text may go on in the next chunk.
            if end == len(text) and text[end - 1] not in '}]"':
                raise json.JSONDecodeError("it ends here", text, end)
        except (ValueError, RecursionError) as error:
            chunk = next(more, "") if _may_be_cut(error, text) else ""
            if not chunk:
                fault = _json_fault(error) if text[at:].strip() else "the list has no closing bracket"
                position = getattr(error, "pos", at)
                where = f"{name}:{line + text.count(chr(10), at, position)}"
                raise DataError(f"this is not a JSON list: {fault}; mend the file", where) from error
            text, at = text[at:] + chunk, 0
            continue
        yield Row(f"{name}:{line}", value)
        line, at = line + text.count("\n", at, end), end
    if text[at + 1 :].strip() or any(chunk.strip() for chunk in more):
        raise DataError("something follows the end of the JSON list; keep one list a file", f"{name}:{line}")


def _chunks(stream: IO[bytes], name: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := stream.read(CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise DataError(f"it is not UTF-8 ({error.reason}); save it as UTF-8", name) from error


def _gap(text: str, at: int) -> int:
    """Where the next element starts: past white space and commas."""
    while at < len(text) and text[at] in " \t\r\n,":
        at += 1
    return at


def _may_be_cut(error: Exception, text: str) -> bool:
    """Whether an element failed to parse because its text ends too early, not because it is wrong."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos > len(text) - 16


def _csv(stream: IO[bytes], name: str) -> Iterator[Row]:
    csv.field_size_limit(1 << 30)
    numbers: list[int] = []
    faults: dict[int, str] = {}

    def texts() -> Iterator[str]:
        for number, (_, line, fault) in enumerate(_lines(stream, name), 1):
            if fault:
                faults[number] = fault
            numbers[:] = [number]
            yield line

    reader = csv.reader(texts())
    header: list[str] | None = None
    last = 0
    for cells in reader:
        first, last = last + 1, numbers[0]
        if not cells:
            continue
        fault = next((faults[n] for n in range(first, last + 1) if n in faults), None)
        where = f"{name}:{first}"
        if header is None:
            header = _header(cells, where)
        else:
            yield _cells(header, cells, where, fault)


def _tsv(stream: IO[bytes], name: str) -> Iterator[Row]:
    """Tab-separated, never quoted: a quotation mark is a quotation mark."""
    header: list[str] | None = None
    for where, line, fault in _lines(stream, name):
        if not line.strip():
            continue
        cells = line.rstrip("\r\n").split("\t")
        if header is None:
            header = _header(cells, where)
        else:
            yield _cells(header, cells, where, fault)


def _header(cells: list[str], where: str) -> list[str]:
    names = [cell.strip().lstrip("#") for cell in cells]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"the header names the column {twice!r} twice; each column needs its own name", where)
    return names


def _cells(header: list[str], cells: list[str], where: str, fault: str | None) -> Row:
    if fault is None and len(cells) != len(header):
        fault = f"the row has {len(cells)} columns, the header {len(header)}; quote or remove the extra separators"
    if fault:
        return Row(where, cells, fault)
    return Row(where, dict(zip(header, cells, strict=True)))


def _lines(stream: Iterable[bytes], name: str) -> Iterator[tuple[str, str, str | None]]:
    """(where, text, fault) of each line. Only "\\n" ends one: U+2028 and its kind are ordinary characters in JSON."""
    for number, raw in enumerate(stream, 1):
        where = f"{name}:{number}"
        try:
            yield where, raw.decode("utf-8"), None
        except UnicodeDecodeError as error:
            fault = (
                f"the line is not UTF-8 (byte {error.start + 1} is 0x{raw[error.start]:02x}); save the file as UTF-8"
            )
            yield where, raw.decode("utf-8", "backslashreplace"), fault


def _json_fault(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg[0].lower()}{error.msg[1:]} at character {error.pos + 1}"
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it holds a number of too many digits"


def _peekable(stream: Any) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, CHUNK)


def _peek(stream: Any, size: int) -> bytes:
    return stream.peek(size)[:size]


_READERS = {"jsonl": _json_lines, "list": _json_list, "csv": _csv, "tsv": _tsv}
