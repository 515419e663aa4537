"""Where results go: nothing is replaced unasked, and what is read is never written over.

Verbs and functions that write ask `check_place` or `check_folder` before they do any work, so that an hour's run does
not end in a refusal. Neither makes anything.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from plaudit.errors import DataError

_REPLACE = "or replace what is there with --overwrite (overwrite=True)"


_OTHER_KINDS = {".csv", ".tsv", ".txt", ".xlsx", ".arrow", ".feather", ".yaml", ".yml", ".md", ".html"}


def check_ending(path: str | Path, written: str) -> None:
    """Raise if a file's name promises another kind of file than the one that is written.

    Args:
        path: of the file; `-` is stdout.
        written: the endings that are meant, for the message: ".jsonl or .jsonl.gz".

    Raises:
        DataError: if it ends like a table, a text or a page.

    Example:
        >>> check_ending("scores.csv", ".jsonl or .jsonl.gz")
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: scores.csv: JSON lines are written, which are no .csv; end the name in .jsonl or ...
    """
    ending = Path(path).suffix.lower()
    if ending in _OTHER_KINDS:
        raise DataError(
            f"JSON lines are written, which are no {ending}", file=path, remedy=f"end the name in {written}"
        )


def check_place(path: str | Path, *, overwrite: bool = False, inputs: Iterable[Any] = ()) -> None:
    """Raise unless a file can be written and may be.

    Args:
        path: of the file that is going to be written; `-` is stdout. A device or a pipe is written to, not replaced.
        overwrite: replace a file that is there.
        inputs: what is read: paths of files and folders. Whatever is no path here (`-`, a hub id) is passed over.

    Raises:
        DataError: if the file exists and `overwrite` is False, if it is one of the inputs, if it is a folder, or if it
            cannot be written.

    Example:
        >>> import tempfile
        >>> notes = Path(tempfile.mkdtemp(), "notes.txt")
        >>> check_place(notes)
        >>> notes.touch()
        >>> check_place(notes, overwrite=True)
        >>> check_place(notes, overwrite=True, inputs=[notes])  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: ...notes.txt: it is being read, so it is never replaced; name another file
    """
    if str(path) == "-":
        return
    check_writable(path)
    check_not_read(path, inputs)
    if not overwrite and Path(path).is_file():
        raise DataError("the file exists already", file=path, remedy=f"name another, {_REPLACE}")


def check_folder(
    folder: str | Path,
    *,
    overwrite: bool = False,
    files: Sequence[str] = (),
    inputs: Iterable[Any] = (),
    besides: Sequence[str] = (),
) -> None:
    """Raise unless files can be written into a folder and may be: it is new, empty, or may be written over.

    Args:
        folder: that is going to be written into.
        overwrite: write into a folder that holds something, replacing files of the same names.
        files: names of what is going to be written, where that is known.
        inputs: what is read, as in `check_place`; no file is to be one of them.
        besides: names that may stand there already.

    Raises:
        DataError: if it holds something and `overwrite` is False, if it is no folder or cannot be made or written to,
            or if one of the files is read.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> check_folder(folder)
        >>> (folder / "notes.txt").touch()
        >>> check_folder(folder, overwrite=True, files=["report.html"])
    """
    place = Path(folder)
    check_writable(place / "file", shown=folder)
    for name in files:
        check_not_read(place / name, inputs)
    if not overwrite and place.is_dir() and (held := contents(place, besides)):
        raise DataError(f"the folder is not empty: it holds {held[0]}", file=folder, remedy=f"name another, {_REPLACE}")
    for name in files:
        check_writable(place / name)


def contents(folder: Path, besides: Sequence[str] = ()) -> list[str]:
    """What a folder holds, by name, hidden files and `besides` left out; nothing where there is no folder.

    Example:
        >>> "plaudit.json" in contents(Path("my-bow")), contents(Path("no-folder"))
        (True, [])
    """
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.name not in besides)


def check_not_read(path: str | Path, inputs: Iterable[Any]) -> None:
    """Raise if a file is one of the inputs, or stands in one that is a folder, whatever links or dots lead there.

    Example:
        >>> check_not_read("results/../train.jsonl", ["train.jsonl"])
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: results/../train.jsonl: it is being read, so it is never replaced; name another file
    """
    place = Path(path).resolve()
    if not place.is_file():
        return
    for source in filter(None, map(_path, inputs)):
        if source.samefile(place) or source.resolve() in place.parents:
            raise DataError("it is being read, so it is never replaced", file=path, remedy="name another file")


def check_writable(path: str | Path, shown: str | Path | None = None) -> None:
    """Raise unless a file of this name could be written; folders on the way there may be missing. `shown`: what the
    error names, if not the file."""
    shown = path if shown is None else shown
    place = Path(path).resolve()
    try:
        if place.is_dir():
            raise DataError("it cannot be written: it is a folder", file=shown, remedy="give the name of a file")
        nearest = next(folder for folder in place.parents if folder.exists())
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror or error}", file=shown) from error
    if not nearest.is_dir():
        raise DataError(f"it cannot be written: {nearest} is a file, not a folder", file=shown)
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise DataError("it cannot be written: its folder is read-only", file=shown)


@contextmanager
def making(folder: Path) -> Iterator[None]:
    """Make a folder, and those above it, for a block that writes into it. If the block fails, those that were made
    here and hold nothing go again.

    Raises:
        OSError: if it cannot be made.

    Example:
        >>> from contextlib import suppress
        >>> with suppress(ValueError), making(Path("new/deep")):
        ...     raise ValueError("no luck")
        >>> Path("new").exists()
        False
    """
    new = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        for place in new:
            with suppress(OSError):
                place.rmdir()
        raise


@contextmanager
def gone_on_failure(path: Path) -> Iterator[None]:
    """A file that a block makes, but not one that was there before, is removed if the block fails.

    Example:
        >>> from contextlib import suppress
        >>> with suppress(ValueError), gone_on_failure(Path("notes.txt")):
        ...     _ = Path("notes.txt").write_text("half")
        ...     raise ValueError("no luck")
        >>> Path("notes.txt").exists()
        False
    """
    before = path.exists()
    new = [place for place in path.parents if not place.exists()]
    try:
        yield
    except BaseException:
        if not before and path.is_file():
            path.unlink()
        for place in new:
            with suppress(OSError):
                place.rmdir()
        raise


def _path(source: Any) -> Path | None:
    """An input's path, if it has one: `folder@split` is a folder's."""
    if not isinstance(source, str | Path) or not str(source) or str(source) == "-":
        return None
    try:
        candidates = (Path(source).expanduser(), Path(str(source).rpartition("@")[0] or source).expanduser())
        return next((path for path in candidates if path.exists()), None)
    except (OSError, RuntimeError):
        return None
