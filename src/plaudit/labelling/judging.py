"""What people send: kept once, however often it arrives, and for good.

A judgement is never changed. Whoever takes one back and judges again sends a further revision on the same lease, and
the last one counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select, update

from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.labelling.answers import Answer, gold_result, read_answer
from plaudit.labelling.assigning import Assignment, free_place, give_back
from plaudit.labelling.clock import now
from plaudit.labelling.database.tables import items, judgements, leases, persons, projects, questions
from plaudit.labelling.project import Project

_LONGEST_COMMENT = 5000
_LONGEST_HOW = 10_000
_CLIENT_ID = re.compile(r"[0-9A-Za-z_-]{8,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What comes with an answer.

    Attributes:
        client_id: made by the browser, once for each judgement: what arrives twice under it is one.
        comment: in the person's words.
        reasons: out of the project's.
        seconds_active: with the page in front of the person and something being done.
        seconds_open: since it was shown.
        how: seen, aids, by_key, device, locale and app, as the page tells them.

    Example:
        >>> Envelope(client_id="a-uuid-of-the-browser", comment="Both are short.").comment
        'Both are short.'
    """

    client_id: str
    comment: str = ""
    reasons: tuple[str, ...] = ()
    seconds_active: float | None = None
    seconds_open: float | None = None
    how: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _CLIENT_ID.fullmatch(self.client_id):
            raise InvalidInputError("client_id must have 8 to 64 letters and digits", remedy="send a UUID")
        if len(self.comment) > _LONGEST_COMMENT:
            raise InvalidInputError(f"the comment is longer than {_LONGEST_COMMENT:,} characters")
        _check_how(self.how)
        # What no database keeps as text: NUL, and halves of a character, which a browser may send.
        kept = self.comment.replace("\0", "").encode("utf-8", "replace").decode()
        object.__setattr__(self, "comment", kept)


class Receipt(NamedTuple):
    """What became of a judgement.

    Attributes:
        revision: of the lease's answer, from 0.
        kind: "answer" or "skip".
        surplus: whether the question had all its answers already.
        result: of a training question: "passed", "failed" or "not comparable".

    Example:
        >>> Receipt(revision=0, kind="answer", surplus=False, result=None).surplus
        False
    """

    revision: int
    kind: str
    surplus: bool
    result: str | None


def send(project: Project, whose: int, lease_id: str, body: Mapping[str, Any], envelope: Envelope) -> Receipt:
    """Keep a judgement. Work is never refused for being late.

    Args:
        project: that asked.
        whose: the person's id.
        lease_id: of the question.
        body: the answer, its responses by their places on the page.
        envelope: what comes with it.

    Raises:
        NotFoundError: if there is no such question of that person.
        InvalidInputError: for an answer that was not asked for.

    Example:
        >>> from plaudit.labelling import add_person, take
        >>> project = Project.open("my-project")
        >>> whose = add_person(project, "Eva")
        >>> one = take(project, whose)
        >>> send(project, whose, one.lease, {"tiers": [[0], [1]]}, Envelope(client_id="a-uuid-of-the-browser")).kind
        'answer'
    """
    with project.database.writing() as connection:
        connection.execute(select(persons.c.id).where(persons.c.id == whose).with_for_update())
        held = _held(connection, whose, lease_id)
        if (receipt := _known(connection, envelope.client_id, held.id)) is not None:
            return receipt
        asked = connection.execute(select(questions).where(questions.c.id == held.question).with_for_update()).one()
        answer = read_answer(body, project.settings, held.shown)
        _check_reasons(project, envelope)
        surplus = False
        if "skip" in answer:
            _skip(project, connection, held, asked)
        else:
            surplus = _take_place(connection, held, asked)
        result = _result(connection, asked, answer)
        return _write(connection, held, answer, envelope, surplus, asked, result)


def _held(connection: Connection, whose: int, lease_id: str) -> Any:
    """A person's lease, locked with every other that the person has of the question."""
    wanted = select(leases).where(leases.c.public_id == lease_id, leases.c.person == whose)
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise NotFoundError("there is no such question of yours")
    mine = select(leases.c.id).where(leases.c.question == row.question, leases.c.person == whose)
    connection.execute(mine.order_by(leases.c.id).with_for_update()).all()
    return connection.execute(wanted).one()


def last_answers(project: Project, whose: int, most: int = 50) -> list[dict[str, Any]]:
    """A person's newest judgements, newest first: `lease`, `shown`, `kind`, `answer`, `comment`, `reasons`, `sent`."""
    newest = (
        select(leases.c.public_id, leases.c.shown, judgements)
        .join(judgements, judgements.c.lease == leases.c.id)
        .where(leases.c.person == whose, ~_superseded())
        .order_by(judgements.c.id.desc())
        .limit(most)
    )
    with project.database.reading() as connection:
        rows = connection.execute(newest).all()
    return [
        {
            "lease": row.public_id,
            "shown": row.shown,
            "kind": row.kind,
            "answer": row.answer,
            "comment": row.comment,
            "reasons": row.reasons,
            "sent": row.sent,
        }
        for row in rows
    ]


def known_answer(project: Project, one: Assignment) -> Answer:
    """What the answer to a question of known answer is, by the group's numbers."""
    with project.database.reading() as connection:
        known = connection.scalar(select(items.c.gold).where(items.c.id == one.item)) or {}
    return {name: value for name, value in known.items() if name != "of"}


def _superseded() -> Any:
    """A condition: there is a later revision of a judgement."""
    later = judgements.alias()
    return (
        select(later.c.id).where(later.c.lease == judgements.c.lease, later.c.revision > judgements.c.revision).exists()
    )


def _known(connection: Connection, client_id: str, lease_number: int) -> Receipt | None:
    row = connection.execute(
        select(judgements, questions.c.kind.label("asked"))
        .join(leases, leases.c.id == judgements.c.lease)
        .join(questions, questions.c.id == leases.c.question)
        .where(judgements.c.client_id == client_id)
    ).one_or_none()
    if row is None:
        return None
    if row.lease != lease_number:
        raise InvalidInputError(
            "that client_id has been used for another question", remedy="make one for each judgement"
        )
    return Receipt(row.revision, row.kind, row.surplus, row.gold_result if row.asked == "training" else None)


def _check_how(how: Mapping[str, Any]) -> None:
    """It stands in every export, which one page that sends anything must not spoil for all."""
    try:
        length = len(json.dumps(dict(how), allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        raise InvalidInputError("how is no JSON", remedy="leave NaN and infinity out") from None
    if length > _LONGEST_HOW:
        raise InvalidInputError(f"how is longer than {_LONGEST_HOW:,} characters", remedy="say less of the page")


def _check_reasons(project: Project, envelope: Envelope) -> None:
    for reason in envelope.reasons:
        if reason not in project.settings.reasons:
            raise InvalidInputError(f"{reason!r} is none of the project's reasons")


def _take_place(connection: Connection, held: Any, asked: Any) -> bool:
    """Count an answer; whether it is one too many."""
    if held.state in ("answered", "surplus"):
        return bool(held.state == "surplus")
    if held.state == "open":
        connection.execute(update(leases).where(leases.c.id == held.id).values(state="answered"))
    else:
        # Given back since: somebody else may have the place, or this person the question for a second time.
        mine = select(leases.c.state).where(leases.c.question == held.question, leases.c.person == held.person)
        others = {*connection.scalars(mine.where(leases.c.id != held.id))}
        if "open" in others:
            _release_other(connection, held)
            asked = connection.execute(select(questions).where(questions.c.id == asked.id)).one()
        if others & {"answered", "surplus"} or (asked.wanted is not None and asked.free < 1):
            connection.execute(update(leases).where(leases.c.id == held.id).values(state="surplus"))
            return True
        place = free_place(connection, asked.id)
        connection.execute(update(leases).where(leases.c.id == held.id).values(state="answered", place=place))
        if asked.wanted is not None:
            connection.execute(update(questions).where(questions.c.id == asked.id).values(free=questions.c.free - 1))
    _finish(connection, asked.id)
    return False


def _release_other(connection: Connection, held: Any) -> None:
    """A person has the question twice, since the first lease expired: the late answer ends the second, if that is
    unanswered."""
    mine = (leases.c.question == held.question, leases.c.person == held.person, leases.c.state == "open")
    if connection.execute(update(leases).where(*mine).values(state="released")).rowcount:
        give_back(connection, held.question)


def _finish(connection: Connection, question_id: int) -> None:
    """Close a question that has all its answers."""
    answered = (
        select(func.count())
        .select_from(leases)
        .where(leases.c.question == question_id, leases.c.state == "answered")
        .scalar_subquery()
    )
    complete = (questions.c.id == question_id, questions.c.state == "open", questions.c.wanted <= answered)
    connection.execute(update(questions).where(*complete).values(state="done", refill=False))


def _skip(project: Project, connection: Connection, held: Any, asked: Any) -> None:
    """Free the place for somebody else; a question that too many have skipped is put aside."""
    connection.execute(update(leases).where(leases.c.id == held.id).values(state="skipped"))
    if held.state in ("open", "answered"):
        give_back(connection, asked.id)
    people = select(func.count(leases.c.person.distinct())).where(
        leases.c.question == asked.id, leases.c.state == "skipped", leases.c.given >= (asked.reopened or 0)
    )
    if asked.kind == "ask" and (connection.scalar(people) or 0) >= project.settings.skips:
        still_open = (questions.c.id == asked.id, questions.c.state == "open")
        connection.execute(update(questions).where(*still_open).values(state="aside"))


def _result(connection: Connection, asked: Any, answer: Answer) -> str | None:
    if asked.kind not in ("gold", "training"):
        return None
    known = connection.scalar(select(items.c.gold).where(items.c.id == asked.item))
    return gold_result(answer, known or {}, asked.responses)


def _write(
    connection: Connection, held: Any, answer: Answer, envelope: Envelope, surplus: bool, asked: Any, result: str | None
) -> Receipt:
    newest = connection.scalar(select(func.max(judgements.c.revision)).where(judgements.c.lease == held.id))
    revision = 0 if newest is None else newest + 1
    kind = "skip" if "skip" in answer else "answer"
    row = {
        "lease": held.id,
        "revision": revision,
        "client_id": envelope.client_id,
        "kind": kind,
        "answer": answer,
        "comment": envelope.comment,
        "reasons": list(envelope.reasons),
        "seconds_active": envelope.seconds_active,
        "seconds_open": envelope.seconds_open,
        "how": dict(envelope.how),
        "gold_result": result,
        "gold_revision": asked.gold_revision if result else None,
        "guidelines_revision": connection.scalar(select(projects.c.guidelines_revision)) or 0,
        "surplus": surplus,
        "sent": now(),
    }
    connection.execute(insert(judgements).values(**row))
    return Receipt(revision, kind, surplus, result if asked.kind == "training" else None)
