"""Simulated crowds, written straight into a project's tables: a hundred thousand judgements in seconds."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from plaudit.groups import Group, Ranking
from plaudit.labelling.clock import public_id
from plaudit.labelling.database.tables import items, judgements, leases, questions
from plaudit.labelling.people import add_person
from plaudit.labelling.project import Project, question_row
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
        asked = connection.execute(select(questions.c.id).where(questions.c.kind == "ask").order_by(questions.c.id)).all()
        held: list[dict[str, Any]] = []
        said: list[dict[str, Any]] = []
        for (question,), group in zip(asked[-len(groups) :], groups, strict=True):
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


