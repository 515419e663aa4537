"""The work list on disk: one finding a line, for a person to go through and to set `keep` in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from plaudit.doctor.cleaning import Order
from plaudit.doctor.findings import Item, Target
from plaudit.errors import DataError
from plaudit.storage import json_line, replacing


def write_worklist(items: Iterable[Item], path: str | Path) -> None:
    """One JSON object a line, in the order given.

    Raises:
        DataError: if the file cannot be written.
    """
    with replacing(path) as temporary, temporary.open("wb") as out:
        out.writelines(json_line(item.to_json()).encode() for item in items)


def read_orders(path: str | Path) -> list[Order]:
    """The removals of a work list: the targets of its lines with `"keep": false`. Lines may be deleted and reordered.

    Raises:
        DataError: for a file that cannot be read, and for a line that is no item, with its number.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(f"the work list cannot be read: {reason}", str(path)) from error
    orders = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            orders += _order(line, f"{path}:{number}")
    return orders


def _order(line: str, where: str) -> list[Order]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DataError(f"the line is no JSON object ({error}); mend it or delete it", where) from error
    if not isinstance(row, Mapping) or not isinstance(row.get("keep"), bool):
        raise DataError('an item needs "keep": true or false', where)
    if row["keep"]:
        return []
    target = row.get("target")
    if not isinstance(target, Mapping):
        raise DataError('the item has no "target", so there is nothing to take out; set "keep" to true', where)
    return [Order(_target(target, where), where)]


def _target(row: Mapping[str, Any], where: str) -> Target:
    unknown = sorted(set(row) - set(Target.__slots__))
    if unknown:
        raise DataError(f'a "target" has no {unknown[0]!r}; leave it as the doctor wrote it', where)
    group, annotator, responses = row.get("group"), row.get("annotator"), row.get("responses", [])
    ranking, rating = row.get("ranking"), row.get("rating")
    sound = (
        (isinstance(group, str) or (group is None and isinstance(annotator, str)))
        and all(
            number is None or (isinstance(number, int) and not isinstance(number, bool)) for number in (ranking, rating)
        )
        and isinstance(responses, list)
        and all(isinstance(one, int) for one in responses)
        and (ranking is None or bool(responses))
    )
    if not sound:
        raise DataError('the "target" is damaged; leave it as the doctor wrote it', where)
    return Target(group, ranking, rating, row.get("said"), tuple(responses), annotator)
