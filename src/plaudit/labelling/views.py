"""A question as the page gets it: rendered, blind, and in the order in which this person sees it.

Nothing leaves the house by which an answer could be known: no model's name, no meta, no number of the group's, no gold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup
from sqlalchemy import select

from plaudit.groups import Text, plain_text
from plaudit.labelling.assigning import Assignment
from plaudit.labelling.clock import now
from plaudit.labelling.database.tables import items, responses
from plaudit.labelling.project import Project, text_of_json
from plaudit.labelling.rendering import (
    Turn,
    fold,
    language_of,
    render_answer,
    render_conversation,
    shared_opening,
    word_differences,
)


def question_view(project: Project, one: Assignment, previous: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A question, as JSON.

    Args:
        project: that asks.
        one: whose question it is.
        previous: what the person has answered to it before.
    """
    prompt, responses = _texts(project, one)
    opening = shared_opening(responses)
    return {
        "lease": one.lease,
        "mode": project.settings.mode,
        "training": one.kind == "training",
        "expires_in": max(0, round(one.expires - now())),
        "prompt": [_turn(turn) for turn in render_conversation(prompt)],
        "opening": [_turn(turn) for turn in render_conversation(opening)] if opening else [],
        "responses": [_response(text, len(opening)) for text in responses],
        "previous": previous,
    }


def difference_view(project: Project, one: Assignment) -> list[str] | None:
    """Two answers with the words marked that stand in only one; None: they have too little in common."""
    _, responses = _texts(project, one)
    if len(responses) != 2:
        return None
    marked = word_differences(plain_text(responses[0]), plain_text(responses[1]))
    return None if marked is None else [str(one) for one in marked]


def group_id(project: Project, one: Assignment) -> str:
    """The id of the group that a question is about.

    Example:
        >>> from plaudit.labelling import add_person, take
        >>> project = Project.open("my-project")
        >>> group_id(project, take(project, add_person(project, "Hal"))).startswith("q")
        True
    """
    with project.database.reading() as connection:
        return str(connection.scalar(select(items.c.group_id).where(items.c.id == one.item)))


def _texts(project: Project, one: Assignment) -> tuple[Text, list[Text]]:
    with project.database.reading() as connection:
        prompt = connection.scalar(select(items.c.prompt).where(items.c.id == one.item))
        wanted = select(responses.c.number, responses.c.text).where(responses.c.item == one.item)
        texts = {row.number: row.text for row in connection.execute(wanted.where(responses.c.number.in_(one.shown)))}
    return text_of_json(prompt), [text_of_json(texts[number]) for number in one.shown]


def _turn(turn: Turn) -> dict[str, Any]:
    return {
        "role": turn.role,
        "html": str(turn.markup),
        "lines": turn.lines,
        "words": turn.words,
        "folded": turn.folded,
        "lang": language_of(turn.plain.striptags()),
    }


def _response(text: Text, shared: int) -> dict[str, Any]:
    """An answer: one text, or turns one below the other."""
    turns = render_answer(text, shared)
    size = fold(plain_text(text))
    several = Markup('<div class="turn" data-role="{}">{}</div>')
    parts = [(turn.markup, turn.plain) for turn in turns]
    if len(turns) > 1:
        parts = [(several.format(turn.role, turn.markup), several.format(turn.role, turn.plain)) for turn in turns]
    rendered, plain = (Markup("").join(column) for column in zip(*parts, strict=True))
    return {
        "html": str(rendered),
        "plain": str(plain),
        "lines": size.lines,
        "folded": size.folded,
        "lang": language_of(plain_text(text)),
    }
