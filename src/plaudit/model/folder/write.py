"""Writing a model folder so that an interrupt or a full disk leaves the old one whole."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from plaudit.errors import InvalidInputError
from plaudit.model.folder.contents import CHECKPOINTS, LOGS, is_model_folder, is_of_model
from plaudit.storage import check_folder, contents, making, temporary_for


def check_model_folder(folder: Path, *, overwrite: bool, exactly: bool = True) -> None:
    """Raise unless a model can be written into a folder and may be: it is new or empty, or holds a model of Plaudit's
    that may be replaced. Anything else in a folder is somebody's, and is neither removed nor mixed with a model.

    Args:
        folder: where to.
        overwrite: replace a model that is there.
        exactly: refuse a model folder that holds something else besides.

    Raises:
        PlauditError: if it may not, or cannot be written to.

    Example:
        >>> check_model_folder(Path("my-bow"), overwrite=True)
        >>> check_model_folder(Path("my-bow"), overwrite=False)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: my-bow holds a trained model; choose another folder, or replace it with ...
    """
    check_folder(folder, overwrite=True)
    held = contents(folder)
    if not held:
        return
    if not is_model_folder(folder):
        raise InvalidInputError(
            f"{folder} is not empty, and no model folder: it holds {held[0]}", remedy="choose another folder with -o"
        )
    if not overwrite:
        raise InvalidInputError(
            f"{folder} holds a trained model",
            remedy="choose another folder, or replace it with --overwrite (overwrite=True)",
        )
    if exactly and (others := [name for name in held if not is_of_model(name) and name not in (CHECKPOINTS, LOGS)]):
        raise InvalidInputError(
            f"{folder} holds {others[0]} beside a model, and would be replaced whole",
            remedy="move it away, or choose another folder with -o",
        )


def check_not_made_of(source: str | Path, output: Path) -> None:
    """Raise if a model would be written over a folder that it is made of.

    Args:
        source: a model or backbone by name; only a local folder can be in the way.
        output: where the model is going to stand.

    Example:
        >>> check_not_made_of("my-backbone", Path("my-model"))
        >>> check_not_made_of("my-backbone", Path("my-backbone"))  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: my-backbone would be replaced by what is made of it; choose another folder ...
    """
    folder = Path(source).expanduser().resolve()
    if folder.is_dir() and output.resolve() in (folder, *folder.parents):
        raise InvalidInputError(
            f"{source} would be replaced by what is made of it", remedy="choose another folder with -o"
        )


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write into. When the block ends well its files take the place of those of the model in
    `folder`, each by one rename; if it fails, `folder` is as it was, and not there if it was not.

    Whatever else the earlier model had (other shards, a tokenizer, baselines, members) goes, so that no loader mixes
    the two. What no model has, stays.

    Raises:
        PlauditError: if the folder cannot be written (a full disk, no permission), or this is not the first of the
            processes that torch knows of: transformers writes nothing there, and says nothing.

    Example:
        >>> with staged(Path("my-folder")) as staging:
        ...     _ = (staging / "notes.txt").write_text("All or nothing.")
        >>> [path.name for path in Path("my-folder").iterdir()]
        ['notes.txt']
    """
    _check_first_process(folder)
    try:
        with making(folder):
            staging = temporary_for(folder / "model")
            try:
                staging.mkdir()
                yield staging
                with _deferred_interrupt():
                    _move_in(staging, folder)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(
            f"saving to {folder} failed ({reason})", remedy="what was there before is unchanged"
        ) from error


def _check_first_process(folder: Path) -> None:
    from torch import distributed

    if distributed.is_available() and distributed.is_initialized() and (rank := distributed.get_rank()):
        raise InvalidInputError(
            f"process {rank} of several cannot save to {folder}", remedy="save in the first, whose rank is 0"
        )


def _move_in(staging: Path, folder: Path) -> None:
    names = sorted(path.name for path in staging.iterdir())
    for name in names:
        # safetensors lets only the owner read what it writes; whoever may read the folder may read its files.
        if (staging / name).is_file():
            (staging / name).chmod(folder.stat().st_mode & 0o666)
        elif (folder / name).is_dir():
            shutil.rmtree(folder / name)
        (staging / name).replace(folder / name)
    for stale in list(folder.iterdir()):
        if is_of_model(stale.name) and stale.name not in names:
            remove(stale)


def remove(path: Path) -> None:
    """A file, a link or a whole folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextmanager
def new_folder(output: Path, *, overwrite: bool = False) -> Iterator[Path]:
    """Yield an empty folder that becomes `output`, whole, when the block ends well, in the place of a model there if
    `overwrite` says so.

    Raises:
        PlauditError: if something stands in `output` already, or it cannot be written.
    """
    check_model_folder(output, overwrite=overwrite)
    output = output.resolve()
    try:
        with making(output.parent):
            staging = temporary_for(output)
            try:
                staging.mkdir()
                yield staging
                with _deferred_interrupt():
                    _replace_folder(output, staging)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot write {output}: {reason}", remedy="choose another folder with -o") from error


def _replace_folder(output: Path, new: Path) -> None:
    """Let a folder take another's place. Between the two renames the old one stands beside it, under a name that nobody
    tidies away: a process that is killed there loses neither."""
    aside = output.with_name(f".replaced-{output.name}")
    if not output.exists():
        new.rename(output)
        return
    remove(aside)
    output.rename(aside)
    try:
        new.rename(output)
    except OSError:
        aside.rename(output)
        raise
    remove(aside)


@contextmanager
def _deferred_interrupt() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back for the moment that the renames take. Only the main thread may."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    held = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, lambda number, frame: arrived.append(number)) for each in held]
    try:
        yield
    finally:
        for number, handler in zip(held, before, strict=True):
            signal.signal(number, handler)
    if arrived:
        os.kill(os.getpid(), arrived[0])
