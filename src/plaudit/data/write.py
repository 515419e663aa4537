"""Groups -> files: Plaudit's own shape, TRL's and OpenRLHF's pairs, Label Studio's tasks and Argilla's records, each
written whole or not at all."""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from plaudit._arguments import checked
from plaudit.data.pair_rows import OutputRow, openrlhf_rows, trl_conversational_rows, trl_rows
from plaudit.data.parquet import write_parquet
from plaudit.data.record_rows import record_rows
from plaudit.data.task_rows import CONFIG_FILE, TaskForm, config_of, task_rows
from plaudit.errors import DataError, NotFoundError
from plaudit.groups import Group, each_group
from plaudit.storage import check_ending, check_place, json_line, replacing


@checked
def write_groups(
    groups: Iterable[Group],
    path: str | Path,
    format: str = "native",
    *,
    lost: Counter[str] | None = None,
    overwrite: bool = False,
) -> int:
    """Writes groups and returns how many rows were written: groups, pairs, tasks or records.

    A file appears under its name only when it is whole: an interrupt or a full disc leaves what was there before.

    Args:
        groups: read as they are written.
        path: `.jsonl`, `.jsonl.gz` or (native only) `.parquet`; `.json` for `label-studio` and `argilla`, which are one
            list; `-` for stdout.
        format: `native`; `trl` (prompt, chosen and rejected are text); `trl-conversational` (they are messages);
            `openrlhf` (chosen and rejected are whole conversations); `label-studio` (tasks with annotations, and beside
            the file the labelling configuration, `label-studio.xml`); `argilla` (records).
        lost: gains what the format has no place for -> how many there were. Without it, a warning says so.
        overwrite: replace a file that is there.

    Raises:
        NotFoundError: for an unknown format.
        DataError: for a group that the format cannot hold at all (messages in `trl`), for a file that exists, and for
            a name that promises another kind of file.
        TypeError: if `groups` are not groups.

    Example:
        >>> import pathlib, tempfile
        >>> from plaudit.groups import Ranking
        >>> file = pathlib.Path(tempfile.mkdtemp(), "pairs.jsonl")
        >>> write_groups([Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))], file, "trl")
        1
        >>> file.read_text()
        '{"prompt": "2 + 2?", "chosen": "4", "rejected": "5", "id": "q"}\\n'
    """
    groups = each_group(groups)
    _check_format(format, path)
    check_place(path, overwrite=overwrite)
    counter = lost if lost is not None else Counter()
    if format in _LISTS:
        written = _LISTS[format](groups, path, counter, overwrite)
    elif str(path) == "-":
        written = _write_lines(sys.stdout.buffer, _rows(groups, format, counter))
        sys.stdout.flush()
    elif Path(path).suffix == ".parquet":
        if format != "native":
            raise DataError("only the native format is written as Parquet", file=path, remedy="name a .jsonl file")
        with replacing(path) as temporary:
            written = write_parquet(groups, temporary, counter)
    else:
        written = _write_json_lines(path, _rows(groups, format, counter))
    if lost is None and counter:
        warnings.warn(f"{path} ({format}) has no place for {lost_in_words(counter)}", stacklevel=2)
    return written


def _check_format(format: str, path: str | Path) -> None:
    """Raise for an unknown format, and for a name that promises another kind of file."""
    if format not in _ROWS and format not in _LISTS:
        known = ", ".join((*_ROWS, *_LISTS))
        raise NotFoundError(f"groups cannot be written as {format!r}", remedy=f"the formats are {known}")
    if format in _ROWS:
        check_ending(path, ".jsonl, .jsonl.gz or .parquet")
    elif str(path) != "-" and Path(path).suffix != ".json":
        raise DataError(f"{format} is written as one JSON list", file=path, remedy="end the name in .json")


def lost_in_words(lost: Counter[str]) -> str:
    """For example `14 ties, 3 ratings`.

    Example:
        >>> lost_in_words(Counter({"ties": 1400, "ratings": 3}))
        '1,400 ties, 3 ratings'
    """
    return ", ".join(f"{count:,} {what}" for what, count in lost.items())


def _rows(groups: Iterable[Group], format: str, lost: Counter[str]) -> Iterator[OutputRow]:
    for group in groups:
        yield from _ROWS[format](group, lost)


def _write_json_lines(path: str | Path, rows: Iterable[OutputRow]) -> int:
    packed = Path(path).suffix == ".gz"
    with replacing(path) as temporary:
        margins: Counter[bool] = Counter()
        written = _write_file(temporary, _counted(rows, margins), packed)
        if len(margins) > 1:
            _fill_margins(temporary, packed)
    return written


def _write_file(path: Path, rows: Iterable[OutputRow], packed: bool) -> int:
    with path.open("wb") as raw:
        if not packed:
            return _write_lines(raw, rows)
        # No name and no time in the gzip header: the same groups give the same bytes.
        with gzip.GzipFile("", "wb", 6, raw, mtime=0) as stream:
            return _write_lines(stream, rows)


def _write_lines(stream: Any, rows: Iterable[OutputRow]) -> int:
    count = 0
    for row in rows:
        stream.write(json_line(row, allow_nan=True).encode())
        count += 1
    return count


def _counted(rows: Iterable[OutputRow], margins: Counter[bool]) -> Iterator[OutputRow]:
    for row in rows:
        margins["margin" in row] += 1
        yield row


def _fill_margins(path: Path, packed: bool) -> None:
    """Margin 0 in the rows without one: trainers stack the column, so all rows need it or none. 0 changes no loss."""
    opened: Any = gzip.open if packed else open
    bare = path.with_name(f"{path.name}.bare")
    path.rename(bare)
    try:
        with opened(bare, "rb") as lines:
            _write_file(path, ({**row, "margin": row.get("margin", 0)} for row in map(json.loads, lines)), packed)
    finally:
        bare.unlink()


def _write_tasks(groups: Iterable[Group], path: str | Path, lost: Counter[str], overwrite: bool) -> int:
    """Label Studio's tasks, and their configuration where it has a place. Groups are gone over twice, since the form of
    the first task depends on the last group; in between they stand in a temporary file."""
    is_file = str(path) != "-" and (Path(path).is_file() or not Path(path).exists())
    config = Path(path).with_name(CONFIG_FILE) if is_file else None
    if config is not None:
        check_place(config, overwrite=overwrite)
    form = TaskForm()
    with TemporaryFile() as spool:
        for group in groups:
            form.add(group)
            _spool(spool, group)
        spool.seek(0)
        again = map(Group.from_dict, map(json.loads, spool))
        with nullcontext() if config is None else replacing(config) as labelling:
            written = _write_list(path, task_rows(again, form, lost))
            if labelling is not None:
                labelling.write_text(config_of(form), encoding="utf-8")
    return written


def _spool(spool: IO[bytes], group: Group) -> None:
    try:
        spool.write(json_line(group.to_dict(), allow_nan=True).encode())
    except OSError as error:
        raise DataError(
            f"temporary files cannot be kept: {error.strerror or error}", remedy="set TMPDIR to a folder with more room"
        ) from error


def _write_records(groups: Iterable[Group], path: str | Path, lost: Counter[str], overwrite: bool) -> int:
    return _write_list(path, chain.from_iterable(record_rows(group, lost) for group in groups))


def _write_list(path: str | Path, rows: Iterable[OutputRow]) -> int:
    """One JSON list, an element a line, as its rows come."""
    if str(path) == "-":
        written = _write_elements(sys.stdout.buffer, rows)
        sys.stdout.flush()
        return written
    with replacing(path) as temporary, temporary.open("wb") as stream:
        return _write_elements(stream, rows)


def _write_elements(stream: Any, rows: Iterable[OutputRow]) -> int:
    count = 0
    for row in rows:
        stream.write((",\n" if count else "[\n").encode() + json_line(row, allow_nan=True).rstrip("\n").encode())
        count += 1
    stream.write(b"\n]\n" if count else b"[]\n")
    return count


def _native(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    yield group.to_dict()


_ROWS: dict[str, Callable[[Group, Counter[str]], Iterator[OutputRow]]] = {
    "native": _native,
    "trl": trl_rows,
    "trl-conversational": trl_conversational_rows,
    "openrlhf": openrlhf_rows,
}

_LISTS: dict[str, Callable[[Iterable[Group], str | Path, Counter[str], bool], int]] = {
    "label-studio": _write_tasks,
    "argilla": _write_records,
}
"""Formats that are one JSON list."""
