"""Responses that nobody has judged yet, as people have them who want scores: several in a row, or one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import IDS, PROMPTS, leave_each, name_of, need, prompt_of, take
from plaudit.data.formats.texts import answered, response_of
from plaudit.groups import Group, GroupError

LISTS = ("responses", "completions", "candidates", "answers", "outputs")
"""Columns of several responses."""

SINGLES = ("response", "completion", "candidate", "answer", "output")
"""Columns of one."""

_TEXTS = ("response", "text", "answer", "completion", "output", "content")

_CONVERSATIONS = ("messages", "conversations")


def knows(row: Mapping[str, Any]) -> bool:
    if row.keys().isdisjoint(LISTS + SINGLES):
        return _conversation(row) is not None
    return not row.keys().isdisjoint(PROMPTS)


def read(row: dict[str, Any], file: FileReading) -> Group:
    """Several responses are texts, messages, or objects with the text in one of their fields. A conversation alone ends
    with the response."""
    if row.keys().isdisjoint(LISTS + SINGLES) and (name := _conversation(row)):
        before, answer = answered(row.pop(name), "the conversation")
        return Group(name_of(row, *IDS) or "", before, (answer,), subset=name_of(row, "subset"))
    column = next((name for name in LISTS if name in row), None)
    several = [need(row, *SINGLES)] if column is None else row.pop(column)
    if not isinstance(several, list) or not several:
        raise GroupError("the responses must be a list of at least one")
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    objects = [dict(one) if _is_object(one) else {_TEXTS[0]: one} for one in several]
    responses = tuple(response_of(take(one, *_TEXTS), f"response {index}") for index, one in enumerate(objects))
    leave_each(row, column or "response", objects)
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=responses,
        subset=name_of(row, "subset"),
    )


def _conversation(row: Mapping[str, Any]) -> str | None:
    """The column of a whole conversation."""
    return next((name for name in _CONVERSATIONS if isinstance(row.get(name), list) and row[name]), None)


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping) and "role" not in value  # with a role it is a message


register_format(
    Format(
        name="candidates",
        priority=900,
        columns="prompt, responses (or one response a row), or messages that end with it; not judged",
        knows=knows,
        read=read,
        judged=False,
    )
)
