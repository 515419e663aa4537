"""The labelling page with company: a project on the shipped preference set, and simulated people who judge beside you.

What they see in an answer is its true quality. One of them always takes what stands first, and one pays no attention
a third of the time: the owner's page finds out.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from uuid import uuid4

from plaudit.demo.annotators import BY_NAME, judge
from plaudit.demo.preferences import preference_set
from plaudit.errors import InvalidInputError, PlauditError
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

NAMES = {"en": "Plaudit's demo", "zh": "Plaudit 演示"}
"""Of the project."""

SIMULATED = {"en": "{} (simulated)", "zh": "{}（模拟）"}
"""What those are called who are none."""

GUIDELINES = {
    "en": """\
# What is a better answer?

One that helps whoever asked: it answers the question, what it says is right, and it says no more than it takes.

- Length is no merit, and neither are polite words.
- Both answers may be bad; say so.
- If you cannot judge a topic, skip the question.
""",
    "zh": """\
# 什么是更好的回答？

能帮到提问的人：回答了问题，说得对，而且不说多余的话。

- 长不是优点，客套话也不是。
- 两个回答可能都不好；那就照实说。
- 不会判断的话题，请跳过。
""",
}


class Crowd:
    """Simulated people at work, until stopped.

    Args:
        project: of `label_demo`, in which they judge.
        seed: of all draws.

    Attributes:
        new: whether they come for the first time.

    Example:
        >>> project = label_demo("label-demo", questions=4)
        >>> Crowd(project).judge_at_once(5) >= 5
        True
        >>> project.close()
    """

    def __init__(self, project: Project, seed: int = 0) -> None:
        self._project, self._quality, self._seed = project, _true_quality(), seed
        names = {name: SIMULATED[_language(project)].format(name) for name in (*CROWD, FIRST)}
        known = {name: find_person(project, full) for name, full in names.items()}
        self.new = not any(known.values())
        self._people = {name: known[name] or add_person(project, full) for name, full in names.items()}
        self._random = {name: Random(f"{seed}/label/{name}") for name in self._people}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def judge_at_once(self, each: int = EARLIER) -> int:
        """Let everybody judge so often, one after the other; how many judgements that were."""
        return sum(self._judge_once(name) for _ in range(each) for name in self._people)

    def start(self) -> None:
        """Let everybody judge at a person's pace, in threads that end with the process."""
        for name in self._people:
            thread = threading.Thread(target=self._work, args=(name,), name=f"plaudit-{name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Send everybody home, and wait until they have gone: nobody judges any more."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

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
        folder: of the project; one that is there is opened, in the language in which it was made.
        language: of the questions.
        questions: groups.

    Raises:
        InvalidInputError: if the project that is there is another: nobody simulated is to judge in it.
        PlauditError: if the `label` extra is not installed.

    Example:
        >>> label_demo("label-demo-zh", language="zh", questions=5).settings.overlap
        2
    """
    place = Path(folder)
    if (place / "labels.db").exists():
        project = Project.open(place)
        if project.name not in NAMES.values():
            project.close()
            raise InvalidInputError(f"{place} is no project of the demo", remedy="give another folder, or none")
        language = _language(project)
    else:
        project = Project.create(place, NAMES[language], SETTINGS, GUIDELINES[language])
    # Also into one that is there: whoever stopped the first start may have come before its groups. What is there stays.
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
    groups = [group for group in _groups() if group.subset == language]
    return [group.with_responses(group.responses) for group in groups[: questions + _GOLD]]


def _language(project: Project) -> Language:
    return "zh" if project.name == NAMES["zh"] else "en"


@cache
def _groups() -> tuple[Group, ...]:
    return tuple(preference_set())


def _true_quality() -> dict[str, Sequence[float]]:
    """Group id -> the quality that each response was written with."""
    return {group.id: group.meta["quality"] for group in _groups()}


def _known(group: Group) -> Group | None:
    """Two answers of which one is better beyond doubt."""
    quality = group.meta["quality"]
    best, worst = max(range(len(quality)), key=quality.__getitem__), min(range(len(quality)), key=quality.__getitem__)
    if quality[best] - quality[worst] < _GOLD_GAP:
        return None
    ranking = Ranking(((best,), (worst,)))
    return Group(group.id, group.prompt, group.responses, (ranking,), subset=group.subset, meta=group.meta)
