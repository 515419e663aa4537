"""Anything that holds text -> documents to pretrain on.

A document is a paragraph of a `.txt` file (blank lines stand between documents), the `text` of a row, or, in any shape
of judgements that Plaudit reads, a response after its prompt. Its judgements are not looked at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO, NamedTuple

from plaudit.data import SUFFIXES, Row, Table, decompressed, open_stdin, read_groups, read_rows, tables
from plaudit.errors import DataError
from plaudit.groups import plain_text

TextSource = str | Path | Iterable[str | Path]


class Document(NamedTuple):
    """A text and its source.

    Attributes:
        text: with something in it.
        source: the id of its prompt, or the file and line it stands in. Documents of one source stay on one side of a
            split.
    """

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Documents in the order first seen.

    Attributes:
        documents: each text once.
        repeated: texts left out because the same text, letter by letter, is there already.
        empty: texts left out because they hold only white space.
    """

    documents: tuple[Document, ...]
    repeated: int
    empty: int

    @property
    def hash(self) -> str:
        """The first 16 hex digits of the SHA-256 of the texts in their order."""
        digest = hashlib.sha256()
        for document in self.documents:
            digest.update(document.text.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()[:16]


def read_texts(source: TextSource) -> Texts:
    """Documents from `.txt` files, files of rows with a `text`, files of groups (all of them also gzipped), folders of
    these, `-` (stdin: rows if it starts as JSON does, paragraphs otherwise), saved data sets or hub ids.

    Raises:
        DataError: if something cannot be read, or nothing in it is text.

    Example:
        >>> _ = Path("notes.txt").write_text("One.\\n\\nTwo, and\\nstill two.\\n\\nOne.\\n")
        >>> texts = read_texts("notes.txt")
        >>> [document.source for document in texts.documents], texts.repeated
        (['notes.txt:1', 'notes.txt:3'], 1)
    """
    sources = (source,) if isinstance(source, (str, Path)) else tuple(source)
    documents: dict[str, Document] = {}
    repeated = empty = 0
    for document in chain.from_iterable(map(_documents, sources)):
        if not document.text.strip():
            empty += 1
        elif document.text in documents:
            repeated += 1
        else:
            documents[document.text] = document
    if not documents:
        raise DataError("there is no text in it", file=", ".join(map(str, sources)), remedy="give documents")
    return Texts(tuple(documents.values()), repeated, empty)


def _documents(source: str | Path) -> Iterator[Document]:
    path = Path(source)
    if str(source) == "-":
        stream = decompressed(open_stdin())
        # What `decompressed` gives can be looked into without reading on.
        if stream.peek(1024).lstrip()[:1] in (b"{", b"["):  # type: ignore[attr-defined]
            yield from _of_table(Table("stdin", "", read_rows(stream, "stdin")))
        else:
            yield from _paragraphs(stream, "stdin")
    elif path.is_dir():
        files = sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith("."))
        prose = [one for one in files if _is_prose(one)]
        for one in prose:
            yield from _of_prose(one)
        if not prose or any(one.name.removesuffix(".gz").endswith(SUFFIXES) for one in files):
            yield from chain.from_iterable(map(_of_table, tables(path)))
    elif _is_prose(path):
        yield from _of_prose(path)
    else:
        yield from chain.from_iterable(map(_of_table, tables(source)))


def _is_prose(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(".txt")


def _of_prose(path: Path) -> Iterator[Document]:
    try:
        with path.open("rb") as stream:
            yield from _paragraphs(decompressed(stream), str(path))
    except (OSError, EOFError) as error:
        reason = getattr(error, "strerror", None) or error
        raise DataError(f"it cannot be read: {reason}", file=path, remedy="check the path") from error


def _paragraphs(stream: IO[bytes], name: str) -> Iterator[Document]:
    lines: list[str] = []
    start = 1
    for number, raw in enumerate(chain(stream, [b""]), 1):
        try:
            line = raw.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"the line is not UTF-8 (byte {error.start + 1} is 0x{raw[error.start]:02x})",
                file=name,
                line=number,
                remedy="save the file as UTF-8",
            ) from error
        if line.strip():
            start = start if lines else number
            lines.append(line)
        elif lines:
            yield Document("".join(lines).strip(), f"{name}:{start}")
            lines = []


def _of_table(table: Table) -> Iterator[Document]:
    first = next(table.rows, None)
    if first is None:
        raise DataError("the file is empty", file=table.name, remedy="it needs at least one row")
    whole = chain([first], table.rows)
    if isinstance(first.value, Mapping) and "text" in first.value and not {"prompt", "question"} & set(first.value):
        yield from map(_of_row, whole)
        return
    for group in read_groups([Table(table.name, table.stem, whole)]):
        prompt = plain_text(group.prompt).strip()
        for response in group.responses:
            yield Document("\n\n".join(filter(None, (prompt, plain_text(response).strip()))), group.id)


def _of_row(row: Row) -> Document:
    if row.fault is not None:
        raise row.located(row.fault)
    text = row.value.get("text") if isinstance(row.value, Mapping) else None
    if not isinstance(text, str):
        raise DataError(
            'the row has no "text"', file=row.file, line=row.line, remedy="give every row one, or remove the row"
        )
    return Document(text.strip(), row.where)
