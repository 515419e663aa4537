"""Rows of JSON: one object a line, a list, or objects that spread over lines.

Lines and lists stream: no more than a line, or an element of the list, is held. A file that is one object (see
`plaudit.data.containers.json_tables`) is held whole.
"""

from __future__ import annotations

import codecs
import json
import logging
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO, Any

from plaudit.data.containers.json_tables import rows_of_object
from plaudit.data.rows import CONVERT, Row, byte_in_words, text_lines
from plaudit.errors import DataError, InvalidInputError

logger = logging.getLogger(__name__)

CHUNK = 1 << 20
"""Bytes read at a time."""

LARGE = 256 << 20
"""Characters of one value that are worth a warning."""

_SPACE = re.compile(r"[ \t\r\n]*")
_SPACE_AND_COMMAS = re.compile(r"[ \t\r\n,]*")
_decode = json.JSONDecoder().raw_decode


def read_json_objects(stream: IO[bytes], file: str) -> Iterator[Row]:
    """Rows of a file of objects: JSON lines, unless the first object spreads over lines.

    Raises:
        DataError: if objects that spread over lines are no JSON, or the file is one object that could be two things.
    """
    head: list[bytes] = []
    for line in stream:
        head.append(line)
        if not line.isspace():
            break
    spread = _first_object(head, stream, file) if _goes_on(head) else None
    rows = _json_lines(chain(head, stream), file) if spread is None else _spread_objects(*spread, stream, file)
    first, second = next(rows, None), next(rows, None)
    if first is None:
        return
    if second is None and first.fault is None and isinstance(first.value, dict):
        yield from rows_of_object(first)
        return
    yield first
    if second is not None:
        yield second
        yield from rows


def _json_lines(lines: Iterable[bytes], file: str) -> Iterator[Row]:
    for number, text, fault in text_lines(lines):
        if fault is not None:
            yield Row(file, number, text, fault)
        elif not text.isspace():
            try:
                yield Row(file, number, _loads(text))
            except (ValueError, RecursionError) as error:
                reason = f"this is not JSON: {_json_fault(error)}"
                yield Row(file, number, text, InvalidInputError(reason, remedy="write one JSON object a line"))


def _loads(line: str) -> Any:
    """`json.loads`, whose way about white space and byte order marks takes a third of its time, for a plain line.

    Raises:
        ValueError, RecursionError: those of `json.loads`.
    """
    try:
        value, end = _decode(line)
    except ValueError:
        return json.loads(line)
    return value if line[end:] in ("\n", "\r\n", "") else json.loads(line)


def read_json_list(stream: IO[bytes], file: str) -> Iterator[Row]:
    """The elements of one JSON list, without holding the list.

    Raises:
        DataError: if it is no list, or something follows it.
    """
    window = _Window(_texts(stream, file), file)
    window.skip(_SPACE)
    window.at += 1
    while (character := window.skip(_SPACE_AND_COMMAS)) != "]":
        if not character:
            raise DataError(
                "this is not a JSON list: the list has no closing bracket",
                file=file,
                line=window.line,
                remedy="mend the file",
            )
        yield window.row("a JSON list")
    window.at += 1
    if window.skip(_SPACE):
        raise DataError(
            "something follows the end of the JSON list", file=file, line=window.line, remedy="keep one list a file"
        )


def _spread_objects(first: Row, text: str, line: int, stream: IO[bytes], file: str) -> Iterator[Row]:
    """The first of several objects, and those in the text after it, which begins on a line, and in the stream."""
    yield first
    window = _Window(chain([text], _texts(stream, file, line - 1 + text.count("\n"))), file, line)
    while character := window.skip(_SPACE):
        if character == ",":
            raise DataError(
                "commas separate the objects, but no brackets make a list of them",
                file=file,
                line=window.line,
                remedy="put [ before the first and ] after the last",
            )
        yield window.row("JSON")


def _goes_on(head: list[bytes]) -> bool:
    """Whether the first line with something on it holds the beginning of an object, or more than one of them."""
    try:
        json.loads(head[-1].decode("utf-8", "replace") if head else "0")
    except json.JSONDecodeError as error:
        return _may_be_cut(error, error.doc) or error.doc.startswith("{", error.pos)
    except (ValueError, RecursionError):
        return False
    return False


def _first_object(head: list[bytes], stream: IO[bytes], file: str) -> tuple[Row, str, int] | None:
    """The first object of a file that spreads its objects over lines, the text after it, and that text's line.

    `head` gains the lines that were read. None if they are JSON lines, of which the first is a bad one.
    """
    while True:
        raw = b"".join(head)
        text = raw.decode("utf-8", "replace")
        start = _SPACE.match(text).end()  # type: ignore[union-attr]  # it matches nothing too
        line = 1 + text.count("\n", 0, start)
        try:
            value, end = _decode(text, start)
            break
        except (ValueError, RecursionError) as error:
            # As much again as there is, so that a long object is not decoded from its start too often.
            more = stream.readlines(len(raw) + CHUNK) if _may_be_cut(error, text) else []
            if more:
                head += more
                continue
            at = getattr(error, "pos", start)
            # A bad row may swallow the one after it, and the error is then at the end of that.
            if text.count("\n", 0, at) < line or any(_is_a_row(text, i) for i in (at, len(text[:at].rstrip()))):
                return None
            reason = f"this is not JSON: {_json_fault(error)}"
            raise DataError(reason, file=file, line=1 + text.count("\n", 0, at), remedy="mend the file") from error
    for number, _, fault in text_lines(head):
        if fault is not None:
            raise Row(file, number, None).located(fault)
    if len(text) > LARGE:
        _warn_of_a_large_value(file)
    return Row(file, line, value), text[end:], 1 + text.count("\n", 0, end)


def _is_a_row(text: str, at: int) -> bool:
    """Whether the line at this place is an object by itself, and no part of another by its looks."""
    start, end = text.rfind("\n", 0, at) + 1, text.find("\n", at)
    try:
        return text.startswith("{", start) and bool(json.loads(text[start : end if end > 0 else None]))
    except (ValueError, RecursionError):
        return False


class _Window:
    """Text that was read and not yet decoded; it grows where a value ends beyond it.

    Attributes:
        text: the text; what was decoded leaves it when more is read.
        at: where the next value is.
        line: the line that is on.
    """

    def __init__(self, texts: Iterator[str], file: str, line: int = 1) -> None:
        self.text, self.at, self.line = "", 0, line
        self._texts, self._file = texts, file
        self._warned = False

    def skip(self, what: re.Pattern[str]) -> str:
        """Go past it; returns the character there, none at the end of the file."""
        while True:
            end = what.match(self.text, self.at).end()  # type: ignore[union-attr]  # it matches nothing too
            self._go(end)
            if end < len(self.text):
                return self.text[end]
            if not self._grow():
                return ""

    def row(self, wanted: str) -> Row:
        """The value that starts here, with the line it starts on; go past it.

        Raises:
            DataError: if there is none; it says that this is not what is `wanted`.
        """
        line = self.line
        try:
            return Row(self._file, line, self.value())
        except (ValueError, RecursionError) as error:
            raise _not_json(f"this is not {wanted}", error, self._file, self) from error

    def value(self) -> Any:
        """The value that starts here; go past it.

        Raises:
            ValueError, RecursionError: if there is none.
        """
        while True:
            try:
                value, end = _decode(self.text, self.at)
            except (ValueError, RecursionError) as error:
                if _may_be_cut(error, self.text) and self._grow():
                    continue
                raise
            # A bare number at the end of the window may go on in the next chunk.
            if end < len(self.text) or self.text[end - 1] in '}]"' or not self._grow():
                self._go(end)
                return value

    def _go(self, end: int) -> None:
        self.line += self.text.count("\n", self.at, end)
        self.at = end

    def _grow(self) -> bool:
        """Read as much again as the window holds, so that a long value is not decoded from its start too often."""
        parts = [self.text[self.at :]]
        size = wanted = len(parts[0])
        while size < 2 * wanted or len(parts) == 1:
            text = next(self._texts, None)
            if text is None:
                break
            parts.append(text)
            size += len(text)
        self.text, self.at = "".join(parts), 0
        if size > LARGE and wanted and not self._warned:
            self._warned = True
            _warn_of_a_large_value(self._file)
        return len(parts) > 1


def _texts(stream: IO[bytes], file: str, lines_before: int = 0) -> Iterator[str]:
    """The stream's text, a chunk at a time.

    Raises:
        DataError: if it is not UTF-8; it names the line after `lines_before` others.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    started = 0  # bytes of the line before what is decoded next
    try:
        while chunk := stream.read(CHUNK):
            yield decoder.decode(chunk)
            lines_before += chunk.count(b"\n")
            decoded = chunk[: len(chunk) - len(decoder.getstate()[0])]
            line_start = decoded.rfind(b"\n") + 1
            started = len(decoded) - line_start + (0 if line_start else started)
        yield decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raw, at = error.object, error.start
        line_start = raw.rfind(b"\n", 0, at) + 1
        place = at - line_start + (0 if line_start else started)
        line = 1 + lines_before + raw.count(b"\n", 0, at)
        reason = f"the line is not UTF-8 ({byte_in_words(raw[at], place)})"
        raise DataError(reason, file=file, line=line, remedy=CONVERT) from error


def _may_be_cut(error: Exception, text: str) -> bool:
    """Whether an element failed to parse because its text ends too early, not because it is wrong."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    # A literal such as `false`, cut short, fails a few characters before the end of the window.
    return error.msg.startswith("Unterminated") or error.pos > len(text) - 16


def _not_json(what: str, error: Exception, file: str, window: _Window) -> DataError:
    line = window.line + window.text.count("\n", window.at, getattr(error, "pos", window.at))
    # The window may begin within the line, so the place in the line is not known.
    return DataError(f"{what}: {_json_fault(error, placed=False)}", file=file, line=line, remedy="mend the file")


def _json_fault(error: Exception, placed: bool = True) -> str:
    if isinstance(error, json.JSONDecodeError):
        reason = error.msg[0].lower() + error.msg[1:].removesuffix(" at")
        return f"{reason} at character {error.colno}" if placed else reason
    return "it is nested too deeply" if isinstance(error, RecursionError) else "it holds a number of too many digits"


def _warn_of_a_large_value(file: str) -> None:
    logger.warning(
        "%s: one JSON value of more than %s MB, which is held whole; of one object a line no more than a line is held",
        file,
        LARGE >> 20,
    )
