"""One row of a file, and the lines of text that rows are read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from plaudit.errors import DataError, InvalidInputError


class Row(NamedTuple):
    """One parsed row.

    Attributes:
        file: the file or data set it stands in.
        line: its line there, from 1 (in a data set, a Parquet file or one JSON object its number); None for a whole
            file.
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


def text_lines(stream: Iterable[bytes]) -> Iterator[tuple[int, str, InvalidInputError | None]]:
    """(number, text, fault) of each line. Only "\\n" ends one: U+2028 and its kind are ordinary characters in JSON."""
    for number, raw in enumerate(stream, 1):
        try:
            yield number, raw.decode("utf-8"), None
        except UnicodeDecodeError as error:
            fault = InvalidInputError(
                f"the line is not UTF-8 ({byte_in_words(raw[error.start], error.start)})", remedy=CONVERT
            )
            yield number, raw.decode("utf-8", "backslashreplace"), fault


CONVERT = "convert the file, such as with: iconv -f WINDOWS-1252 -t UTF-8 OLD > NEW"
"""The remedy for text that is not UTF-8; what is not is nearly always from Windows."""


def byte_in_words(byte: int, at: int) -> str:
    """A byte at fault, its place in the line from 0, and what it would be in the encoding that it is likely to be in.

    Example:
        >>> byte_in_words("Straße".encode("latin-1")[4], 4)
        "byte 5 is 0xdf, in Windows-1252 'ß'"
    """
    meant = bytes([byte]).decode("windows-1252", "ignore")
    return f"byte {at + 1} is 0x{byte:02x}" + (f", in Windows-1252 {meant!r}" if meant else "")
