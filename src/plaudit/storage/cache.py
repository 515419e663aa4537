"""Folders of the user's cache: costly to make, named by a hash of all that decides their content, whole or absent."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout

from plaudit.errors import DataError

logger = logging.getLogger(__name__)

# Bytes of which whoever owns the disk is told.
_LARGE = 100 * 10**6


def cache_folder() -> Path:
    """Where what can be made again is kept: $PLAUDIT_CACHE, or plaudit/ in the user's cache folder.

    Example:
        >>> cache_folder().is_absolute()
        True
    """
    if chosen := os.environ.get("PLAUDIT_CACHE"):
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "plaudit"


def cached(folder: Path, write: Callable[[Path], object]) -> Path:
    """A folder of the cache, written where it is not there yet. One process writes it, and others that want it wait.

    Args:
        folder: its name is a hash of all that decides what it holds.
        write: fills a folder beside it, which takes its name when all is written. What a killed writer has left is
            never taken for the folder, and goes when somebody writes it again.

    Returns:
        The folder.

    Raises:
        DataError: if it cannot be written, such as on a full disk.

    Example:
        >>> def write(folder):
        ...     _ = (folder / "answer.txt").write_text("42")
        >>> folder = cached(Path("cache", "answers", "6a09e667"), write)
        >>> cached(folder, lambda folder: print("once is enough")) == folder
        True
    """
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            if not folder.is_dir():
                _write(folder, write)
    except OSError as error:
        raise DataError(
            f"it cannot be written: {error.strerror or error}",
            file=folder,
            remedy="make room, or set PLAUDIT_CACHE to a folder elsewhere",
        ) from error
    # Whoever waited says it too: of several processes, one may speak for all.
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    level = logging.WARNING if size >= _LARGE else logging.INFO
    logger.log(level, "%.1f GB are kept in %s for later runs; delete it when no run reads it", size / 1e9, folder)
    return folder


def code_hash(*parts: str) -> str:
    """A hash of some of our own code, by its places in the package: what was made by other code is made anew.

    Example:
        >>> code_hash("groups.py") == code_hash("groups.py"), code_hash("groups.py") == code_hash("text")
        (True, False)
    """
    package = Path(__file__).parents[1]
    files = [file for part in parts for file in sorted((package / part).rglob("*.py")) or [package / part]]
    return sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _write(folder: Path, write: Callable[[Path], object]) -> None:
    # The lock is held, so a folder of this name is what a killed writer has left.
    unfinished = folder.with_name(f".part-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        unfinished.mkdir()
        write(unfinished)
        for path in unfinished.rglob("*"):
            if path.is_file():
                with path.open("rb") as written:
                    os.fsync(written.fileno())
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Until the block ends, no other process is in such a block for the same folder. A process that dies lets go."""
    lock = FileLock(folder.with_name(f".{folder.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        logger.info("another process writes %s; waiting for it", folder)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
