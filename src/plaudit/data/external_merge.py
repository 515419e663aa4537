"""External merge of groups that do not fit in memory: partitions on disc, each merged by itself, then all in order.

A fragment is packed once, when it is written, and most are unpacked once, at the very end: where no other fragment of
its partition has its key there is nothing to merge, and its bytes are passed on as they are.
"""

from __future__ import annotations

import heapq
import pickle
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from functools import lru_cache
from hashlib import blake2b
from itertools import starmap
from operator import attrgetter
from pathlib import Path
from typing import IO, Any

from plaudit.groups import Group, Ranking, Rating, group_of_checked

PARTITIONS = 64

BUFFER = 1 << 16
"""Bytes of each file that are held before they are written or after they were read."""

IndexedGroup = tuple[int, Group]
"""A group and the number, in the input, of the fragment in which it was first seen."""

_Packed = tuple[int, bytes]
"""The same with the group packed."""


class ExternalMerge:
    """Partly merged groups in temporary files, partitioned by key. A context manager; leaving it removes the files."""

    def __enter__(self) -> ExternalMerge:
        self._stack = ExitStack()
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="plaudit-")))
        self._files = [self._open(f"partition-{i}", "wb") for i in range(PARTITIONS)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def write(self, groups: Iterable[tuple[str, IndexedGroup]]) -> None:
        """Write groups, each to the partition of its key, which is equal for groups that belong together."""
        for key, (index, group) in groups:
            # Python's own hash of text differs from process to process; this one does not.
            digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
            dump_item((index, digest, packed(group)), self._files[digest[0] % PARTITIONS])

    def merge(
        self, merge_fragments: Callable[[Iterable[IndexedGroup]], Iterable[IndexedGroup]]
    ) -> Iterator[IndexedGroup]:
        """All groups, in the order in which they were first seen.

        Args:
            merge_fragments: brings the fragments of each group together, in that order.
        """
        runs = []
        for i, file in enumerate(self._files):
            file.close()
            partition = self._folder / f"partition-{i}"
            with partition.open("rb", BUFFER) as stream, self._open(f"run-{i}", "wb") as run:
                for item in sorted(_merged(stream, merge_fragments)):
                    dump_item(item, run)
            partition.unlink()
            runs.append(self._open(f"run-{i}", "rb"))
        # Each run is sorted by index, so merging them needs one group of each in memory.
        in_order: Iterator[_Packed] = heapq.merge(*map(load_items, runs))
        return ((index, unpacked(data)) for index, data in in_order)

    def _open(self, name: str, mode: str) -> IO[bytes]:
        return self._stack.enter_context((self._folder / name).open(mode, BUFFER))


def _merged(
    partition: IO[bytes], merge_fragments: Callable[[Iterable[IndexedGroup]], Iterable[IndexedGroup]]
) -> Iterator[_Packed]:
    """The groups of a partition."""
    fragments: dict[bytes, list[_Packed]] = defaultdict(list)
    for index, digest, data in load_items(partition):
        fragments[digest].append((index, data))
    for alike in fragments.values():
        if len(alike) == 1:
            yield alike[0]
        else:
            groups = merge_fragments((index, unpacked(data)) for index, data in alike)
            yield from ((index, packed(group)) for index, group in groups)


_fields_of_group = attrgetter(*Group.__slots__)
_fields_of_ranking = attrgetter(*Ranking.__slots__)
_fields_of_rating = attrgetter(*Rating.__slots__)


def packed(group: Group) -> bytes:
    """A group as bytes: the plain values in it, because pickled classes take five times as long."""
    id, prompt, responses, rankings, ratings, *rest = _fields_of_group(group)
    judgements = tuple(map(_fields_of_ranking, rankings)), tuple(map(_fields_of_rating, ratings))
    return pickle.dumps((id, prompt, responses, *judgements, *rest), pickle.HIGHEST_PROTOCOL)


def unpacked(data: bytes) -> Group:
    """The group that `packed` made bytes of."""
    id, prompt, responses, rankings, ratings, *rest = pickle.loads(data)
    return group_of_checked(
        id, prompt, responses, tuple(starmap(_ranking, rankings)), tuple(starmap(Rating, ratings)), *rest
    )


_ranking = lru_cache(maxsize=1024, typed=True)(Ranking)
"""Millions of rows may say the same and share one object."""


def dump_item(item: tuple[Any, ...], file: IO[bytes]) -> None:
    """Append an item to a temporary file."""
    pickle.dump(item, file, pickle.HIGHEST_PROTOCOL)


def load_items(stream: IO[bytes]) -> Iterator[Any]:
    """The only pickles that are ever read: our own temporary files, in a folder only this user can write to."""
    while True:
        try:
            yield pickle.load(stream)
        except EOFError:
            return
