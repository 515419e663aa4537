"""Which question comes next for a person.

A question that somebody has begun comes before a new one, so that what is asked becomes complete; nobody gets one
twice. At seeded random gaps comes one whose answer is known, or one that the person has answered before.

The search never passes questions again that have nothing for a person: of each arm the person's row has an id below
which there is none. What is given back below it carries the mark `refill`, and is looked for first. Where nothing is
left, all is looked through once more: on PostgreSQL a question may appear below the id after it was noted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from plaudit.labelling.clock import chance, now
from plaudit.labelling.database.tables import LEFT_AGAIN, WANTS, items, leases, persons, questions
from plaudit.labelling.project import Project, current_overlap
from plaudit.labelling.questions import question_responses, question_row

_CANDIDATES = 200

# A person who skipped a question, or whose answer came too late, has had it as much as one who answered.
_ANSWERING = ("open", "answered", "surplus", "skipped")


def choose(project: Project, connection: Connection, who: Any) -> Any:
    """A question for a person: its row, locked; None if there is none.

    Args:
        project: that asks.
        connection: that writes.
        who: the person's row, locked.
    """
    # With those that are open: the page has one in store, and no draw is made twice.
    count = connection.scalar(
        select(func.count()).select_from(leases).where(leases.c.person == who.id, leases.c.state.in_(_ANSWERING))
    )
    settings, secret = project.settings, project.secret
    if (count or 0) < settings.training and (row := _known_answer(project, connection, who.id, "training")) is not None:
        return row
    if settings.gold_every and chance(secret, "gold", who.id, count) < 1 / settings.gold_every:
        row = _known_answer(project, connection, who.id, "gold")
        if row is not None:
            return row
    if settings.repeat_every and chance(secret, "repeat", who.id, count) < 1 / settings.repeat_every:
        row = _repetition(project, connection, who.id)
        if row is not None:
            return row
    informed = chance(secret, "arm", who.id, count) >= settings.random_share
    arms = ("owner", "informed", "random") if informed else ("owner", "random", "informed")
    for arm in arms:
        row = _refill(connection, who.id, arm) or _begun(connection, who, arm)
        if row is None and arm == "random":
            row = _open(project, connection)
        if row is not None:
            return row
    return next((row for arm in arms if (row := _begun(connection, who, arm, again=True)) is not None), None)


def why_nothing(connection: Connection, whose: int) -> str:
    """ "waiting", if others hold what the person might still get; else "done"."""
    held = leases.alias()
    left = (
        select(held.c.id)
        .join(questions, questions.c.id == held.c.question)
        .where(held.c.state == "open", held.c.person != whose, questions.c.kind == "ask", questions.c.state == "open")
        .where(_not_mine(whose))
    )
    # What others have locked at this moment was passed over.
    passed = select(questions.c.id).where(questions.c.kind == "ask", WANTS, _not_mine(whose))
    unasked = select(items.c.id).where(items.c.round.is_not(None))
    return "waiting" if any(connection.scalar(one.limit(1)) is not None for one in (left, unasked, passed)) else "done"


def _not_mine(whose: int) -> Any:
    """A condition: the person has nothing to do with a question yet."""
    mine = and_(leases.c.question == questions.c.id, leases.c.person == whose, leases.c.state.in_(_ANSWERING))
    return ~exists().where(mine)


def _asked(arm: str) -> Any:
    """A condition: an open question of an arm that wants answers."""
    return and_(questions.c.kind == "ask", questions.c.arm == arm, WANTS)


def _refill(connection: Connection, whose: int, arm: str) -> Any:
    # Without the kind, or SQLite takes the index that has it as well, and passes all that is free.
    wanted = select(questions).where(questions.c.arm == arm, WANTS, LEFT_AGAIN, _not_mine(whose))
    return connection.execute(
        wanted.order_by(questions.c.id).limit(1).with_for_update(skip_locked=True, of=questions)
    ).one_or_none()


def _begun(connection: Connection, who: Any, arm: str, *, again: bool = False) -> Any:
    """A question that somebody has begun, or that a wave has chosen; `again`: also below the id that is noted."""
    column = {"random": persons.c.random_from, "informed": persons.c.informed_from}.get(arm)
    start = 0 if column is None or again else getattr(who, column.name)
    wanted = select(questions).where(_asked(arm), questions.c.id >= start, _not_mine(who.id)).order_by(questions.c.id)
    first = connection.scalar(wanted.with_only_columns(questions.c.id).limit(1))
    if column is not None:
        newest = connection.scalar(select(func.max(questions.c.id)))
        # Rows that others have locked are passed over below, but not by this.
        below = (newest or 0) + 1 if first is None else first
        connection.execute(update(persons).where(persons.c.id == who.id).values({column: below}))
    if first is None:
        return None
    return connection.execute(
        wanted.where(questions.c.id >= first).limit(1).with_for_update(skip_locked=True, of=questions)
    ).one_or_none()


def _open(project: Project, connection: Connection) -> Any:
    """The next question of the item whose turn it is, written down."""
    while True:
        following = select(items).where(items.c.round.is_not(None)).order_by(items.c.round, items.c.place).limit(1)
        row = connection.execute(following.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        following_round = row.round + 1 if row.round + 1 < row.total else None
        connection.execute(update(items).where(items.c.id == row.id).values(round=following_round))
        responses = question_responses(project.settings.mode, row.answers, row.round, project.secret, row.id)
        values = question_row(row.id, responses, "ask", wanted=current_overlap(connection))
        # A wave may have asked it already.
        if not connection.scalar(select(exists().where(questions.c.key == values["key"]))):
            return _written(connection, values)


def _written(connection: Connection, values: dict[str, Any]) -> Any:
    number = connection.execute(insert(questions).values(**values)).inserted_primary_key
    return connection.execute(select(questions).where(questions.c.id == number[0])).one()  # type: ignore[index]


def _known_answer(project: Project, connection: Connection, whose: int, kind: str) -> Any:
    """A question of known answer about an item that the person has not met."""
    other = questions.alias()
    mine = select(other.c.item).join(leases, leases.c.question == other.c.id).where(leases.c.person == whose)
    met = mine.where(leases.c.state.in_(_ANSWERING))
    fresh = select(questions).where(questions.c.kind == kind, WANTS, questions.c.item.not_in(met))
    rows = connection.execute(fresh).all()
    return min(rows, key=lambda row: chance(project.secret, kind, whose, row.id), default=None)


def _repetition(project: Project, connection: Connection, whose: int) -> Any:
    """A question that the person has answered some time ago, to be answered again."""
    left = select(questions).where(
        questions.c.person == whose, questions.c.kind == "repeat", questions.c.state == "open", questions.c.free > 0
    )
    if (row := connection.execute(left.where(_not_mine(whose)).limit(1)).one_or_none()) is not None:
        return row
    mine = and_(leases.c.person == whose, leases.c.state == "answered")
    newest_first = select(leases.c.id).where(mine).order_by(leases.c.id.desc())
    bound = connection.scalar(newest_first.offset(project.settings.repeat_after).limit(1))
    if bound is None:
        return None
    again = questions.alias()
    candidates = (
        select(questions)
        .join(leases, leases.c.question == questions.c.id)
        .where(mine, leases.c.id <= bound, leases.c.given <= now() - project.settings.repeat_seconds)
        .where(questions.c.kind == "ask", questions.c.state.in_(("open", "done")))
        .where(~exists().where(again.c.repeats == questions.c.id, again.c.person == whose))
        .order_by(leases.c.id)
        .limit(_CANDIDATES)
    )
    rows = connection.execute(candidates).all()
    if not rows:
        return None
    row = min(rows, key=lambda one: chance(project.secret, "again", whose, one.id))
    values = question_row(row.item, row.responses, "repeat", repeats=row.id, whose=whose)
    return _written(connection, values)
