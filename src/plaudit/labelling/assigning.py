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
from plaudit.labelling.database.tables import items, leases, persons, projects, questions
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
        row = connection.execute(select(persons).where(persons.c.id == whose).with_for_update()).one()
        if row.paused or row.disabled or is_paused(connection):
            return Nothing("paused")
        _expire(connection)
        held = connection.execute(_assignments(whose).where(leases.c.state == "open").order_by(leases.c.id)).all()
        for one in held:
            if one.public_id not in besides:
                return _assignment(one)
        if len(held) >= MOST_OPEN:
            raise OverloadedError(f"{len(held)} questions are open", remedy="answer one of them first")
        chosen = _choose(project, connection, row)
        if chosen is None:
            others = connection.scalar(select(exists().where(leases.c.state == "open", leases.c.person != whose)))
            return Nothing("waiting" if others else "done")
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
            _end(connection, row, "released")


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
    connection.execute(update(questions).where(wanted).values(free=questions.c.free + 1, refill=True))
    connection.execute(update(questions).where(wanted, questions.c.state == "done").values(state="open"))


def _choose(project: Project, connection: Connection, who: Any) -> Any:
    """A question for a person: its row, locked."""
    answered = select(func.count()).select_from(leases).where(leases.c.person == who.id, leases.c.state == "answered")
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
    mine = and_(leases.c.question == questions.c.id, leases.c.person == whose, leases.c.state.in_(_ANSWERING))
    return ~exists().where(mine)


def _asked(arm: str) -> Any:
    """A condition: an open question of an arm that wants answers."""
    return and_(questions.c.kind == "ask", questions.c.arm == arm, questions.c.state == "open", questions.c.free > 0)


def _refill(connection: Connection, whose: int, arm: str) -> Any:
    wanted = select(questions).where(_asked(arm), questions.c.refill, _not_mine(whose))
    return connection.execute(
        wanted.order_by(questions.c.id).limit(1).with_for_update(skip_locked=True, of=questions)
    ).one_or_none()


def _begun(connection: Connection, who: Any, arm: str) -> Any:
    """A question that somebody has begun, or that a wave has chosen."""
    column = {"random": persons.c.random_from, "informed": persons.c.informed_from}.get(arm)
    start = 0 if column is None else getattr(who, column.name)
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
        values = question_row(row.id, responses, "ask", wanted=project.settings.overlap)
        # A wave may have asked it already.
        if not connection.scalar(select(exists().where(questions.c.key == values["key"]))):
            return _written(connection, values)


def _written(connection: Connection, values: dict[str, Any]) -> Any:
    number = connection.execute(insert(questions).values(**values)).inserted_primary_key
    return connection.execute(select(questions).where(questions.c.id == number[0])).one()  # type: ignore[index]


def _training(project: Project, connection: Connection, who: Any, count: int) -> Any:
    """The next of the questions with feedback that a person begins with."""
    if count >= project.settings.training:
        return None
    return _known_answer(project, connection, who.id, "training")


def _known_answer(project: Project, connection: Connection, whose: int, kind: str) -> Any:
    """A question of known answer about an item that the person has not met."""
    other = questions.alias()
    met = and_(leases.c.question == other.c.id, other.c.item == questions.c.item, leases.c.person == whose)
    fresh = select(questions).where(questions.c.kind == kind, questions.c.state == "open")
    rows = connection.execute(fresh.where(~exists().where(met, leases.c.state.in_(_ANSWERING)))).all()
    return min(rows, key=lambda row: chance(project.secret, kind, whose, row.id), default=None)


def _repetition(project: Project, connection: Connection, whose: int) -> Any:
    """A question that the person has answered some time ago, to be answered again."""
    left = select(questions).where(
        questions.c.person == whose, questions.c.kind == "repeat", questions.c.state == "open", questions.c.free > 0
    )
    if (row := connection.execute(left.limit(1)).one_or_none()) is not None:
        return row
    mine = and_(leases.c.person == whose, leases.c.state == "answered")
    newest_first = select(leases.c.id).where(mine).order_by(leases.c.id.desc())
    bound = connection.scalar(newest_first.offset(project.settings.repeat_after - 1).limit(1))
    if bound is None:
        return None
    again = questions.alias()
    candidates = (
        select(questions)
        .join(leases, leases.c.question == questions.c.id)
        .where(mine, leases.c.id <= bound, leases.c.given <= now() - project.settings.repeat_seconds)
        .where(questions.c.kind == "ask", ~exists().where(again.c.repeats == questions.c.id, again.c.person == whose))
        .order_by(leases.c.id)
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
    connection.execute(insert(leases).values(**values))
    if row.wanted is not None:
        left = row.free - 1
        changes = {"free": left} | ({} if left else {"refill": False})
        connection.execute(update(questions).where(questions.c.id == row.id).values(**changes))
    shown: Sequence[int] = values["shown"]
    return Assignment(values["public_id"], row.id, row.item, row.kind, tuple(shown), values["expires"])


def _expire(connection: Connection) -> None:
    """Give back what nobody has worked at for too long."""
    late = select(leases).where(leases.c.state == "open", leases.c.expires < now()).order_by(leases.c.id)
    for row in connection.execute(late.limit(_EXPIRED_AT_ONCE).with_for_update(skip_locked=True)).all():
        _end(connection, row, "expired")


def _end(connection: Connection, row: Any, state: str) -> None:
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
