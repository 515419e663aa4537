"""Prompts alone, as people have them who want answers: one a row, or a conversation that ends with the user."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.candidates import LISTS, SINGLES
from plaudit.data.formats.fields import IDS, PROMPTS, name_of, prompt_of
from plaudit.data.formats.texts import ROLES
from plaudit.groups import Group, GroupError

NO_RESPONSE = ("",)
"""What stands in the place of the responses, of which a group has one at least."""


def knows(row: Mapping[str, Any]) -> bool:
    column = next((name for name in PROMPTS if row.get(name)), None)
    if column is None or not row.keys().isdisjoint(LISTS + SINGLES):
        return False
    return not isinstance(row[column], list) or _ends_with_user(row[column])


def read(row: dict[str, Any], file: FileReading) -> Group:
    """A group with an empty response."""
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    return Group(name_of(row, *IDS) or "", prompt, NO_RESPONSE, subset=name_of(row, "subset"))


def _ends_with_user(messages: list[Any]) -> bool:
    last = messages[-1] if messages else None
    role = (last.get("from") or last.get("role")) if isinstance(last, Mapping) else None
    return ROLES.get(str(role), role) in ("user", "tool")


register_format(
    Format(
        name="prompts",
        priority=890,
        columns="prompt, or messages that end with the user's; no response",
        knows=knows,
        read=read,
        judged=False,
        answered=False,
    )
)
