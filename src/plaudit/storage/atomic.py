"""Files that appear under their name only when they are whole."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from plaudit.errors import DataError
from plaudit.storage.places import check_writable, making
from plaudit.storage.temporary import temporary_for


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A temporary path with `path`'s suffix, that takes its place when the block ends well, and goes when it does not.

    Missing folders are made, and go again if the block fails. A link stays a link, to the file that is replaced. A
    device or a pipe is never replaced but written to. Whether a file may be replaced is asked of `check_place`.

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
    temporary = temporary_for(Path(tempfile.gettempdir(), place.name) if is_stream else place)
    check_writable(path)
    try:
        with making(temporary.parent), _removed(temporary):
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


@contextmanager
def _removed(temporary: Path) -> Iterator[None]:
    try:
        yield
    finally:
        with suppress(OSError):
            temporary.unlink()
