"""Who gets which question, and for how long.

`overlap` people answer each question: never is it handed out to more at once, and never are fewer answers kept. What
comes late is kept too, and called surplus. Which question it is, `choosing` says.

Whoever waits for a lock on PostgreSQL waits in one order: the person, then leases, then questions by their ids.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, insert, select, update

from plaudit.errors import NotFoundError, OverloadedError
from plaudit.labelling.choosing import choose, why_nothing
from plaudit.labelling.clock import now, public_id, shuffled
from plaudit.labelling.database.tables import IS_OPEN, leases, persons, projects, questions
from plaudit.labelling.project import Project

MOST_OPEN = 3
"""Questions that one person holds at a time: the one on the page, the next, and one of another tab."""

_EXPIRED_AT_ONCE = 50


class Assignment(NamedTuple):
    """A question in somebody's hands.

    Attributes:
        lease: its public id.
        question: its id.
        item: its group's.
        kind: "ask", "gold", "repeat" or "training".
        shown: response numbers in the order in which they stand.
        expires: when it goes to somebody else, in seconds since 1970.

    Example:
        >>> Assignment("6f43", question=3, item=1, kind="ask", shown=(1, 0), expires=0.0).shown
        (1, 0)
    """

    lease: str
    question: int
    item: int
    kind: str
    shown: tuple[int, ...]
    expires: float


class Nothing(NamedTuple):
    """Why there is no question.

    Attributes:
        reason: "paused"; "waiting": others hold what is left; "done".

    Example:
        >>> Nothing("done").reason
        'done'
    """

    reason: str


def take(project: Project, whose: int, besides: Collection[str] = ()) -> Assignment | Nothing:
    """A question for a person: the one that is open, unless it is among `besides`, or another.

    Args:
        project: that asks.
        whose: the person's id.
        besides: leases that the page has already.

    Raises:
        OverloadedError: if the person holds as many as one may.

    Example:
        >>> from plaudit.labelling import add_person
        >>> project = Project.open("my-project")
        >>> one = take(project, add_person(project, "Dan"))
        >>> one.kind, sorted(one.shown)
        ('ask', [0, 1])
    """
    with project.database.writing() as connection:
        row = connection.execute(select(persons).where(persons.c.id == whose).with_for_update()).one()
        if row.paused or row.disabled or is_paused(connection):
            return Nothing("paused")
        _expire(connection, whose)
        held = connection.execute(_assignments(whose).where(leases.c.state == "open").order_by(leases.c.id)).all()
        for one in held:
            if one.public_id not in besides:
                return _assignment(one)
        if len(held) >= MOST_OPEN:
            raise OverloadedError(f"{len(held)} questions are open", remedy="answer one of them first")
        chosen = choose(project, connection, row)
        if chosen is None:
            return Nothing(why_nothing(connection, whose))
        return _give(project, connection, chosen, whose)


def extend(project: Project, whose: int, lease_id: str) -> float | None:
    """Keep a question for longer, by a sign of life.

    Returns:
        When it expires now; None: it has already, and what is sent is kept all the same.
    """
    with project.database.writing() as connection:
        expires = now() + project.settings.lease_seconds
        mine = and_(leases.c.public_id == lease_id, leases.c.person == whose, leases.c.state == "open")
        changed = connection.execute(update(leases).where(mine).values(expires=expires))
        return expires if changed.rowcount else None


def release(project: Project, whose: int, lease_id: str) -> None:
    """Give a question back that nobody has answered."""
    with project.database.writing() as connection:
        mine = and_(leases.c.public_id == lease_id, leases.c.person == whose, leases.c.state == "open")
        row = connection.execute(select(leases).where(mine).with_for_update()).one_or_none()
        if row is not None:
            end(connection, row, "released")


def assignment(project: Project, whose: int, lease_id: str) -> Assignment:
    """A question that a person has or had.

    Raises:
        NotFoundError: if it is somebody else's, or nobody's.
    """
    with project.database.reading() as connection:
        row = connection.execute(_assignments(whose).where(leases.c.public_id == lease_id)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such question of yours")
    return _assignment(row)


def is_paused(connection: Connection) -> bool:
    """Whether the owner has paused the project."""
    return bool(connection.scalar(select(projects.c.paused)))


def free_place(connection: Connection, question_id: int) -> int:
    """The first place of a question that nobody has."""
    held = select(leases.c.place).where(leases.c.question == question_id, leases.c.state.in_(("open", "answered")))
    places = {*connection.scalars(held)}
    return next(place for place in range(len(places) + 1) if place not in places)


def give_back(connection: Connection, question_id: int) -> None:
    """One more may answer a question."""
    wanted = and_(questions.c.id == question_id, questions.c.wanted.is_not(None))
    opinion = questions.c.kind == "ask"
    connection.execute(update(questions).where(wanted).values(free=questions.c.free + 1, refill=opinion))
    connection.execute(update(questions).where(wanted, questions.c.state == "done").values(state="open"))


def _give(project: Project, connection: Connection, row: Any, whose: int) -> Assignment:
    """Put a question into a person's hands."""
    # One of known answer is handed to several people at a time, and each needs a place.
    connection.execute(select(questions.c.id).where(questions.c.id == row.id).with_for_update())
    place = free_place(connection, row.id)
    order = shuffled(list(row.responses), project.secret, "shown", row.id)
    turn = place % len(order)
    values = {
        "public_id": public_id(),
        "question": row.id,
        # Of a question that everybody answers nobody takes a place from another.
        "place": place,
        "person": whose,
        "shown": [*order[turn:], *order[:turn]],
        "state": "open",
        "given": now(),
        "expires": now() + project.settings.lease_seconds,
    }
    connection.execute(insert(leases).values(**values))
    if row.wanted is not None:
        left = row.free - 1
        changes = {"free": left} | ({} if left else {"refill": False})
        connection.execute(update(questions).where(questions.c.id == row.id).values(**changes))
    shown: Sequence[int] = values["shown"]
    return Assignment(values["public_id"], row.id, row.item, row.kind, tuple(shown), values["expires"])


def _expire(connection: Connection, whose: int) -> None:
    """Give back what nobody has worked at for too long, first of all what this person has."""
    late = select(leases).where(IS_OPEN, leases.c.expires < now())
    some = late.order_by(leases.c.person != whose, leases.c.id).limit(_EXPIRED_AT_ONCE)
    rows = connection.execute(some.with_for_update(skip_locked=True)).all()
    for row in sorted(rows, key=lambda row: int(row.question)):
        end(connection, row, "expired")


def end(connection: Connection, row: Any, state: str) -> None:
    """Take an open question out of a person's hands."""
    connection.execute(update(leases).where(leases.c.id == row.id).values(state=state))
    give_back(connection, row.question)


def _assignments(whose: int) -> Any:
    columns = (
        leases.c.public_id,
        leases.c.question,
        questions.c.item,
        questions.c.kind,
        leases.c.shown,
        leases.c.expires,
    )
    return select(*columns).join(questions, questions.c.id == leases.c.question).where(leases.c.person == whose)


def _assignment(row: Any) -> Assignment:
    return Assignment(row.public_id, row.question, row.item, row.kind, tuple(row.shown), row.expires)
