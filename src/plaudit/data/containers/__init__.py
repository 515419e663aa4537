"""Containers: what rows come in. JSON lines, a JSON list, one JSON object, CSV or TSV, plain or gzip, UTF-8 or UTF-16.

The content decides which of them a file is, and its name only where the content could be several. A row that cannot be
parsed is yielded with its `fault`, so that the caller decides whether to stop or to set it aside. What makes the whole
file unreadable (a torn gzip stream, bytes that are no text at all) is a DataError.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import IO, Any

from plaudit.data.containers.json_rows import CHUNK, read_json_list, read_json_objects
from plaudit.data.containers.separated import SEPARATORS, read_csv, read_tsv
from plaudit.data.rows import Row
from plaudit.errors import DataError


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
        DataError: for a gzip stream that ends early, text that is neither JSON, CSV nor TSV, and a JSON object whose
            rows could be two things.

    Example:
        >>> stream = decompressed(io.BytesIO(b"prompt,response\\nHi,Hello!"))
        >>> [row.value for row in read_rows(stream, "answers.csv")]
        [{'prompt': 'Hi', 'response': 'Hello!'}]
    """
    try:
        _refuse_packed(_peek(stream, 16), file)
        stream = _in_utf8(stream, file)
        kind = _kind(_peek(stream, 4096), suffix, file)
        yield from _READERS[kind](stream, file)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise DataError("the gzip file is damaged or ends too early", file=file, remedy="fetch it again") from error
    except csv.Error as error:
        reason = str(error).split(" - ")[0]
        raise DataError(f"this is not CSV: {reason}", file=file, remedy="end every line with a line feed") from error


_PACKED = (
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "unpack it: zstd -d FILE"),
    (b"BZh", "compressed with bzip2", "unpack it: bunzip2 FILE"),
    (b"\xfd7zXZ\0", "compressed with xz", "unpack it: unxz FILE"),
    (b"PK\x03\x04", "a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook", "save the sheet as CSV"),
    (b"PAR1", "Parquet", "give it a name that ends in .parquet"),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"SQLite format 3", "a database", "export its table as CSV"),
)
"""How files begin that hold rows which cannot be read as they stand."""


def _refuse_packed(start: bytes, file: str) -> None:
    for mark, what, remedy in _PACKED:
        if start.startswith(mark) and (mark != b"BZh" or start[4:10] == b"1AY&SY"):
            raise DataError(f"it is {what}", file=file, remedy=remedy)


def _kind(start: bytes, suffix: str, file: str) -> str:
    """The key of `_READERS` for a file that starts with `start`."""
    first = start.lstrip()[:1]
    if suffix in (".csv", ".tsv", ".jsonl", ".ndjson") and first != b"[":
        return {".csv": "csv", ".tsv": "tsv"}.get(suffix, "objects")
    if first in (b"[", b"{", b"") or suffix == ".json":
        return "list" if first == b"[" else "objects"
    header = start.split(b"\n", 1)[0].decode("utf-8", "replace")
    if "\t" in header:
        return "tsv"
    if any(separator in header for separator in SEPARATORS):
        return "csv"
    raise DataError(
        "it is neither JSON lines, a JSON list, CSV nor TSV",
        file=file,
        remedy="see docs/formats.md for what can be read",
    )


_READERS = {"objects": read_json_objects, "list": read_json_list, "csv": read_csv, "tsv": read_tsv}


def _in_utf8(stream: IO[bytes], file: str) -> IO[bytes]:
    """The stream past its byte order mark; UTF-16 and UTF-32, known by theirs, as UTF-8."""
    start = _peek(stream, 4)
    for mark, encoding in _MARKS:
        if start.startswith(mark):
            stream.read(len(mark))
            return stream if encoding == "utf-8" else _peekable(_Recoded(stream, encoding, file))
    if b"\0" in start[:2]:
        raise DataError(
            "it looks like UTF-16 without its byte order mark",
            file=file,
            remedy="convert the file, such as with: iconv -f UTF-16LE -t UTF-8 OLD > NEW",
        )
    return stream


# UTF-32's mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class _Recoded(io.RawIOBase):
    """A stream in another encoding, read as UTF-8."""

    def __init__(self, stream: IO[bytes], encoding: str, file: str) -> None:
        self._stream, self._file = stream, file
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready and not self._ended:
            chunk = self._stream.read(CHUNK)
            self._ended = not chunk
            try:
                self._ready = self._decoder.decode(chunk, final=self._ended).encode()
            except UnicodeError as error:
                reason = f"it begins as {self._encoding.upper()} and is not whole ({str(error).rpartition(': ')[2]})"
                raise DataError(reason, file=self._file, remedy="save it as UTF-8") from error
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


def _peekable(stream: Any) -> io.BufferedReader:
    return stream if isinstance(stream, io.BufferedReader) else io.BufferedReader(stream, CHUNK)


def _peek(stream: Any, size: int) -> bytes:
    return bytes(stream.peek(size)[:size])
