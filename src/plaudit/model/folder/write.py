"""Writing a model folder so that an interrupt or a full disk leaves the old one whole."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from plaudit.errors import InvalidInputError
from plaudit.model.folder.contents import HEADS_FILE


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Yield an empty folder to write into. When the block ends well its files replace those of the same name in
    `folder`, each by one rename; if it fails, `folder` is as it was.

    Weight files of an earlier save that the new one does not have (other shards, heads) are removed, so that no loader
    mixes the two.

    Raises:
        PlauditError: if the folder cannot be written (a full disk, no permission).

    Example:
        >>> with staged(Path("my-folder")) as staging:
        ...     _ = (staging / "notes.txt").write_text("All or nothing.")
        >>> [path.name for path in Path("my-folder").iterdir()]
        ['notes.txt']
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=folder, prefix=".saving-"))
    except OSError as error:
        raise InvalidInputError(
            f"cannot write to {folder}: {error.strerror}", remedy="choose another folder with -o"
        ) from error
    try:
        yield staging
        names = sorted(path.name for path in staging.iterdir())
        with _deferred_interrupt():
            for name in names:
                # safetensors lets only the owner read what it writes; whoever may read the folder may read its files.
                (staging / name).chmod(folder.stat().st_mode & 0o666)
                (staging / name).replace(folder / name)
            for stale in [*folder.glob("model*.safetensors*"), *folder.glob(HEADS_FILE)]:
                if any(name.startswith("model") for name in names) and stale.name not in names:
                    stale.unlink()
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(
            f"saving to {folder} failed ({reason})", remedy="what was there before is unchanged"
        ) from error
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def new_folder(output: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `output`, whole, when the block ends well.

    Raises:
        PlauditError: if something stands in `output` already, or it cannot be written.
    """
    if output.exists() and not (output.is_dir() and not any(output.iterdir())):
        raise InvalidInputError(f"{output} is not empty", remedy="choose another folder with -o, or remove it")
    staging: Path | None = None
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=output.parent, prefix=f".combining-{output.name}-"))
        yield staging
        # Only the owner may open what mkdtemp makes; the model is for whoever may read the folder it stands in.
        staging.chmod(output.parent.stat().st_mode & 0o777)
        with suppress(FileNotFoundError):
            output.rmdir()
        staging.rename(output)
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidInputError(f"cannot write {output}: {reason}", remedy="choose another folder with -o") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def _deferred_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back for the moment that the renames take. Only the main thread may; elsewhere none arrives."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: arrived.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if arrived:
        os.kill(os.getpid(), signal.SIGINT)
