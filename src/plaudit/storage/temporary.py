"""Names for what is written beside its place, and the end of what killed processes left under such names."""

from __future__ import annotations

import os
import platform
import shutil
import threading
from contextlib import suppress
from pathlib import Path

from plaudit.storage.run_record import short_hash

_KIND = ".part-"


def temporary_for(place: Path) -> Path:
    """A hidden path beside `place`, that no other thread writes to, with its suffix. What processes of this machine
    that are gone left for the same place is removed: nobody else would, and a model is gigabytes.

    Example:
        >>> temporary_for(Path("scores.jsonl")) == temporary_for(Path("scores.jsonl"))
        True
        >>> temporary_for(Path("scores.jsonl")).name.startswith(".part-")
        True
    """
    # Several machines may share the folder, and one does not know the processes of another.
    machine = f"{_KIND}{short_hash(platform.node())[:8]}-"
    with suppress(OSError):
        for path in place.parent.iterdir():
            if not path.name.startswith(machine):
                continue
            process, _, name = path.name.removeprefix(machine).split("-", 2)
            if name == place.name and not _exists(int(process)):
                _remove(path)
    return place.with_name(f"{machine}{os.getpid()}-{threading.get_native_id()}-{place.name}")


def _exists(process: int) -> bool:
    # Here, where it is seldom wanted: it takes a tenth of a second to import.
    import psutil

    exists: bool = psutil.pid_exists(process)
    return exists


def _remove(path: Path) -> None:
    # Two may remove the same at once.
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
