"""One run writes to a folder at a time."""

from __future__ import annotations

import os
from pathlib import Path

from plaudit.errors import InvalidInputError


class FolderLock:
    """Keeps the other processes of a machine out of a folder that a run writes to, until it is released or its process
    ends, however that ends. The folder itself is locked: there is no file that would be left.

    Args:
        folder: of the run; nothing is locked while it is not there.

    Example:
        >>> lock = FolderLock(Path("."))
        >>> lock.take()
        >>> FolderLock(Path(".")).take()  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: a run writes to . now; wait until it has ended, or ...
        >>> lock.release()
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def take(self) -> None:
        """Lock the folder, unless this has done so.

        Raises:
            InvalidInputError: if another run has locked it.
        """
        try:
            import fcntl
        except ImportError:  # Windows has no such locks.
            return
        if self._handle is not None or not self._folder.is_dir():
            return
        handle = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise InvalidInputError(
                f"a run writes to {self._folder} now",
                remedy="wait until it has ended, or choose another folder with -o",
            ) from None
        except OSError:
            # A file system of the network without locks.
            os.close(handle)
        else:
            self._handle = handle

    def release(self) -> None:
        """Let others write there."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None
