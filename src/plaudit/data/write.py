"""Groups -> files: Plaudit's own shape, TRL's preference rows and OpenRLHF's, each written whole or not at all."""

from __future__ import annotations

import gzip
import json
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.data.parquet import write_parquet
from plaudit.errors import DataError, NotFoundError
from plaudit.groups import Group, Text, as_messages, each_group
from plaudit.storage import check_ending, check_place, json_line, replacing

OutputRow = dict[str, Any]


@checked
def write_groups(
    groups: Iterable[Group],
    path: str | Path,
    format: str = "native",
    *,
    lost: Counter[str] | None = None,
    overwrite: bool = False,
) -> int:
    """Writes groups and returns how many rows were written (groups in `native`, pairs in the others).

    A file appears under its name only when it is whole: an interrupt or a full disc leaves what was there before.

    Args:
        groups: read as they are written.
        path: `.jsonl`, `.jsonl.gz` or (native only) `.parquet`; `-` for stdout, as JSON lines.
        format: `native`; `trl` (prompt, chosen and rejected are text); `trl-conversational` (they are messages);
            `openrlhf` (chosen and rejected are whole conversations).
        lost: gains what the format has no place for -> how many there were. Without it, a warning says so.
        overwrite: replace a file that is there.

    Raises:
        NotFoundError: for an unknown format.
        DataError: for a group that the format cannot hold at all (messages in `trl`), and for a file that exists.
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
    if format not in _ROWS:
        raise NotFoundError(f"groups cannot be written as {format!r}", remedy=f"the formats are {', '.join(_ROWS)}")
    check_ending(path, ".jsonl, .jsonl.gz or .parquet")
    check_place(path, overwrite=overwrite)
    counter = lost if lost is not None else Counter()
    if str(path) == "-":
        written = _write_lines(sys.stdout.buffer, _rows(groups, format, counter))
        sys.stdout.flush()
    elif Path(path).suffix == ".parquet":
        if format != "native":
            raise DataError("only the native format is written as Parquet", file=path, remedy="name a .jsonl file")
        with replacing(path) as temporary:
            written = write_parquet(groups, temporary, counter)
    else:
        packed = Path(path).suffix == ".gz"
        with replacing(path) as temporary:
            margins: Counter[bool] = Counter()
            written = _write_file(temporary, _counted(_rows(groups, format, counter), margins), packed)
            if len(margins) > 1:
                _fill_margins(temporary, packed)
    if lost is None and counter:
        warnings.warn(f"{path} ({format}) has no place for {lost_in_words(counter)}", stacklevel=2)
    return written


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


def _native(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    yield group.to_dict()


def _trl(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    def text(value: Text) -> str:
        if not isinstance(value, str):
            raise DataError(
                f"the group {group.id} holds messages, which `trl` writes as text", remedy="use trl-conversational"
            )
        return value

    for better, worse, about in _pairs(group, lost):
        yield {"prompt": text(group.prompt), "chosen": text(better), "rejected": text(worse), **about}


def _trl_conversational(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    prompt = as_messages(group.prompt, "user")
    for better, worse, about in _pairs(group, lost):
        yield {
            "prompt": prompt,
            "chosen": as_messages(better, "assistant"),
            "rejected": as_messages(worse, "assistant"),
            **about,
        }


def _openrlhf(group: Group, lost: Counter[str]) -> Iterator[OutputRow]:
    prompt = as_messages(group.prompt, "user")
    for better, worse, about in _pairs(group, lost):
        sides = {
            "chosen": prompt + as_messages(better, "assistant"),
            "rejected": prompt + as_messages(worse, "assistant"),
        }
        yield {**sides, **about}


def _pairs(group: Group, lost: Counter[str]) -> Iterator[tuple[Text, Text, OutputRow]]:
    """Every untied comparison as (better, worse, columns about it); what pairs cannot say is counted."""
    compared: set[int] = set()
    for ranking in group.rankings:
        lost.update({"weights other than 1": 1} if ranking.weight != 1 else {})
        for a, b, tied in ranking.comparisons():
            if tied:
                lost["ties"] += 1
                continue
            compared |= {a, b}
            about: OutputRow = {
                "id": group.id,
                "subset": group.subset,
                "tools": [dict(tool) for tool in group.tools] or None,
                "annotator": ranking.annotator,
                "margin": ranking.strength,
            }
            yield group.responses[a], group.responses[b], {k: v for k, v in about.items() if v is not None}
    lost.update({"ratings": len(group.ratings)} if group.ratings else {})
    lost.update({"groups' own columns (meta)": 1} if group.meta else {})
    left = len(group.responses) - len(compared)
    lost.update({"responses in no untied comparison": left} if left else {})


_ROWS: dict[str, Callable[[Group, Counter[str]], Iterator[OutputRow]]] = {
    "native": _native,
    "trl": _trl,
    "trl-conversational": _trl_conversational,
    "openrlhf": _openrlhf,
}
