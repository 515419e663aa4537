"""What the owner changes while people judge: how many answer, what is asked at all, and what the known answers are.

Nothing that was judged is lost by any of it, and nobody who is at a question is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select, update

from plaudit.errors import NotFoundError
from plaudit.labelling.answers import Answer, as_shown, read_answer
from plaudit.labelling.assigning import end
from plaudit.labelling.clock import now
from plaudit.labelling.database.tables import items, leases, persons, projects, questions
from plaudit.labelling.project import Project, current_overlap, note
from plaudit.labelling.refusals import RefusedError, UnknownError

_OPINIONS = questions.c.kind == "ask"


def pause_project(project: Project, paused: bool, by: int | None = None) -> None:
    """Give nobody a question, or go on."""
    with project.database.writing() as connection:
        connection.execute(update(projects).values(paused=paused))
        note(connection, "project-paused" if paused else "project-resumed", {}, by)


def raise_overlap(project: Project, overlap: int, by: int | None = None) -> int:
    """Have more people answer each question, those that are done among them.

    Args:
        project: whose server may run meanwhile.
        overlap: people for each question from now on.
        by: the id of who asks for it.

    Returns:
        Questions that want more answers now.

    Raises:
        InvalidInputError: if it is fewer: what is in people's hands cannot be taken back.
    """
    with _alone(project) as connection:
        before = current_overlap(connection)
        if overlap < before:
            raise RefusedError("refused.overlap_lower", before=before)
        stored: Mapping[str, Any] = connection.scalar(select(projects.c.settings)) or {}
        connection.execute(update(projects).values(settings={**stored, "overlap": overlap}))
        count = _ask_more(connection, _OPINIONS & (questions.c.wanted < overlap), overlap)
        note(connection, "overlap-raised", {"from": before, "to": overlap}, by)
    return count


def ask_again(project: Project, question_id: int, more: int = 1, by: int | None = None) -> None:
    """Have more people answer one question.

    Raises:
        NotFoundError: if nobody's opinion is asked by it.
    """
    with _alone(project) as connection:
        asked = _question(connection, question_id)
        if asked.kind != "ask":
            raise UnknownError("refused.no_opinion")
        _ask_more(connection, questions.c.id == question_id, asked.wanted + more)
        note(connection, "question-again", {"question": question_id, "more": more}, by)


def set_aside(project: Project, question_id: int, by: int | None = None) -> None:
    """Give a question to nobody else; who is at it may finish."""
    with _alone(project) as connection:
        _question(connection, question_id)
        open_or_done = (questions.c.id == question_id, questions.c.state.in_(("open", "done")))
        connection.execute(update(questions).where(*open_or_done).values(state="aside"))
        note(connection, "question-aside", {"question": question_id}, by)


def reopen(project: Project, question_id: int, by: int | None = None) -> None:
    """Ask a question again that was put aside; skips are counted anew."""
    with _alone(project) as connection:
        _question(connection, question_id)
        aside = (questions.c.id == question_id, questions.c.state == "aside")
        connection.execute(update(questions).where(*aside).values(state="open", reopened=now()))
        _settle(connection, questions.c.id == question_id)
        note(connection, "question-reopened", {"question": question_id}, by)


def withdraw(project: Project, group_ids: Collection[str], withdrawn: bool = True, *, by: int | None = None) -> int:
    """Ask nothing more about groups, and leave them out of what is trained on; or take that back.

    Args:
        project: whose server may run meanwhile.
        group_ids: ids of the groups.
        withdrawn: False: they are asked about again.
        by: the id of who asks for it.

    Returns:
        Groups that were changed.

    Raises:
        NotFoundError: if there is no such group.
    """
    with _alone(project) as connection:
        named = items.c.group_id.in_([one for one in group_ids if _is_kept(one)])
        rows = connection.execute(select(items).where(named).with_for_update()).all()
        if missing := sorted({*group_ids} - {row.group_id for row in rows}):
            raise UnknownError("refused.no_group", group=repr(missing[0]))
        changed = [row for row in rows if row.withdrawn != withdrawn]
        for row in changed:
            asked = questions.c.item == row.id
            if withdrawn:
                connection.execute(update(items).where(items.c.id == row.id).values(withdrawn=True, round=None))
                _take_out_of_hands(connection, asked)
                connection.execute(update(questions).where(asked).values(state="withdrawn"))
            else:
                # Questions that were asked are passed over when their turn comes, if any are left.
                begun = connection.scalar(select(func.count()).where(asked, _OPINIONS)) or 0
                following = 0 if row.total > begun else None
                connection.execute(update(items).where(items.c.id == row.id).values(withdrawn=False, round=following))
                back = asked & (questions.c.state == "withdrawn")
                connection.execute(update(questions).where(back).values(state="open"))
                _settle(connection, asked)
        if changed:
            what = "items-withdrawn" if withdrawn else "items-restored"
            note(connection, what, {"groups": [row.group_id for row in changed]}, by)
    return len(changed)


def change_gold(project: Project, question_id: int, answer: Answer, by: int | None = None) -> None:
    """Give a question another known answer. What was answered before is not compared with it.

    Args:
        project: whose server may run meanwhile.
        question_id: of a question of known answer.
        answer: by the group's own numbers.
        by: the id of who asks for it.

    Raises:
        NotFoundError: if there is no such question.
        InvalidInputError: for an answer that it could not have, or that decides nothing.
    """
    with _alone(project) as connection:
        asked = _question(connection, question_id)
        if asked.kind not in ("gold", "training"):
            raise UnknownError("refused.gold_unknown")
        try:
            body = as_shown(answer, asked.responses)
        except (KeyError, TypeError):
            raise RefusedError("refused.gold_unfit") from None
        # How much better an answer is, nobody is tested on.
        known = read_answer(body, replace(project.settings, strength=0, both_bad=False), asked.responses)
        if "skip" in known or len(known.get("tiers", [0, 1])) < 2:
            raise RefusedError("refused.gold_undecided")
        if "tiers" in known or "best" in known:
            known["of"] = list(asked.responses)
        connection.execute(update(items).where(items.c.id == asked.item).values(gold=known))
        of_item = (questions.c.item == asked.item, questions.c.kind.in_(("gold", "training")))
        connection.execute(update(questions).where(*of_item).values(gold_revision=questions.c.gold_revision + 1))
        note(connection, "gold-changed", {"question": question_id}, by)


@contextmanager
def _alone(project: Project) -> Iterator[Connection]:
    """A transaction while which nobody takes a question or sends an answer."""
    with project.database.writing() as connection:
        connection.execute(select(persons.c.id).order_by(persons.c.id).with_for_update()).all()
        yield connection


def _is_kept(text: str) -> bool:
    """Whether a database has a place for a text: none has for half a character, PostgreSQL none for NUL."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _question(connection: Connection, question_id: int) -> Any:
    row = connection.execute(select(questions).where(questions.c.id == question_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no question {question_id}")
    return row


def _ask_more(connection: Connection, which: ColumnElement[bool], wanted: int) -> int:
    """Raise what questions want; how many are."""
    # In the order in which everybody waits for them.
    connection.execute(select(questions.c.id).where(which).order_by(questions.c.id).with_for_update()).all()
    more = {"free": questions.c.free + wanted - questions.c.wanted, "wanted": wanted}
    # What is aside or withdrawn stays so.
    state = case((questions.c.state == "done", "open"), else_=questions.c.state)
    count = connection.execute(update(questions).where(which).values(state=state, **more)).rowcount
    _look_everywhere(connection)
    return count


def _settle(connection: Connection, which: ColumnElement[bool]) -> None:
    """Close what has all its answers."""
    answered = (
        select(func.count())
        .select_from(leases)
        .where(leases.c.question == questions.c.id, leases.c.state == "answered")
        .scalar_subquery()
    )
    complete = (which, questions.c.state == "open", questions.c.wanted <= answered)
    connection.execute(update(questions).where(*complete).values(state="done", refill=False))
    _look_everywhere(connection)


def _look_everywhere(connection: Connection) -> None:
    """Any question may have something for anybody."""
    connection.execute(update(persons).values(random_from=0, informed_from=0))


def _take_out_of_hands(connection: Connection, which: ColumnElement[bool]) -> None:
    held = select(leases).join(questions, questions.c.id == leases.c.question).where(which, leases.c.state == "open")
    for row in connection.execute(held.order_by(leases.c.id).with_for_update(of=leases)).all():
        end(connection, row, "withdrawn")
