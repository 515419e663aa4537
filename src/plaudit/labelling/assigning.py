"""Who gets which question.

`overlap` people answer each question: never is it handed out to more at once, and never are fewer answers kept. What
comes late is kept too, and called surplus. A question that somebody has begun comes before a new one, so that what is
asked becomes complete; nobody gets one twice.

The search never passes questions again that have nothing for a person: of each arm the person's row has an id below
which there is none. What is given back below it carries the mark `refill`, and is looked for first.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, exists, func, insert, select, update

from plaudit.errors import NotFoundError, OverloadedError
from plaudit.labelling.clock import chance, now, public_id, shuffled
from plaudit.labelling.database.tables import item, lease, person, project, question
from plaudit.labelling.project import Project, question_row
from plaudit.labelling.questions import question_responses

MOST_OPEN = 3
"""Questions that one person holds at a time: the one on the page, the next, and one of another tab."""

_EXPIRED_AT_ONCE = 50
_CANDIDATES = 200

_ANSWERING = ("open", "answered", "surplus", "skipped")


class Assignment(NamedTuple):
    """A question in somebody's hands.

    Attributes:
        lease: its public id.
        question: its id.
        item: its group's.
        kind: "ask", "gold", "repeat" or "training".
        shown: response numbers in the order in which they stand.
        expires: when it goes to somebody else, in seconds since 1970.
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
    """
    with project.database.writing() as connection:
        row = connection.execute(select(person).where(person.c.id == whose).with_for_update()).one()
        if row.paused or row.disabled or is_paused(connection):
            return Nothing("paused")
        _expire(connection)
        held = connection.execute(_assignments(whose).where(lease.c.state == "open").order_by(lease.c.id)).all()
        for one in held:
            if one.public_id not in besides:
                return _assignment(one)
        if len(held) >= MOST_OPEN:
            raise OverloadedError(f"{len(held)} questions are open", remedy="answer one of them first")
        chosen = _choose(project, connection, row)
        if chosen is None:
            others = connection.scalar(select(exists().where(lease.c.state == "open", lease.c.person != whose)))
            return Nothing("waiting" if others else "done")
        return _give(project, connection, chosen, whose)


def extend(project: Project, whose: int, lease_id: str) -> float | None:
    """Keep a question for longer, by a sign of life.

    Returns:
        When it expires now; None: it has already, and what is sent is kept all the same.
    """
    with project.database.writing() as connection:
        expires = now() + project.settings.lease_seconds
        mine = and_(lease.c.public_id == lease_id, lease.c.person == whose, lease.c.state == "open")
        changed = connection.execute(update(lease).where(mine).values(expires=expires))
        return expires if changed.rowcount else None


def release(project: Project, whose: int, lease_id: str) -> None:
    """Give a question back that nobody has answered."""
    with project.database.writing() as connection:
        mine = and_(lease.c.public_id == lease_id, lease.c.person == whose, lease.c.state == "open")
        row = connection.execute(select(lease).where(mine).with_for_update()).one_or_none()
        if row is not None:
            _end(connection, row, "released")


def assignment(project: Project, whose: int, lease_id: str) -> Assignment:
    """A question that a person has or had.

    Raises:
        NotFoundError: if it is somebody else's, or nobody's.
    """
    with project.database.reading() as connection:
        row = connection.execute(_assignments(whose).where(lease.c.public_id == lease_id)).one_or_none()
    if row is None:
        raise NotFoundError("there is no such question of yours")
    return _assignment(row)


def is_paused(connection: Connection) -> bool:
    """Whether the owner has paused the project."""
    return bool(connection.scalar(select(project.c.paused)))


def free_place(connection: Connection, question_id: int) -> int:
    """The first place of a question that nobody has."""
    held = select(lease.c.place).where(lease.c.question == question_id, lease.c.state.in_(("open", "answered")))
    places = {*connection.scalars(held)}
    return next(place for place in range(len(places) + 1) if place not in places)


def give_back(connection: Connection, question_id: int) -> None:
    """One more may answer a question."""
    wanted = and_(question.c.id == question_id, question.c.wanted.is_not(None))
    connection.execute(update(question).where(wanted).values(free=question.c.free + 1, refill=True))
    connection.execute(update(question).where(wanted, question.c.state == "done").values(state="open"))


def _choose(project: Project, connection: Connection, who: Any) -> Any:
    """A question for a person: its row, locked."""
    answered = select(func.count()).select_from(lease).where(lease.c.person == who.id, lease.c.state == "answered")
    count = connection.scalar(answered) or 0
    settings, secret = project.settings, project.secret
    if settings.training and (row := _training(project, connection, who, count)) is not None:
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
    return None


def _not_mine(whose: int) -> Any:
    """A condition: the person has nothing to do with a question yet."""
    mine = and_(lease.c.question == question.c.id, lease.c.person == whose, lease.c.state.in_(_ANSWERING))
    return ~exists().where(mine)


def _asked(arm: str) -> Any:
    """A condition: an open question of an arm that wants answers."""
    return and_(question.c.kind == "ask", question.c.arm == arm, question.c.state == "open", question.c.free > 0)


def _refill(connection: Connection, whose: int, arm: str) -> Any:
    wanted = select(question).where(_asked(arm), question.c.refill, _not_mine(whose))
    return connection.execute(
        wanted.order_by(question.c.id).limit(1).with_for_update(skip_locked=True, of=question)
    ).one_or_none()


def _begun(connection: Connection, who: Any, arm: str) -> Any:
    """A question that somebody has begun, or that a wave has chosen."""
    column = {"random": person.c.random_from, "informed": person.c.informed_from}.get(arm)
    start = 0 if column is None else getattr(who, column.name)
    wanted = select(question).where(_asked(arm), question.c.id >= start, _not_mine(who.id)).order_by(question.c.id)
    first = connection.scalar(wanted.with_only_columns(question.c.id).limit(1))
    if column is not None:
        newest = connection.scalar(select(func.max(question.c.id)))
        # Rows that others have locked are passed over below, but not by this.
        connection.execute(
            update(person).where(person.c.id == who.id).values({column: (newest or 0) + 1 if first is None else first})
        )
    if first is None:
        return None
    return connection.execute(
        wanted.where(question.c.id >= first).limit(1).with_for_update(skip_locked=True, of=question)
    ).one_or_none()


def _open(project: Project, connection: Connection) -> Any:
    """The next question of the item whose turn it is, written down."""
    while True:
        following = select(item).where(item.c.round.is_not(None)).order_by(item.c.round, item.c.place).limit(1)
        row = connection.execute(following.with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        following_round = row.round + 1 if row.round + 1 < row.total else None
        connection.execute(update(item).where(item.c.id == row.id).values(round=following_round))
        responses = question_responses(project.settings.mode, row.answers, row.round, project.secret, row.id)
        values = question_row(row.id, responses, "ask", wanted=project.settings.overlap)
        # A wave may have asked it already.
        if not connection.scalar(select(exists().where(question.c.key == values["key"]))):
            return _written(connection, values)


def _written(connection: Connection, values: dict[str, Any]) -> Any:
    number = connection.execute(insert(question).values(**values)).inserted_primary_key
    return connection.execute(select(question).where(question.c.id == number[0])).one()  # type: ignore[index]


def _training(project: Project, connection: Connection, who: Any, count: int) -> Any:
    """The next of the questions with feedback that a person begins with."""
    if count >= project.settings.training:
        return None
    return _known_answer(project, connection, who.id, "training")


def _known_answer(project: Project, connection: Connection, whose: int, kind: str) -> Any:
    """A question of known answer about an item that the person has not met."""
    other = question.alias()
    met = and_(lease.c.question == other.c.id, other.c.item == question.c.item, lease.c.person == whose)
    fresh = select(question).where(question.c.kind == kind, question.c.state == "open")
    rows = connection.execute(fresh.where(~exists().where(met, lease.c.state.in_(_ANSWERING)))).all()
    return min(rows, key=lambda row: chance(project.secret, kind, whose, row.id), default=None)


def _repetition(project: Project, connection: Connection, whose: int) -> Any:
    """A question that the person has answered some time ago, to be answered again."""
    left = select(question).where(
        question.c.person == whose, question.c.kind == "repeat", question.c.state == "open", question.c.free > 0
    )
    if (row := connection.execute(left.limit(1)).one_or_none()) is not None:
        return row
    mine = and_(lease.c.person == whose, lease.c.state == "answered")
    newest_first = select(lease.c.id).where(mine).order_by(lease.c.id.desc())
    bound = connection.scalar(newest_first.offset(project.settings.repeat_after - 1).limit(1))
    if bound is None:
        return None
    again = question.alias()
    candidates = (
        select(question)
        .join(lease, lease.c.question == question.c.id)
        .where(mine, lease.c.id <= bound, lease.c.given <= now() - project.settings.repeat_seconds)
        .where(question.c.kind == "ask", ~exists().where(again.c.repeats == question.c.id, again.c.person == whose))
        .order_by(lease.c.id)
        .limit(_CANDIDATES)
    )
    rows = connection.execute(candidates).all()
    if not rows:
        return None
    row = min(rows, key=lambda one: chance(project.secret, "again", whose, one.id))
    values = question_row(row.item, row.responses, "repeat", repeats=row.id, whose=whose)
    return _written(connection, values)


def _give(project: Project, connection: Connection, row: Any, whose: int) -> Assignment:
    """Put a question into a person's hands."""
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
    connection.execute(insert(lease).values(**values))
    if row.wanted is not None:
        left = row.free - 1
        changes = {"free": left} | ({} if left else {"refill": False})
        connection.execute(update(question).where(question.c.id == row.id).values(**changes))
    shown: Sequence[int] = values["shown"]
    return Assignment(values["public_id"], row.id, row.item, row.kind, tuple(shown), values["expires"])


def _expire(connection: Connection) -> None:
    """Give back what nobody has worked at for too long."""
    late = select(lease).where(lease.c.state == "open", lease.c.expires < now()).order_by(lease.c.id)
    for row in connection.execute(late.limit(_EXPIRED_AT_ONCE).with_for_update(skip_locked=True)).all():
        _end(connection, row, "expired")


def _end(connection: Connection, row: Any, state: str) -> None:
    connection.execute(update(lease).where(lease.c.id == row.id).values(state=state))
    give_back(connection, row.question)


def _assignments(whose: int) -> Any:
    columns = (lease.c.public_id, lease.c.question, question.c.item, question.c.kind, lease.c.shown, lease.c.expires)
    return select(*columns).join(question, question.c.id == lease.c.question).where(lease.c.person == whose)


def _assignment(row: Any) -> Assignment:
    return Assignment(row.public_id, row.question, row.item, row.kind, tuple(row.shown), row.expires)
