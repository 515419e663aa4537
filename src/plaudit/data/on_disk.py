"""Large files as sequences of groups that stay on disk.

They are read once: the groups are kept in the cache, in a folder named by a hash of the files' bytes, of how they are
read and of the code that reads them. Every other process and run then opens that folder. What reading warned of and set
aside is kept with them, and said again.
"""

from __future__ import annotations

import hashlib
import inspect
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from plaudit.data.group_store import GroupStore, store_digest, write_store
from plaudit.data.read import load_groups, read_groups
from plaudit.data.read_report import ReadReport, Reject, RejectsFile, check_rejects
from plaudit.data.read_tables import Labels
from plaudit.data.sources import Source, files_of, list_sources
from plaudit.groups import Group, each_group, text_key
from plaudit.storage import cache_folder, cached, code_hash, replacing

MOST_IN_MEMORY = 16 << 20
"""Bytes of text up to which groups are a list, which is quicker; of compressed files a quarter."""

logger = logging.getLogger(__name__)

_COMPRESSED = (".gz", ".parquet", ".arrow")
_CODE = ("data", "judgements", "groups.py", "_group_json.py", "_texts.py")
_REJECTS = "rejects.jsonl"

_Warning = tuple[str, int, str]
"""A logger's name, a level and a message."""


def open_groups(
    source: Source,
    *,
    format: str | None = None,
    columns: Mapping[str, str] | None = None,
    labels: Labels | None = None,
    rejects: str | Path | RejectsFile | None = None,
    split: str | None = None,
    report: ReadReport | None = None,
    change: Callable[[Group], Group] | None = None,
) -> Sequence[Group]:
    """The groups of `load_groups`, of which those of large files stay on disk and are read when they are asked for.

    Memory stays bounded, whatever there is to read, and processes that open the same files share it. Small files are
    read as `load_groups` reads them, into a list.

    Args:
        source, format, columns, labels, rejects, split: those of `load_groups`.
        report: filled with what reading met; of files that were read before, with `groups` and `rejected` alone.
        change: what is made of each group when it is read, such as `plaudit.judgements.majority`.

    Raises:
        PlauditError: as `load_groups`, and if the groups cannot be kept in the cache.

    Example:
        >>> groups = open_groups("train.jsonl")
        >>> len(groups), groups[0].id
        (60, 'q0')
    """
    report = ReadReport() if report is None else report
    how: dict[str, Any] = {"format": format, "columns": columns, "labels": labels, "split": split}
    files = files_of(source)
    if files is not None and _size(files) <= MOST_IN_MEMORY:
        groups = load_groups(source, rejects=rejects, report=report, **how)
        return groups if change is None else list(map(change, groups))
    if files is None:
        return keep_groups(_changed(read_groups(source, rejects=rejects, report=report, **how), change))
    check_rejects(rejects, list_sources(source))
    # Of several processes the first writes the rejects, and the others pass over them: they read the same groups.
    sets_aside = rejects is not None or report.keep_going
    folder = cache_folder() / "groups" / _name(files, source, change, {**how, "sets_aside": sets_aside})
    warned: list[_Warning] = []
    written = False

    def write(place: Path) -> None:
        nonlocal written
        aside = place / _REJECTS if sets_aside else None
        with _recording(warned):
            read = _changed(read_groups(source, rejects=aside, report=report, **how), change)
            write_store(place, read, lambda: {"warned": warned, "rejected": report.rejected})
        written = True

    store = GroupStore(cached(folder, write))
    if not written:
        _tell_again(store, report)
    if rejects is not None:
        with replacing(rejects.path if isinstance(rejects, RejectsFile) else rejects) as temporary:
            shutil.copyfile(folder / _REJECTS, temporary)
    return store


def keep_groups(groups: Iterable[Group]) -> Sequence[Group]:
    """Groups as a list, or, where that would be large, on disk in the cache, named by a hash of what they are.

    Example:
        >>> keep_groups(Group(f"{n}", f"{n} + 1?", (f"{n + 1}", "No idea.")) for n in range(3))[2]
        Group('2': 2 responses)
    """
    if isinstance(groups, GroupStore):
        return groups
    held: list[Group] = []
    size, rest = 0, each_group(groups)
    for group in rest:
        held.append(group)
        size += sum(len(text if isinstance(text, str) else text_key(text)) for text in (group.prompt, *group.responses))
        if size > MOST_IN_MEMORY:
            break
    else:
        return held
    if isinstance(groups, Sequence):
        # They are there to be read twice: once for their name, and once more by the one process that writes them.
        folder = cache_folder() / "groups" / store_digest(each_group(groups))[:32]
        return GroupStore(cached(folder, lambda place: write_store(place, each_group(groups))))
    with tempfile.TemporaryDirectory(prefix="plaudit-") as temporary:
        written = Path(temporary, "store")
        write_store(written, chain(held, rest))
        folder = cache_folder() / "groups" / GroupStore(written).digest[:32]
        return GroupStore(cached(folder, lambda place: shutil.copytree(written, place, dirs_exist_ok=True)))


def _changed(groups: Iterable[Group], change: Callable[[Group], Group] | None) -> Iterable[Group]:
    return groups if change is None else map(change, groups)


def _size(files: Sequence[Path]) -> int:
    return sum(path.stat().st_size * (4 if path.suffix in _COMPRESSED else 1) for path in files)


def _name(files: Sequence[Path], source: Source, change: Callable[..., Any] | None, how: Mapping[str, Any]) -> str:
    """A hash of all that decides what is read, and what is said about it."""
    changed = change and f"{change.__module__}.{change.__qualname__}: {inspect.getsource(change)}"
    digest = hashlib.sha256(repr((*map(str, list_sources(source)), changed, sorted(how.items()))).encode())
    digest.update(code_hash(*_CODE).encode())
    for path in files:
        digest.update(str(path.resolve()).encode("utf-8", "surrogatepass"))
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:32]


def _tell_again(store: GroupStore, report: ReadReport) -> None:
    """Say what whoever read the files was told."""
    logger.info("groups read from %s", store.folder)
    report.groups = len(store)
    report.rejected.extend(Reject(*one) for one in store.facts["rejected"])
    for name, level, message in store.facts["warned"]:
        logging.getLogger(name).log(level, "%s", message)


class _Recorder(logging.Handler):
    """Keeps warnings as they pass."""

    def __init__(self, kept: list[_Warning]) -> None:
        super().__init__(logging.WARNING)
        self._kept = kept

    def emit(self, record: logging.LogRecord) -> None:
        self._kept.append((record.name, record.levelno, record.getMessage()))


@contextmanager
def _recording(kept: list[_Warning]) -> Iterator[None]:
    """Warnings of reading are kept, even those of a process that is muted, since others will want them."""
    room, recorder = logging.getLogger("plaudit.data"), _Recorder(kept)
    before = room.level, room.propagate
    room.propagate = room.propagate and room.isEnabledFor(logging.WARNING)
    room.setLevel(logging.WARNING if room.level == logging.NOTSET else room.level)
    room.addHandler(recorder)
    try:
        yield
    finally:
        room.removeHandler(recorder)
        room.setLevel(before[0])
        room.propagate = before[1]
