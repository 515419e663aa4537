"""Simulated crowds, written straight into a project's tables: a hundred thousand judgements in seconds."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select, update

from plaudit.groups import Group, Ranking
from plaudit.labelling.answers import gold_result
from plaudit.labelling.clock import public_id
from plaudit.labelling.database.tables import items, judgements, leases, persons, questions
from plaudit.labelling.people import add_person
from plaudit.labelling.project import Project
from plaudit.labelling.questions import question_row
from plaudit.labelling.settings import LabellingSettings

Judge = Callable[[random.Random, list[int], int], dict[str, Any]]
"""(numbers, responses as shown, the better one) -> an answer by the group's numbers."""


@dataclass(frozen=True)
class Member:
    """Somebody who judges.

    Attributes:
        name: of the person.
        judge: how.
        seconds: how long it takes, at the median.
    """

    name: str
    judge: Judge
    seconds: float = 8.0


def careful(right: float = 0.8, ties: float = 0.1) -> Judge:
    """Finds the better answer mostly, wherever it stands."""

    def judge(numbers: random.Random, shown: list[int], better: int) -> dict[str, Any]:
        if numbers.random() < ties:
            return {"tiers": [sorted(shown)]}
        best = better if numbers.random() < right else next(one for one in shown if one != better)
        return {"tiers": [[best], [one for one in shown if one != best]]}

    return judge


def always_first(numbers: random.Random, shown: list[int], better: int) -> dict[str, Any]:
    """Takes what is shown first."""
    return {"tiers": [[shown[0]], [shown[1]]]}


def contrary(numbers: random.Random, shown: list[int], better: int) -> dict[str, Any]:
    """Takes the worse answer."""
    return {"tiers": [[one for one in shown if one != better], [better]]}


def pairs(count: int, longer_is_better: float = 0.5, subsets: tuple[str, ...] = (), seed: int = 0) -> list[Group]:
    """Groups of two answers, the better one known to those who simulate."""
    numbers = random.Random(seed)
    made = []
    for place in range(count):
        better = numbers.randrange(2)
        longer = better if numbers.random() < longer_is_better else 1 - better
        texts = tuple(f"Answer {number} to {place}." + " More." * (number == longer) for number in range(2))
        subset = subsets[place % len(subsets)] if subsets else None
        order = ((better,), (1 - better,))
        made.append(Group(f"q{place}", f"Question {place}?", texts, (Ranking(order),), subset=subset))
    return made


def write(
    project: Project,
    groups: list[Group],
    members: list[Member],
    *,
    overlap: int,
    begin: float,
    every: float = 60.0,
    seed: int = 0,
) -> None:
    """Have members judge each group, `overlap` of them, in turns; one judgement every so many seconds."""
    project.add(groups)
    numbers = random.Random(seed)
    ids = [add_person(project, member.name) for member in members]
    with project.database.writing() as connection:
        rows = connection.execute(select(items.c.id).order_by(items.c.id)).all()[-len(groups) :]
        connection.execute(update(items).values(round=None))
        made = [question_row(row.id, [0, 1], "ask", wanted=overlap) | {"state": "done", "free": 0} for row in rows]
        connection.execute(insert(questions), made)
        made_ids = connection.execute(
            select(questions.c.id).where(questions.c.kind == "ask").order_by(questions.c.id)
        ).all()
        held: list[dict[str, Any]] = []
        said: list[dict[str, Any]] = []
        for (question,), group in zip(made_ids[-len(groups) :], groups, strict=True):
            for place, which in enumerate(numbers.sample(range(len(members)), overlap)):
                shown = [0, 1] if (question * 7919 + place) % 2 else [1, 0]
                sent = begin + every * len(held)
                lease = {"public_id": public_id(), "question": question, "place": place, "person": ids[which]}
                held.append(lease | {"shown": shown, "state": "answered", "given": sent - 9, "expires": sent + 900})
                answer = members[which].judge(numbers, shown, group.rankings[0].tiers[0][0])
                said.append(_judgement(answer, members[which].seconds * numbers.lognormvariate(0, 0.5), sent))
        first = connection.scalar(select(leases.c.id).order_by(leases.c.id.desc()).limit(1)) or 0
        connection.execute(insert(leases), held)
        connection.execute(insert(judgements), [row | {"lease": first + 1 + place} for place, row in enumerate(said)])


def judge(project: Project, question: int, person: int, answer: dict[str, Any], **columns: Any) -> int:
    """Write one judgement as if it had been sent, shown as it is numbered; the lease."""
    sent = columns.pop("sent", time.time() - 3600)
    shown = columns.pop("shown", None)
    with project.database.writing() as connection:
        asked = connection.execute(select(questions).where(questions.c.id == question)).one()
        known = connection.scalar(select(items.c.gold).where(items.c.id == asked.item))
        place = connection.scalar(select(func.count()).where(leases.c.question == question)) or 0
        held = {"public_id": public_id(), "question": question, "place": place, "person": person}
        state = "skipped" if "skip" in answer else "answered"
        held |= {"shown": shown or asked.responses, "state": state, "given": sent - 9, "expires": sent + 900}
        lease = connection.execute(insert(leases).values(**held)).inserted_primary_key[0]
        row = _judgement(answer, columns.pop("seconds", 5.0), sent) | {"lease": lease}
        if asked.kind in ("gold", "training"):
            row |= {"gold_result": gold_result(answer, known, asked.responses), "gold_revision": asked.gold_revision}
        connection.execute(insert(judgements).values(**row | columns))
        return lease


def asked(project: Project, group_id: str, kind: str = "ask", **columns: Any) -> int:
    """A question about a group, the one that is there or a new one; its id."""
    with project.database.writing() as connection:
        item = connection.execute(select(items).where(items.c.group_id == group_id)).one()
        which = (questions.c.item == item.id, questions.c.kind == kind, questions.c.repeats.is_(None))
        there = connection.scalar(select(questions.c.id).where(*which))
        if there is not None and "repeats" not in columns:
            return there
        connection.execute(update(items).where(items.c.id == item.id).values(round=None))
        row = question_row(item.id, item.answers, kind, **columns)
        return connection.execute(insert(questions).values(**row)).inserted_primary_key[0]


def extras(project: Project) -> None:
    """To a simulated project: skips with reasons, comments, known answers, and questions that came again."""
    with project.database.reading() as connection:
        names = {row.name: row.id for row in connection.execute(select(persons))}
    ann, bob, eve = (names[name] for name in [*names][:3])
    project.add([Group("odd", "Is this <b>odd</b>? \u202eevil", ("No.", "Yes, it is odd."))])
    skipped = asked(project, "odd")
    for person, reason in ((ann, "I cannot judge this"), (bob, "not my language")):
        judge(project, skipped, person, {"skip": reason})
    judge(project, skipped, eve, {"all_bad": True}, comment="Both are nonsense <script>alert(1)</script>.", seconds=95)
    project.add([Group("gold", "What is 1 + 1?", ("2", "3"), (Ranking(((0,), (1,))),))], gold=True)
    known = asked(project, "gold", "gold")
    judge(project, known, ann, {"tiers": [[0], [1]]})
    judge(project, known, bob, {"tiers": [[1], [0]]}, comment="In base 1?")
    judge(project, known, eve, {"skip": "too easy"})
    first = asked(project, "q0")
    for person in (ann, bob):
        again = asked(project, "q0", "repeat", repeats=first, whose=person)
        judge(project, again, person, {"tiers": [[0], [1]]})


def project_of(folder: Any, **settings: Any) -> Project:
    """An empty project."""
    return Project.create(folder, "Rivers", LabellingSettings(**settings))


def _judgement(answer: dict[str, Any], seconds: float, sent: float) -> dict[str, Any]:
    return {
        "revision": 0,
        "client_id": public_id(),
        "kind": "skip" if "skip" in answer else "answer",
        "answer": answer,
        "comment": "",
        "reasons": [],
        "seconds_active": seconds,
        "seconds_open": seconds,
        "how": {},
        "guidelines_revision": 0,
        "surplus": False,
        "sent": sent,
    }
