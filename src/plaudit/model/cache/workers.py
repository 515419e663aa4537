"""A file of rows that the processes of one machine fill together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import numpy as np
from jaxtyping import Float32

from plaudit.storage import replacing

T = TypeVar("T")

Rows = Float32[np.ndarray, "rows hidden"]


class Workers(Protocol):
    """Processes that share a machine, as one of them sees them.

    Attributes:
        rank: of this one, from 0.
        count: of all.
    """

    rank: int
    count: int

    def agree(self, value: T) -> T:
        """What the first of them has."""
        ...

    def wait(self) -> None:
        """Go on when all have come here."""
        ...


class _Alone:
    rank = 0
    count = 1

    def agree(self, value: T) -> T:
        return value

    def wait(self) -> None:
        pass


ALONE: Workers = _Alone()
"""One process that has nobody to share with."""


@contextmanager
def filling(file: Path, shape: tuple[int, int], workers: Workers) -> Iterator[Rows]:
    """Rows to be written by all workers, each its own; they become the file, whole, when all are done.

    Raises:
        DataError: if the file cannot be written.

    Example:
        >>> with filling(Path("rows.npy"), (2, 3), ALONE) as rows:
        ...     rows[:] = 1
        >>> np.load("rows.npy").shape
        (2, 3)
    """
    if workers.rank:
        rows = np.lib.format.open_memmap(workers.agree(file), "r+")
        yield rows
        rows.flush()
        workers.wait()
    else:
        with replacing(file) as temporary:
            rows = np.lib.format.open_memmap(temporary, "w+", dtype=np.float32, shape=shape)
            workers.agree(temporary)
            yield rows
            rows.flush()
            workers.wait()
    # The first has moved the file to its place.
    workers.wait()
