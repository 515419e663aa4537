"""The work list on disk: one finding a line, for people to read and to set `keep` in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from plaudit.doctor.cleaning import Removal
from plaudit.doctor.findings import Item, Target
from plaudit.errors import DataError, InvalidInputError
from plaudit.storage import check_place, json_line, replacing


def write_worklist(items: Iterable[Item], path: str | Path, *, overwrite: bool = False) -> None:
    """One JSON object a line, in the order of `items`. A list that is there, in which somebody may have set `keep`, is
    replaced with `overwrite` only.

    Raises:
        DataError: if the file cannot be written, or exists.

    Example:
        >>> item = Item("annotator-one-sided", 1.0, "always first", target=Target(annotator="jun"))
        >>> write_worklist([item], "one.jsonl")
        >>> Path("one.jsonl").read_text()[:45]  # for people, who may set `keep` to false
        '{"kind": "annotator-one-sided", "keep": true,'
    """
    check_place(path, overwrite=overwrite)
    with replacing(path) as temporary, temporary.open("wb") as out:
        out.writelines(json_line(item.to_json()).encode() for item in items)


def read_removals(path: str | Path) -> list[Removal]:
    """The removals of a work list: the targets of its lines with `"keep": false`. Lines may be deleted and reordered.

    Raises:
        DataError: for a file that cannot be read, and for a line that is no item, with its number.

    Example:
        >>> item = Item("annotator-one-sided", 1.0, "always first", keep=False, target=Target(annotator="jun"))
        >>> write_worklist([item], "work-list.jsonl")
        >>> [(removal.target.annotator, removal.line) for removal in read_removals("work-list.jsonl")]
        [('jun', 1)]
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise DataError(f"the work list cannot be read: {reason}", file=path) from error
    removals = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                target = _target_of_line(line)
            except InvalidInputError as error:
                raise DataError(error.message, file=path, line=number, remedy=error.remedy) from error
            if target is not None:
                removals.append(Removal(target, str(path), number))
    return removals


def _target_of_line(line: str) -> Target | None:
    """What a line removes; None if it is kept."""
    try:
        row = json.loads(line)
    except ValueError as error:
        raise InvalidInputError(f"the line is no JSON object ({error})", remedy="mend it or delete it") from error
    if not isinstance(row, Mapping) or not isinstance(row.get("keep"), bool):
        raise InvalidInputError('an item needs "keep": true or false')
    if row["keep"]:
        return None
    target = row.get("target")
    if not isinstance(target, Mapping):
        raise InvalidInputError(
            'the item has no "target", so there is nothing to take out', remedy='set "keep" to true'
        )
    return _target(target)


def _target(row: Mapping[str, Any]) -> Target:
    if "said" in row:
        raise InvalidInputError("a \"target\" has no 'said'", remedy="it is called 'judgement' now; make the list anew")
    unknown = sorted(set(row) - set(Target.__slots__))
    if unknown:
        raise InvalidInputError(f'a "target" has no {unknown[0]!r}', remedy="leave it as the doctor wrote it")
    group, annotator, responses = row.get("group"), row.get("annotator"), row.get("responses", [])
    ranking, rating = row.get("ranking"), row.get("rating")
    has_subject = isinstance(group, str) or (group is None and isinstance(annotator, str))
    has_numbers = _is_index_or_none(ranking) and _is_index_or_none(rating)
    has_responses = isinstance(responses, list) and all(isinstance(response, int) for response in responses)
    if not (has_subject and has_numbers and has_responses and (ranking is None or responses)):
        raise InvalidInputError('the "target" is damaged', remedy="leave it as the doctor wrote it")
    return Target(
        group=group,
        ranking=ranking,
        rating=rating,
        judgement=row.get("judgement"),
        responses=tuple(responses),
        annotator=annotator,
    )


def _is_index_or_none(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))
