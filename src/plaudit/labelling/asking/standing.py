"""What a project knows and has asked, as waves are chosen from it: one moment of its database."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from sqlalchemy import Connection, func, select

from plaudit.groups import Group
from plaudit.labelling.asking.choosing import OpenQuestions
from plaudit.labelling.database.tables import items, leases, persons, questions, responses, utilities, waves
from plaudit.labelling.exporting import judged_groups
from plaudit.labelling.project import Project, text_of_json

_HELD = ("open", "answered", "surplus", "skipped")


@dataclass(frozen=True, slots=True)
class Standing:
    """A project at one moment.

    Attributes:
        groups: all that can be asked about, with what was judged of each.
        items: [G], their ids in the tables.
        answers: [G], numbers of each group's different responses.
        open: what could be asked.
        responses: [N], of each question that could be asked.
        waiting: questions and further opinions that earlier waves asked for by a model, and nobody has begun.
        judgements: that there are.
    """

    groups: Sequence[Group]
    items: Sequence[int]
    answers: Sequence[Sequence[int]]
    open: OpenQuestions
    responses: Sequence[tuple[int, ...]]
    waiting: int
    judgements: int


def standing(project: Project) -> Standing:
    """Read it."""
    with project.database.reading() as connection:
        judged = {group.id: group for group in judged_groups(project, connection)}
        rows = connection.execute(
            select(items).where(items.c.gold.is_(None), ~items.c.withdrawn, items.c.total > 0).order_by(items.c.id)
        ).all()
        texts = _texts(connection)
        asked: dict[int, list[Any]] = defaultdict(list)
        for row in connection.execute(select(questions).where(questions.c.kind == "ask").order_by(questions.c.id)):
            asked[row.item].append(row)
        people = connection.scalar(select(func.count()).where(~persons.c.disabled)) or 0
        held = _people_of_questions(connection)
        judgements = _count_answers(connection)
        waiting = _count_waiting(connection)
    groups = [judged.get(row.group_id) or _without_judgements(row, texts[row.id]) for row in rows]
    free = [
        one
        for number, (row, group) in enumerate(zip(rows, groups, strict=True))
        for one in _open_questions(project, number, row, asked[row.id], _splits(group))
        # A further opinion needs somebody who has none yet.
        if one.id is None or held.get(one.id, 0) < people
    ]
    total = sum(row.total for row in rows)
    begun = sum(len(asked[row.id]) for row in rows)
    return Standing(
        groups=groups,
        items=[row.id for row in rows],
        answers=[row.answers for row in rows],
        open=_as_arrays(free, begun / total if total else 0.0),
        responses=[one.responses for one in free],
        waiting=waiting,
        judgements=judgements,
    )


def _count_waiting(connection: Connection) -> int:
    """Of a question that had its answers, one opinion is left; of any other, all."""
    asked = (
        select(questions.c.id, questions.c.free, questions.c.wanted, utilities.c.figures)
        .join(utilities, utilities.c.question == questions.c.id)
        .join(waves, waves.c.id == utilities.c.wave)
        .where(questions.c.state == "open", questions.c.free > 0, waves.c.rule.in_(("informed", "gap")))
    )
    rows = connection.execute(asked)
    return len({row.id for row in rows if row.free == row.wanted or row.figures["again"]})


def count_answers(project: Project) -> int:
    """Judgements that questions of the project have, without those of known answer.

    Example:
        >>> from plaudit.labelling import LabellingSettings
        >>> project = Project.create("new", "New", LabellingSettings())
        >>> count_answers(project)
        0
        >>> project.close()
    """
    with project.database.reading() as connection:
        return _count_answers(connection)


@dataclass(frozen=True, slots=True)
class _Free:
    """A question that could be asked; `id` where it has been, to be asked once more."""

    group: int
    responses: tuple[int, ...]
    id: int | None
    split: float


def _open_questions(
    project: Project, number: int, row: Any, asked: Sequence[Any], splits: Mapping[tuple[int, int], float]
) -> list[_Free]:
    settings = project.settings
    known = {tuple(one.responses) for one in asked}
    again = [
        _Free(number, tuple(one.responses), one.id, _split_of(one.responses, splits))
        for one in asked
        if one.state == "done" and one.wanted is not None
    ]
    if len(asked) >= row.total:
        return again
    everything = combinations(sorted(row.answers), 2) if settings.mode == "pair" else [tuple(sorted(row.answers))]
    return [*again, *(_Free(number, tuple(one), None, 0.0) for one in everything if tuple(one) not in known)]


def _as_arrays(free: Sequence[_Free], share_asked: float) -> OpenQuestions:
    pairs = [(n, a, b) for n, one in enumerate(free) for a, b in combinations(one.responses, 2)]
    question, first, second = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    return OpenQuestions(
        group=np.array([one.group for one in free], dtype=np.int64),
        question=question,
        first=first,
        second=second,
        asked=np.array([one.id is not None for one in free], dtype=bool),
        split=np.array([one.split for one in free], dtype=np.float64),
        share_asked=share_asked,
    )


def _splits(group: Group) -> dict[tuple[int, int], float]:
    """Pair -> the chance that two of its judgements, drawn with putting back, differ."""
    votes: dict[tuple[int, int], Counter[int]] = defaultdict(Counter)
    for ranking in group.rankings:
        for better, worse, tied in ranking.comparisons():
            votes[min(better, worse), max(better, worse)][0 if tied else 1 if better < worse else -1] += 1
    return {pair: 1 - sum((n / count.total()) ** 2 for n in count.values()) for pair, count in votes.items()}


def _split_of(shown: Sequence[int], splits: Mapping[tuple[int, int], float]) -> float:
    pairs = [splits.get(pair, 0.0) for pair in combinations(sorted(shown), 2)]
    return sum(pairs) / len(pairs)


def _without_judgements(row: Any, texts: tuple[Any, ...]) -> Group:
    prompt = text_of_json(row.prompt)
    return Group(row.group_id, prompt, texts, subset=row.subset, meta=row.meta, tools=tuple(row.tools))


def _texts(connection: Connection) -> dict[int, tuple[Any, ...]]:
    texts: dict[int, list[Any]] = defaultdict(list)
    for row in connection.execute(select(responses).order_by(responses.c.item, responses.c.number)):
        texts[row.item].append(text_of_json(row.text))
    return {item: tuple(several) for item, several in texts.items()}


def _people_of_questions(connection: Connection) -> dict[int, int]:
    """Question -> people who have or had it in their hands."""
    people = func.count(leases.c.person.distinct()).label("people")
    count = select(leases.c.question, people).where(leases.c.state.in_(_HELD)).group_by(leases.c.question)
    return {row.question: row.people for row in connection.execute(count)}


def _count_answers(connection: Connection) -> int:
    answered = (
        select(func.count())
        .select_from(leases)
        .join(questions, questions.c.id == leases.c.question)
        .where(questions.c.kind == "ask", leases.c.state.in_(("answered", "surplus")))
    )
    return connection.scalar(answered) or 0
