"""The labelling page with company: a project on the shipped preference set, and simulated people who judge beside you.

What they see in an answer is its true quality. One of them always takes what stands first, and one pays no attention
a third of the time: the owner's page finds out.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from random import Random
from uuid import uuid4

from plaudit.demo.annotators import BY_NAME, judge
from plaudit.demo.preferences import preference_set
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking
from plaudit.labelling import (
    Envelope,
    LabellingSettings,
    Nothing,
    Project,
    add_person,
    find_person,
    group_id,
    send,
    take,
)
from plaudit.text import Language

CROWD = ("ana", "chen", "ivo")
"""Of the demo's annotators, those who come."""

FIRST = "max"
"""Who always takes what stands first."""

SECONDS = (2.0, 7.0)
"""For one judgement of a simulated person."""

EARLIER = 30
"""Judgements of each that are there already when the page opens."""

_GOLD_GAP = 2.0
_GOLD = 12

SETTINGS = LabellingSettings(
    overlap=2, both_bad=True, gold_every=12, repeat_every=20, repeat_after=10, repeat_seconds=60, random_first=60
)

GUIDELINES = """\
# What is a better answer?

One that helps whoever asked: it answers the question, what it says is right, and it says no more than it takes.

- Length is no merit, and neither are polite words.
- Both answers may be bad; say so.
- If you cannot judge a topic, skip the question.
"""


class Crowd:
    """Simulated people at work, until stopped.

    Args:
        project: in which they judge.
        quality: group id -> the true quality of each response.
        seed: of all draws.

    Attributes:
        new: whether they come for the first time.

    Example:
        >>> project = label_demo("label-demo", questions=4)
        >>> crowd = Crowd(project, true_quality_of(project_groups(questions=4)))
        >>> crowd.judge_at_once(5) >= 5
        True
        >>> project.close()
    """

    def __init__(self, project: Project, quality: dict[str, Sequence[float]], seed: int = 0) -> None:
        self._project, self._quality, self._seed = project, quality, seed
        names = {name: f"{name} (simulated)" for name in (*CROWD, FIRST)}
        known = {name: find_person(project, full) for name, full in names.items()}
        self.new = not any(known.values())
        self._people = {name: known[name] or add_person(project, full) for name, full in names.items()}
        self._random = {name: Random(f"{seed}/label/{name}") for name in self._people}
        self._stop = threading.Event()

    def judge_at_once(self, each: int = EARLIER) -> int:
        """Let everybody judge so often, one after the other; how many judgements that were."""
        return sum(self._judge_once(name) for _ in range(each) for name in self._people)

    def start(self) -> None:
        """Let everybody judge at a person's pace, in threads that end with the process."""
        for name in self._people:
            threading.Thread(target=self._work, args=(name,), name=f"plaudit-{name}", daemon=True).start()

    def stop(self) -> None:
        """Send everybody home."""
        self._stop.set()

    def _work(self, name: str) -> None:
        while not self._stop.wait(self._random[name].uniform(*SECONDS)):
            try:
                self._judge_once(name)
            except PlauditError:
                # The project is closed, or busy: a person would come back later, too.
                continue

    def _judge_once(self, name: str) -> bool:
        one = take(self._project, self._people[name])
        if isinstance(one, Nothing):
            return False
        random = self._random[name]
        quality = self._quality[group_id(self._project, one)]
        tiers = self._tiers(name, quality, one.shown, random)
        place = {number: index for index, number in enumerate(one.shown)}
        body = {"tiers": [[place[number] for number in tier] for tier in tiers]}
        seconds = random.uniform(*SECONDS)
        envelope = Envelope(
            client_id=uuid4().hex, seconds_active=round(seconds, 1), how={"device": "desktop", "simulated": True}
        )
        send(self._project, self._people[name], one.lease, body, envelope)
        return True

    def _tiers(
        self, name: str, quality: Sequence[float], shown: Sequence[int], random: Random
    ) -> Sequence[Sequence[int]]:
        if name == FIRST:
            return [[number] for number in shown]
        return judge(BY_NAME[name], quality, shown, "pair", random).tiers


def label_demo(folder: str | Path, *, language: Language = "en", questions: int = 120) -> Project:
    """A project on the shipped preference set.

    Args:
        folder: of the project; one that is there is opened.
        language: of the questions.
        questions: groups.

    Raises:
        PlauditError: if the `label` extra is not installed.

    Example:
        >>> label_demo("label-demo-zh", language="zh", questions=5).settings.overlap
        2
    """
    place = Path(folder)
    if (place / "labels.db").exists():
        return Project.open(place)
    project = Project.create(place, "Plaudit's demo" if language == "en" else "Plaudit 演示", SETTINGS, GUIDELINES)
    groups = project_groups(language=language, questions=questions)
    gold = [one for group in groups[-_GOLD:] if (one := _known(group)) is not None]
    project.add(groups[:-_GOLD])
    project.add(gold, gold=True)
    return project


def project_groups(*, language: Language = "en", questions: int = 120) -> list[Group]:
    """Questions of the shipped set with their answers, without judgements.

    Example:
        >>> len(project_groups(questions=5)), project_groups(questions=5)[0].rankings
        (17, ())
    """
    groups = [group for group in preference_set() if group.subset == language]
    return [group.with_responses(group.responses) for group in groups[: questions + _GOLD]]


def true_quality_of(groups: Sequence[Group]) -> dict[str, Sequence[float]]:
    """Group id -> the quality that each response was written with.

    Example:
        >>> [group] = project_groups(questions=1)[:1]
        >>> len(true_quality_of([group])[group.id]) == len(group.responses)
        True
    """
    return {group.id: group.meta["quality"] for group in groups}


def _known(group: Group) -> Group | None:
    """Two answers of which one is better beyond doubt."""
    quality = group.meta["quality"]
    best, worst = max(range(len(quality)), key=quality.__getitem__), min(range(len(quality)), key=quality.__getitem__)
    if quality[best] - quality[worst] < _GOLD_GAP:
        return None
    ranking = Ranking(((best,), (worst,)))
    return Group(group.id, group.prompt, group.responses, (ranking,), subset=group.subset, meta=group.meta)
