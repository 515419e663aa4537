"""Label Studio's exports: tasks with their annotations (JSON), and an annotation a row (JSON-MIN, CSV)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.carried import CARRIED, carried_form, is_carried, restored
from plaudit.data.formats.fields import leave, leave_each, take
from plaudit.data.formats.forms import Form, FormAnswer, annotator_of, form_of, groups_of
from plaudit.groups import Group, GroupError

_VALUES = ("selected", "rating", "number", "ranker", "choices", "text")
"""Where the value of a result stands, by the tag that gave it."""

_JUDGING = {*_VALUES} - {"text"}

_PLACE = re.compile(r"rank-(\d+)")
"""A bucket of which the order is known: Plaudit's labelling configuration has one for each place."""

_SIDES = ("answer1", "answer2")
"""The fields of a pair that Plaudit wrote."""

_BOOKKEEPING = ("id", "was_cancelled", "ground_truth", "lead_time")


def knows_tasks(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("data"), Mapping) and isinstance(row.get("annotations"), list)


def read_task(row: dict[str, Any], file: FileReading) -> list[Group]:
    """A task's annotations; never those that were skipped, and never predictions.

    Example:
        >>> result = {"from_name": "better", "to_name": "answer1,answer2", "value": {"selected": "right"}}
        >>> task = {"prompt": "2 + 2?", "answer1": "5", "answer2": "4"}
        >>> row = {"data": task, "annotations": [{"completed_by": 3, "result": [result]}]}
        >>> [group] = read_task(row, FileReading())
        >>> group.rankings
        (Ranking(tiers=((1,), (0,)), strength=None, annotator='3', weight=1.0),)
    """
    annotations, data = row.pop("annotations", None), row.pop("data", None)
    if not isinstance(data, Mapping):
        raise GroupError('"data" must be an object with what was shown')
    if not isinstance(annotations, list) or not all(isinstance(one, Mapping) for one in annotations):
        raise GroupError('"annotations" must be a list of objects')
    fields = {name: value for name, value in data.items() if value is not None}
    carried = fields.pop(CARRIED) if is_carried(fields.get(CARRIED)) else None
    form = form_of(fields) if carried is None else _carried_form(carried, fields)
    sheets: list[tuple[str | None, Sequence[FormAnswer]]] = []
    rests: list[dict[str, Any]] = []
    for annotation in annotations:
        rest = dict(annotation)
        results, annotator = rest.pop("result", None), _annotator(take(rest, "completed_by"))
        skipped = rest.pop("was_cancelled", False)
        rests.append(rest)
        if skipped:
            file.note("somebody skipped the task; that annotation is left out")
            continue
        if not isinstance(results, list) or not all(isinstance(one, Mapping) for one in results):
            raise GroupError('the "result" of an annotation must be a list of objects')
        sheets.append((annotator, [_answer(form, str(one.get("from_name")), one, annotator) for one in results]))
    if carried is not None:  # the number and the times are Label Studio's
        row.pop("id", None)
        rests = [{name: value for name, value in rest.items() if name not in _BOOKKEEPING} for rest in rests]
    leave(row, "data", fields)
    leave_each(row, "annotations", rests)
    if carried is not None:
        return [restored(carried, form, sheets, row, file)]
    return groups_of(form, [answer for _, answers in sheets for answer in answers], row, file)


def is_ours(row: Mapping[str, Any]) -> bool:
    """Whether a task was written by `write_groups`."""
    data = row.get("data")
    return isinstance(data, Mapping) and is_carried(data.get(CARRIED))


def _carried_form(carried: Mapping[str, Any], fields: dict[str, Any]) -> Form:
    """What a task of ours shows: two answers, or a list of items."""
    prompt, items = fields.pop("prompt", None), fields.pop("items", None)
    shown: dict[str, Any] = {name: fields.pop(name) for name in _SIDES if name in fields}
    if isinstance(items, list):
        shown = {str(one.get("id")): one.get("body") for one in items if isinstance(one, Mapping)}
    return carried_form(carried, {"prompt": prompt, **shown}, [*shown])


def _annotator(value: Any) -> str | None:
    """Who answered; a name that Plaudit wrote stands alone, in the place of an address."""
    return str(value["email"]) if isinstance(value, Mapping) and [*value] == ["email"] else annotator_of(value)


def knows_rows(row: Mapping[str, Any]) -> bool:
    return "annotation_id" in row and any(_results(value) is not None for value in row.values())


def read_row(row: dict[str, Any], file: FileReading) -> list[Group]:
    """One annotation: each question's results in a column of its own, in CSV as JSON.

    Example:
        >>> row = {"prompt": "2 + 2?", "response": "4", "rating": '[{"rating": 5}]', "annotator": 3, "annotation_id": 8}
        >>> [group] = read_row(row, FileReading())
        >>> [(rating.value, rating.annotator) for rating in group.ratings]
        [(5, '3')]
    """
    annotator = annotator_of(take(row, "annotator", "completed_by"))
    results = {name: _results(value) for name, value in row.items()}
    questions = {name: several for name, several in results.items() if several is not None}
    for name in questions:
        del row[name]
    form = form_of(row)
    answers = [_answer(form, name, one, annotator) for name, several in questions.items() for one in several]
    return groups_of(form, answers, row, file)


def _results(cell: Any) -> list[Mapping[str, Any]] | None:
    """A column's results; None if it holds something else."""
    if isinstance(cell, str) and cell.lstrip()[:1] in ("[", "{"):
        try:
            cell = json.loads(cell)
        except (ValueError, RecursionError):
            return None
    several = [cell] if isinstance(cell, Mapping) else cell
    if not isinstance(several, list) or not several:
        return None
    is_result = all(isinstance(one, Mapping) and not one.keys().isdisjoint(_JUDGING) for one in several)
    return several if is_result else None


def _answer(form: Form, question: str, result: Mapping[str, Any], annotator: str | None) -> FormAnswer:
    """One result. Left and right are the fields in the order of `to_name`, where it names them."""
    inner = result.get("value")
    values = inner if isinstance(inner, Mapping) else result
    about = tuple(name.strip() for name in str(result.get("to_name") or "").split(",") if name.strip())
    kind = next((name for name in _VALUES if name in values), None)
    value = values[kind] if kind else None
    if kind == "selected" and len(about) == 2 and value in ("left", "right"):
        side = about[value == "right"]
        value = side if form.place(side) is not None else value
    elif kind == "ranker":
        value = _ranking(value)
    elif kind in ("choices", "text") and isinstance(value, list) and len(value) == 1:
        value = value[0]
    return FormAnswer(question, value, annotator, about)


def _ranking(value: Any) -> Any:
    """The ids in order, from a list or from the one bucket that they were put into; or with their ranks, from buckets
    that are places."""
    if isinstance(value, Mapping):
        places = {name: match for name in value if (match := _PLACE.fullmatch(str(name)))}
        if places and value.keys() <= {*places, "_"}:
            return [{"rank": int(match[1]), "value": one} for name, match in places.items() for one in value[name]]
        if len(value) != 1:
            raise GroupError(
                f"the items were put into the buckets {', '.join(map(str, value))}, whose order nobody says",
                remedy="rank them in one",
            )
        [value] = value.values()
    return value


register_format(
    Format(
        name="label-studio",
        priority=35,
        columns="data, annotations with completed_by and result",
        knows=knows_tasks,
        read=read_task,
        is_ours=is_ours,
    )
)
register_format(
    Format(
        name="label-studio-min",
        priority=36,
        columns="annotation_id, annotator, and questions with their results",
        knows=knows_rows,
        read=read_row,
    )
)
