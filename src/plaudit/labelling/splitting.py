"""Which judgements a model is trained on, and which it is measured by.

A quarter of the groups is held out for good, whoever chose their questions: no model, on whatever judgements, has
read one of their prompts. They are measured by judgements of the random arm alone, for those that a model had asked for
would measure something else.

Whether asking pays is told by two models that are measured alike. Both begin with the same judgements, all on questions
drawn at random that were made before the first answer to a question that a model had chosen; to these the one adds the
next answers to questions drawn at random, the other as many to questions that were chosen. So they differ in nothing
but how the last were asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import NamedTuple

from plaudit.groups import Group
from plaudit.labelling.clock import chance
from plaudit.labelling.exporting import ExportOptions, Opinion, judged_groups, opinions
from plaudit.labelling.project import Project

HELD_OUT = 0.25
"""The share of groups that are held out."""

FEWEST_APART = 10
"""Judgements by which two models have to differ to be worth comparing."""

RANDOM, INFORMED = "random", "informed"


class Arms(NamedTuple):
    """Judgements to compare asking by: as many each, with the same beginning.

    Attributes:
        random: groups with the beginning and the next answers to questions drawn at random.
        informed: groups with the beginning and as many answers to questions that a model chose.
        judgements: of each.
        shared: of those, the beginning.

    Example:
        >>> Arms([], [], judgements=240, shared=200).judgements
        240
    """

    random: Sequence[Group]
    informed: Sequence[Group]
    judgements: int
    shared: int


class JudgementSplit(NamedTuple):
    """A project's judgements.

    Attributes:
        train: groups to train on, with all that was said of them.
        test: groups that are held out, with what was said on questions drawn at random.
        judgements: that can be trained on.
        held_out: judgements that models are measured by.
        arms: what to compare asking by; None: there are too few answers of one kind.

    Example:
        >>> JudgementSplit([], [], judgements=0, held_out=0).arms is None
        True
    """

    train: Sequence[Group]
    test: Sequence[Group]
    judgements: int
    held_out: int
    arms: Arms | None = None


def split_judgements(project: Project) -> JudgementSplit:
    """A project's judgements as of now.

    Example:
        >>> split_judgements(Project.open("my-project")).judgements
        0
    """
    with project.database.reading() as connection:

        def groups(arms: Mapping[str, float] | None, *, held_out: bool = False) -> list[Group]:
            judged = judged_groups(project, connection, ExportOptions(arms=arms))
            return [group for group in judged if is_held_out(project, group.id) == held_out]

        told = list(opinions(project, connection))
        seen = [one for one in told if not is_held_out(project, one.group)]
        measured = [one for one in told if is_held_out(project, one.group) and one.arm == RANDOM]
        arms = None
        if (until := _moments(seen)) is not None:
            shared, of_random, of_informed = until
            random = {RANDOM: of_random}
            informed = {RANDOM: shared, INFORMED: of_informed}
            arms = Arms(groups(random), groups(informed), _count(seen, random), _count(seen, {RANDOM: shared}))
        return JudgementSplit(groups(None), groups({RANDOM: inf}, held_out=True), len(seen), len(measured), arms)


def is_held_out(project: Project, group: str) -> bool:
    """Whether a group is one of those that no model is trained on."""
    return chance(project.secret, "held out", group) < HELD_OUT


def _moments(seen: Sequence[Opinion]) -> tuple[float, float, float] | None:
    """Until when answers are taken: of the beginning, then of questions drawn at random, and of chosen ones."""
    chosen = sorted(one.sent for one in seen if one.arm == INFORMED)
    if not chosen:
        return None
    after = sorted(one.sent for one in seen if one.arm == RANDOM and one.sent >= chosen[0])
    count = min(len(after), len(chosen))
    if count < FEWEST_APART:
        return None
    return chosen[0], _after(after, count), _after(chosen, count)


def _after(moments: Sequence[float], count: int) -> float:
    """A moment after the first so many of others, and not after the next."""
    return moments[count] if count < len(moments) else inf


def _count(seen: Sequence[Opinion], arms: Mapping[str, float]) -> int:
    return sum(one.arm in arms and one.sent < arms[one.arm] for one in seen)
