"""Who is told how much of a file has been read."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO, Any

Watcher = Callable[[str, int, int], None]
"""Called with a file, how much of it is read, and how much there is: bytes, or the rows of a Parquet file."""

_WATCHER: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watch_reading(watcher: Watcher) -> Iterator[None]:
    """Until the block ends, a watcher is told of each block that is read of a file. Of a stream nobody knows the end,
    and it is not told.

    Args:
        watcher: called once a mebibyte, or 512 rows of a Parquet file.

    Example:
        >>> from plaudit import load_groups
        >>> said = []
        >>> with watch_reading(lambda file, done, total: said.append((file, done == total))):
        ...     _ = load_groups("train.jsonl")
        >>> said
        [('train.jsonl', True)]
    """
    before = _WATCHER.set(watcher)
    try:
        yield
    finally:
        _WATCHER.reset(before)


def open_watched(path: Path, block: int) -> IO[bytes]:
    """A file to read in blocks of so many bytes, each told to the watcher, if there is one.

    Raises:
        OSError: as `path.open`.
    """
    watcher = _WATCHER.get()
    return path.open("rb", block) if watcher is None else io.BufferedReader(_Watched(path, watcher), block)


def tell_rows(file: str, done: int, total: int) -> None:
    """Tell the watcher, if there is one, how many rows of a file are read."""
    if (watcher := _WATCHER.get()) is not None:
        watcher(file, done, total)


class _Watched(io.FileIO):
    """A file that tells what is read of it."""

    def __init__(self, path: Path, watcher: Watcher) -> None:
        super().__init__(path)
        self._watcher, self._path, self._done = watcher, str(path), 0
        self._total = os.fstat(self.fileno()).st_size

    def readinto(self, buffer: Any) -> int:
        size = super().readinto(buffer) or 0
        # A pipe has no size, and the end of a file is no news.
        if size and self._total:
            self._done += size
            self._watcher(self._path, self._done, self._total)
        return size
