"""External merge of groups that do not fit in memory: partitions on disc, each merged by itself, then all in order."""

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

IndexedGroup = tuple[int, Group]
"""A group and the number, in the input, of the fragment in which it was first seen."""


class ExternalMerge:
    """Partly merged groups in temporary files, partitioned by key. A context manager; leaving it removes the files.

    Args:
        key: equal for groups that belong together, so that they lie in one partition.
    """

    def __init__(self, key: Callable[[Group], str]) -> None:
        self._key = key

    def __enter__(self) -> ExternalMerge:
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="plaudit-")))
        self._files = [self._open(f"partition-{i}", "wb") for i in range(PARTITIONS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, groups: Iterable[IndexedGroup]) -> None:
        """Write groups, each to the partition of its key."""
        for index, group in groups:
            # Python's own hash of text differs from process to process; this one does not.
            digest = blake2b(self._key(group).encode("utf-8", "surrogatepass"), digest_size=4).digest()
            pickle.dump((index, group), self._files[int.from_bytes(digest) % PARTITIONS], pickle.HIGHEST_PROTOCOL)

    def merge(
        self, merge_partition: Callable[[Iterable[IndexedGroup]], Iterable[IndexedGroup]]
    ) -> Iterator[IndexedGroup]:
        """All groups, in the order in which they were first seen.

        Args:
            merge_partition: brings the fragments of each group of one partition together, in that order.
        """
        runs = []
        for i, file in enumerate(self._files):
            file.close()
            partition = self._folder / f"partition-{i}"
            with partition.open("rb") as stream, self._open(f"run-{i}", "wb") as run:
                for item in merge_partition(_load_all(stream)):
                    pickle.dump(item, run, pickle.HIGHEST_PROTOCOL)
            partition.unlink()
            runs.append(self._open(f"run-{i}", "rb"))
        # Each run is sorted by index already, so merging them needs one group of each in memory.
        return heapq.merge(*map(_load_all, runs), key=lambda item: item[0])

    def _open(self, name: str, mode: str) -> IO[bytes]:
        return self._stack.enter_context((self._folder / name).open(mode))


def _load_all(stream: IO[bytes]) -> Iterator[IndexedGroup]:
    """The only pickles that are ever read: our own temporary files, in a folder only this user can write to."""
    while True:
        try:
            yield pickle.load(stream)
        except EOFError:
            return
