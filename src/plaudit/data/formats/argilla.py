"""Argilla's records: what people answered, in each of the layouts that its versions export."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.carried import CARRIED, RANKING, carried_form, is_carried, restored
from plaudit.data.formats.fields import leave
from plaudit.data.formats.forms import FormAnswer, annotator_of, form_of, groups_of
from plaudit.groups import Group, GroupError

_FLAT = ".responses"
_SUGGESTION = "-suggestion"


def knows(row: Mapping[str, Any]) -> bool:
    if _is_record(row):
        return True
    return any(
        _is_answers(value)
        or (name.endswith(_FLAT) and isinstance(value, list))
        or (isinstance(value, list) and f"{name}{_SUGGESTION}" in row)
        for name, value in row.items()
    )


def read(row: dict[str, Any], file: FileReading) -> list[Group]:
    """What people submitted; never what they discarded or left as a draft, and never a suggestion.

    Example:
        >>> people = [{"user_id": "u1", "value": 4, "status": "submitted"}]
        >>> row = {"prompt": "2 + 2?", "response": "4", "quality": people, "quality-suggestion": 1}
        >>> [group] = read(row, FileReading())
        >>> [(rating.attribute, rating.value, rating.annotator) for rating in group.ratings]
        [('quality', 4, 'u1')]
    """
    if _is_record(row):
        carried = _carried(row)
        answers = _of_record(row.pop("responses"), file)
        fields = {name: value for name, value in row.pop("fields").items() if value is not None}
        if carried is not None:
            return [_restored(carried, answers, fields, row, file)]
        form = form_of(fields)
        leave(row, "fields", fields)
        return groups_of(form, answers, row, file)
    flat = [name for name in row if name.endswith(_FLAT)]
    answers = [answer for name in flat for answer in _of_flat(row, name, file)]
    for name in [name for name, value in row.items() if _is_answers(value) or f"{name}{_SUGGESTION}" in row]:
        answers += _of_column(name, row.pop(name), file)
    return groups_of(form_of(row), answers, row, file)


def is_ours(row: Mapping[str, Any]) -> bool:
    """Whether a record was written by `write_groups`."""
    return _is_record(row) and _carried(row) is not None


def _carried(row: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What a record of ours carries of its group, in JSON: metadata are plain values."""
    metadata = row.get("metadata")
    text = metadata.get(CARRIED) if isinstance(metadata, Mapping) else None
    try:
        carried = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return carried if is_carried(carried) else None


def _restored(
    carried: Mapping[str, Any],
    answers: Sequence[FormAnswer],
    fields: dict[str, Any],
    row: dict[str, Any],
    file: FileReading,
) -> Group:
    """The group that a record of ours was written from, with what each person answered."""
    people = carried.get("people")
    names = [name for name in fields if name != "prompt"][: len(carried["responses"])]
    form = carried_form(carried, fields, names)
    sheets: dict[str | None, list[FormAnswer]] = {}
    for answer in answers:
        if (
            answer.question == RANKING
            and isinstance(answer.value, list)
            and isinstance(next(iter(answer.value), None), str)
        ):
            file.note("a ranking has lost its ranks: it is read in the order of its list, and its ties are gone")
        number = answer.question.rpartition("-")[2]
        about = f"response-{number}" if number.isdecimal() else ""
        sheets.setdefault(answer.annotator, []).append(replace(answer, about=(about,)))
    for name in ("id", "metadata", "_server_id"):
        row.pop(name, None)
    leave(row, "fields", {name: value for name, value in fields.items() if name not in ("prompt", *names)})
    known = people if isinstance(people, Mapping) else {}
    judged = [(known.get(user, user) if user else None, several) for user, several in sheets.items()]
    return restored(carried, form, judged, row, file)


def _is_record(row: Mapping[str, Any]) -> bool:
    return isinstance(row.get("fields"), Mapping) and isinstance(row.get("responses"), (list, Mapping))


def _is_answers(value: Any) -> bool:
    """A list of people's answers, or the object of lists that `datasets` makes of it."""
    if isinstance(value, Mapping):
        return _is_answer(value) and all(isinstance(one, list) for one in value.values())
    return (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) and _is_answer(one) for one in value)
    )


def _is_answer(value: Mapping[str, Any]) -> bool:
    return "status" in value and not value.keys().isdisjoint({"value", "user_id"})


def _of_column(question: str, value: Any, file: FileReading) -> list[FormAnswer]:
    """Version 1: the answers to a question in its column."""
    if isinstance(value, Mapping):
        columns = {name: one for name, one in value.items() if isinstance(one, list)}
        count = max(map(len, columns.values()), default=0)
        if any(len(one) != count for one in columns.values()):
            raise GroupError(f"the lists of {question!r} have different lengths")
        value = [{name: one[index] for name, one in columns.items()} for index in range(count)]
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise GroupError(f"{question!r} must be a list of objects with value, user_id and status")
    return [
        FormAnswer(question, one.get("value"), annotator_of(one.get("user_id")))
        for one in value
        if _is_submitted(one.get("status"), file)
    ]


def _of_flat(row: dict[str, Any], name: str, file: FileReading) -> list[FormAnswer]:
    """Version 2: three columns of lists for a question."""
    question = name.removesuffix(_FLAT)
    values, users, states = (row.pop(f"{name}{part}", None) for part in ("", ".users", ".status"))
    if not isinstance(values, list):
        raise GroupError(f"{name!r} must be a list of answers")
    for part, others in ((".users", users), (".status", states)):
        if others is not None and (not isinstance(others, list) or len(others) != len(values)):
            raise GroupError(f"{name + part!r} must have as many entries as {name!r}")
    if states is None:
        file.note(f"{name}.status is missing; every answer is taken for submitted")
    return [
        FormAnswer(question, value, annotator_of(users[index]) if users else None)
        for index, value in enumerate(values)
        if states is None or _is_submitted(states[index], file)
    ]


def _of_record(responses: Any, file: FileReading) -> list[FormAnswer]:
    """A record's own object: {question: answers}, or version 1's list of people with all their answers."""
    answers: list[FormAnswer] = []
    if isinstance(responses, Mapping):
        for question, several in responses.items():
            if not isinstance(several, list) or not all(isinstance(one, Mapping) for one in several):
                raise GroupError(f"the answers to {question!r} must be a list of objects")
            answers += [
                FormAnswer(question, one.get("value"), annotator_of(one.get("user_id")))
                for one in several
                if one.get("status") is None or _is_submitted(one["status"], file)
            ]
        return answers
    for person in responses:
        values = person.get("values") if isinstance(person, Mapping) else None
        if not isinstance(values, Mapping):
            raise GroupError('"responses" must be a list of objects with values, user_id and status')
        if _is_submitted(person.get("status"), file):
            answers += [
                FormAnswer(
                    question, one.get("value") if isinstance(one, Mapping) else one, annotator_of(person.get("user_id"))
                )
                for question, one in values.items()
            ]
    return answers


def _is_submitted(status: Any, file: FileReading) -> bool:
    if str(status).strip().casefold() == "submitted":
        return True
    file.note("somebody's answer was not submitted (discarded, or a draft); it is left out")
    return False


register_format(
    Format(
        name="argilla",
        priority=34,
        columns="fields, and questions with value, user_id and status",
        knows=knows,
        read=read,
        is_ours=is_ours,
    )
)
