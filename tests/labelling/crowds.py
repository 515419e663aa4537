"""Groups to judge, and people who do."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from sqlalchemy import select

from plaudit.groups import Group, Ranking
from plaudit.labelling.assigning import Assignment, take
from plaudit.labelling.database.tables import judgements, leases, questions
from plaudit.labelling.judging import Envelope, Receipt, send
from plaudit.labelling.project import Project

# Nothing but opinions is asked.
PLAIN: dict[str, Any] = {"gold_every": 0, "repeat_every": 0}

LEFT = {"tiers": [[0], [1]]}
SKIP = {"skip": "too long"}


def some_groups(count: int, answers: int = 2, prefix: str = "g") -> list[Group]:
    """Groups whose answers are all different."""
    return [
        Group(f"{prefix}{n}", f"Prompt {n}", tuple(f"{prefix} answer {n}.{a}" for a in range(answers)))
        for n in range(count)
    ]


def some_gold(count: int, best: int = 0) -> list[Group]:
    """Groups of two whose better answer is known."""
    ranking = Ranking(((best,), (1 - best,)))
    return [replace(group, rankings=(ranking,)) for group in some_groups(count, prefix="gold")]


def envelope(**more: Any) -> Envelope:
    """With an id of its own."""
    return Envelope(**{"client_id": str(uuid.uuid4()), **more})


def taken(project: Project, whose: int, besides: Collection[str] = ()) -> Assignment:
    """A question, where there must be one."""
    one = take(project, whose, besides)
    assert isinstance(one, Assignment), one
    return one


def judge(project: Project, whose: int, answer: dict[str, Any] = LEFT) -> tuple[Assignment, Receipt]:
    """Take a question and answer it."""
    one = taken(project, whose)
    return one, send(project, whose, one.lease, answer, envelope())


def rows(project: Project, table: Any) -> list[Any]:
    """All rows of a table, by id."""
    with project.database.reading() as connection:
        return list(connection.execute(select(table).order_by(table.c.id)).all())


def check_overlap(project: Project) -> None:
    """What holds of the tables at every moment."""
    held = rows(project, leases)
    for asked in rows(project, questions):
        mine = [one for one in held if one.question == asked.id and one.state in ("open", "answered")]
        assert len({one.person for one in mine}) == len(mine), "a person has a question twice"
        assert len({one.place for one in mine}) == len(mine), "two people have one place"
        if asked.wanted is not None:
            assert asked.free == asked.wanted - len(mine) >= 0
            answered = sum(one.state == "answered" for one in mine)
            if asked.state in ("open", "done"):
                assert (asked.state == "done") == (answered >= asked.wanted)
    told = {"answered": "answer", "surplus": "answer", "skipped": "skip"}
    newest = {one.lease: one.kind for one in rows(project, judgements)}
    assert newest == {one.id: told[one.state] for one in held if one.state in told}
