"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plaudit.errors import DataError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path with `path`'s suffix, that takes its place when the block ends well, and goes when it does not.

    A link stays a link, to the file that is replaced. A device or a pipe is never replaced but written to.

    Raises:
        DataError: if it cannot be written; what was there before is unchanged.

    Example:
        >>> with replacing("answer.txt") as temporary:
        ...     _ = temporary.write_text("42")
        ...     print(Path("answer.txt").exists())
        False
        >>> Path("answer.txt").read_text()
        '42'
    """
    place = Path(path).resolve()
    is_stream = place.exists() and not (place.is_file() or place.is_dir())
    folder = Path(tempfile.gettempdir()) if is_stream else place.parent
    temporary = folder / f".part-{os.getpid()}-{place.name}"
    try:
        check_place(path)
        yield temporary
        if is_stream:
            with temporary.open("rb") as written, place.open("wb") as stream:
                shutil.copyfileobj(written, stream)
        else:
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.replace(place)
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", file=path) from error
    finally:
        with suppress(OSError):
            temporary.unlink()


def check_place(path: str | Path) -> None:
    """Make the folder of a file that is going to be written: before the work whose result it is to hold.

    Raises:
        DataError: if it cannot be made or written to, or the file's name is a folder's.

    Example:
        >>> check_place("results/scores.jsonl")
        >>> Path("results").is_dir(), Path("results/scores.jsonl").exists()
        (True, False)
    """
    place = Path(path).resolve()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", file=path) from error
    if place.is_dir():
        raise DataError("it cannot be written: it is a folder", file=path, remedy="give the name of a file")
    if not os.access(place.parent, os.W_OK):
        raise DataError("it cannot be written: its folder is read-only", file=path)
