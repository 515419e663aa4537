"""Rows dealt to shards while they are read, in bounded memory: each row to the shard that its prompt's hash names.

Whoever reads the same rows deals them alike, so several processes share out the work without a word between them. Rows
with one prompt meet in one shard: there they get their numbers, and share the computation of what they have in common.
What has been read waits in one temporary file without a name, so that it goes with the process, however that ends.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import IO, Any, NamedTuple

from plaudit.data.external_merge import dump_item, load_items, packed, unpacked
from plaudit.data.read import numbering, read_unnumbered
from plaudit.data.read_report import reject_line
from plaudit.data.read_tables import Labels
from plaudit.data.rows import Row
from plaudit.data.sources import Source, Table, data_files, list_sources, tables
from plaudit.errors import DataError, InvalidInputError, NotFoundError
from plaudit.groups import Group, stable_id
from plaudit.storage import json_line

BUFFER = 32 << 20
"""Bytes of rows that are held before they are written."""

_CHUNK = 1 << 20


class DealtRow(NamedTuple):
    """A row of a shard: its place among all rows that could be read, from 0, and what it says.

    Example:
        >>> with DealtRows("test.jsonl", 1, [0]) as dealt:
        ...     next(dealt.rows(0))
        DealtRow(place=0, group=Group('q60': 2 responses, 1 ranking))
    """

    place: int
    group: Group


class BadRow(NamedTuple):
    """A row that could not be read, as a line for a file of rejects.

    Example:
        >>> _ = Path("odd.jsonl").write_text('{"prompt": "P", "response": "R"}\\n{"prompt": "nobody answered"}\\n')
        >>> with DealtRows("odd.jsonl", 1, [0], keep_going=True) as dealt:
        ...     [row.line[:23] for row in dealt.rows(0) if isinstance(row, BadRow)]
        ['{"where": "odd.jsonl:2"']
    """

    line: str


@dataclass(frozen=True, slots=True)
class RowReading:
    """How rows are read; see `read_groups`.

    Attributes:
        format: a name from docs/formats.md; None detects it.
        columns: a format's column -> the file's.
        labels: how numbers name one of two responses.

    Example:
        >>> RowReading(columns={"prompt": "history"}).format is None
        True
    """

    format: str | None = None
    columns: Mapping[str, str] | None = None
    labels: Labels | None = None


class DealtRows:
    """The rows of some shards, of all that a source has. A context manager; leaving it lets go of them.

    Args:
        source: as of `read_groups`.
        shards: how many there are.
        wanted: which of them are kept.
        reading: how rows are read.
        keep_going: deal rows that cannot be read as bad rows, instead of stopping at the first.

    Attributes:
        sizes: shard -> how many rows it has, bad ones included.

    Raises:
        PlauditError: as `read_groups`, and if there is no room for the temporary file.

    Example:
        >>> with DealtRows("test.jsonl", 2, [0, 1]) as dealt:
        ...     shards = [[row.group.id for row in dealt.rows(shard)] for shard in (0, 1)]
        >>> sum(map(len, shards)), set(shards[0]) & set(shards[1])
        (20, set())
    """

    def __init__(
        self,
        source: Source,
        shards: int,
        wanted: Collection[int],
        reading: RowReading = RowReading(),
        keep_going: bool = False,
    ) -> None:
        self.sizes: Counter[int] = Counter()
        self._wanted = sorted(wanted)
        self._held: dict[int, io.BytesIO] = {shard: io.BytesIO() for shard in self._wanted}
        self._size = 0
        self._written: list[array[int]] = []
        try:
            self._file: IO[bytes] = tempfile.TemporaryFile(prefix="plaudit-")  # noqa: SIM115 - closed by __exit__
            self._read(source, shards, reading, keep_going)
        except OSError as error:  # readers turn their own OSError into DataError, so this one is the temporary disc
            raise DataError(
                f"temporary files cannot be kept: {error.strerror or error}",
                remedy="set TMPDIR to a folder with more room",
            ) from error

    def __enter__(self) -> DealtRows:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()

    def parts(self, shard: int) -> Iterator[bytes]:
        """The rows of a shard as bytes, in parts that fit in memory, for `unpack_rows`, perhaps elsewhere."""
        number = self._wanted.index(shard)
        for ends in self._written:
            self._file.seek(ends[number])
            if part := self._file.read(ends[number + 1] - ends[number]):
                yield part
        if part := self._held[shard].getvalue():
            yield part

    def rows(self, shard: int) -> Iterator[DealtRow | BadRow]:
        """The rows of a shard, in the order of the input, those without an id numbered as in `read_groups`."""
        return unpack_rows(self.parts(shard))

    def _read(self, source: Source, shards: int, reading: RowReading, keep_going: bool) -> None:
        def set_aside(row: Row, error: InvalidInputError) -> None:
            digest = blake2b(row.where.encode("utf-8", "surrogatepass"), digest_size=8).digest()
            self._deal(int.from_bytes(digest) % shards, (-1, reject_line(row, error).encode()))

        groups = read_unnumbered(
            source,
            format=reading.format,
            columns=reading.columns,
            labels=reading.labels,
            rejects=set_aside if keep_going else None,
        )
        for place, group in enumerate(groups):
            shard = shard_of(group, shards)
            if shard in self._held:
                self._deal(shard, (place, packed(group)))

    def _deal(self, shard: int, item: tuple[int, bytes]) -> None:
        if shard not in self._held:
            return
        self.sizes[shard] += 1
        stream = self._held[shard]
        before = stream.tell()
        dump_item(item, stream)
        self._size += stream.tell() - before
        if self._size >= BUFFER:
            self._flush()

    def _flush(self) -> None:
        """Write what is held, shard after shard, and note where each begins."""
        parts = [stream.getvalue() for stream in self._held.values()]
        start = self._file.seek(0, io.SEEK_END)
        self._written.append(array("q", accumulate(map(len, parts), initial=start)))
        for part in parts:
            self._file.write(part)
        self._held = {shard: io.BytesIO() for shard in self._held}
        self._size = 0


def shard_of(group: Group, shards: int) -> int:
    """Which of so many shards a row belongs to, from 0: the hash of its prompt (and subset and tools), modulo their
    number.

    Example:
        >>> shard_of(Group("a", "Why?", ("x",)), 16) == shard_of(Group("b", "Why?", ("y", "z")), 16)
        True
    """
    return int(stable_id(group), 16) % shards


def unpack_rows(parts: Iterable[bytes]) -> Iterator[DealtRow | BadRow]:
    """The rows that `DealtRows.parts` gives as bytes.

    Example:
        >>> with DealtRows("test.jsonl", 3, [1]) as dealt:
        ...     list(unpack_rows(dealt.parts(1))) == list(dealt.rows(1))
        True
    """
    number = numbering()
    for part in parts:
        for place, data in load_items(io.BytesIO(part)):
            yield BadRow(data.decode()) if place < 0 else DealtRow(place, number(unpacked(data)))


def source_hash(source: Source) -> str:
    """A hash of what is read: of files their bytes, in the order in which they are read; of anything else its rows.

    Raises:
        PlauditError: if there is no such file or data set, or it can be read only once.

    Example:
        >>> source_hash("test.jsonl") == source_hash(["test.jsonl"])
        True
    """
    digest = hashlib.sha256()
    for single in list_sources(source):
        if str(single) == "-" or isinstance(single, Table):
            raise InvalidInputError(
                "shards are scored from what can be read again, and this cannot", remedy="save it to a file first"
            )
        path = Path(single)
        if path.exists():
            for file in data_files(path):
                _add_file(digest, file)
        else:
            for table in tables(single):
                for row in table.rows:
                    digest.update(json_line(row.value, allow_nan=True).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _add_file(digest: Any, file: Path) -> None:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise NotFoundError(f"it cannot be read: {error.strerror or error}", file=file) from error
    digest.update(b"\0")
