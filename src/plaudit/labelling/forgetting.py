"""A person's data removed, as the law lets a person ask: the one thing that changes what was judged.

What was answered stays, under a name that says nothing. What was written in a person's words goes.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from plaudit.errors import NotFoundError
from plaudit.labelling.assigning import end
from plaudit.labelling.clock import public_id
from plaudit.labelling.database import create_triggers, drop_triggers
from plaudit.labelling.database.tables import judgements, leases, persons, sessions
from plaudit.labelling.project import Project, note


def forget(project: Project, whose: int, by: int | None = None) -> str:
    """Forget who a person was: name, password, comments and reasons in words, and what tells of the device.

    The person cannot come back. The triggers that keep judgements as they are stand aside for this one transaction.

    Args:
        project: in which.
        whose: the person's id.
        by: the id of who does it.

    Returns:
        The name in place of the person's.

    Raises:
        NotFoundError: if there is no such person.

    Example:
        >>> project = Project.open("my-project")
        >>> from plaudit.labelling import add_person
        >>> forget(project, add_person(project, "Cem")).startswith("person-")
        True
    """
    name = f"person-{whose}"
    with project.database.writing() as connection:
        mine = persons.c.id == whose
        if connection.scalar(select(persons.c.id).where(mine).with_for_update()) is None:
            raise NotFoundError(f"there is no person {whose}")
        nobody: dict[str, Any] = {"name": name, "folded": name, "public_id": public_id(), "locale": None}
        nobody |= {"password_hash": None, "return_hash": None, "disabled": True}
        connection.execute(update(persons).where(mine).values(**nobody))
        connection.execute(update(sessions).where(sessions.c.person == whose).values(ended=True))
        held = select(leases).where(leases.c.person == whose, leases.c.state == "open").order_by(leases.c.question)
        for row in connection.execute(held.with_for_update()).all():
            end(connection, row, "released")
        drop_triggers(connection)
        count = _empty(connection, whose)
        create_triggers(connection)
        note(connection, "person-forgotten", {"person": name, "judgements": count}, by)
    project.database.tidy()
    return name


def _empty(connection: Connection, whose: int) -> int:
    """Take the words out of a person's judgements; how many there are."""
    wanted = select(judgements.c.id, judgements.c.answer, judgements.c.how).join(leases)
    rows = connection.execute(wanted.where(leases.c.person == whose)).all()
    for row in rows:
        answer = {"skip": ""} if "skip" in row.answer else row.answer
        how = {key: value for key, value in row.how.items() if key in ("seen", "aids", "by_key")}
        values = {"comment": "", "answer": answer, "how": how}
        connection.execute(update(judgements).where(judgements.c.id == row.id).values(**values))
    return len(rows)
