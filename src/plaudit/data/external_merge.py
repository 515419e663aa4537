"""Groups that do not fit in memory: partitioned by key on disc, each partition merged by itself, all in order again."""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from hashlib import blake2b
from pathlib import Path
from typing import IO

from plaudit.groups import Group

PARTITIONS = 64

Indexed = tuple[int, Group]
"""Where in the input a group was first seen, and the group."""


class Spill:
    """Partly merged groups on disc; groups of one key lie in one partition. Removed when left.

    Args:
        key: what makes two groups one.
    """

    def __init__(self, key: Callable[[Group], str]) -> None:
        self._key = key

    def __enter__(self) -> Spill:
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="plaudit-")))
        self._files = [self._open(f"part-{i}", "wb") for i in range(PARTITIONS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, groups: Iterable[Indexed]) -> None:
        for index, group in groups:
            digest = blake2b(self._key(group).encode("utf-8", "surrogatepass"), digest_size=4).digest()
            pickle.dump((index, group), self._files[int.from_bytes(digest) % PARTITIONS], pickle.HIGHEST_PROTOCOL)

    def merged(self, merge: Callable[[Iterable[Indexed]], Iterable[Indexed]]) -> Iterator[Indexed]:
        """All groups in the order first seen, after `merge` has brought each partition's together, in that order."""
        streams = []
        for i, file in enumerate(self._files):
            file.close()
            part = self._folder / f"part-{i}"
            with part.open("rb") as stream, self._open(f"run-{i}", "wb") as run:
                for item in merge(_unpickled(stream)):
                    pickle.dump(item, run, pickle.HIGHEST_PROTOCOL)
            part.unlink()
            streams.append(self._open(f"run-{i}", "rb"))
        return heapq.merge(*map(_unpickled, streams), key=lambda item: item[0])

    def _open(self, name: str, mode: str) -> IO[bytes]:
        return self._stack.enter_context((self._folder / name).open(mode))


def _unpickled(stream: IO[bytes]) -> Iterator[Indexed]:
    """Our own temporary files, in a folder only this user can write, are the only pickles ever read."""
    while True:
        try:
            yield pickle.load(stream)
        except EOFError:
            return
