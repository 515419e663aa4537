"""Label Studio's exports: tasks with their annotations (JSON), and an annotation a row (JSON-MIN, CSV)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import leave, leave_each, take
from plaudit.data.formats.forms import Form, FormAnswer, annotator_of, form_of, groups_of
from plaudit.groups import Group, GroupError

_VALUES = ("selected", "rating", "number", "ranker", "choices", "text")
"""Where the value of a result stands, by the tag that gave it."""

_JUDGING = {*_VALUES} - {"text"}


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
    form = form_of(fields)
    answers: list[FormAnswer] = []
    rests: list[dict[str, Any]] = []
    for annotation in annotations:
        rest = dict(annotation)
        results, annotator = rest.pop("result", None), annotator_of(take(rest, "completed_by"))
        skipped = rest.pop("was_cancelled", False)
        rests.append(rest)
        if skipped:
            file.note("somebody skipped the task; that annotation is left out")
            continue
        if not isinstance(results, list) or not all(isinstance(one, Mapping) for one in results):
            raise GroupError('the "result" of an annotation must be a list of objects')
        answers += [_answer(form, str(one.get("from_name")), one, annotator) for one in results]
    leave(row, "data", fields)
    leave_each(row, "annotations", rests)
    return groups_of(form, answers, row, file)


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
    """The ids in order, from a list or from the one bucket that they were put into."""
    if isinstance(value, Mapping):
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
