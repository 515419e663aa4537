"""Fifty people at once, as impolite as networks are: each question is answered exactly as often as it should be."""

import random
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from labelling.crowds import PLAIN, check_overlap, envelope, rows, some_gold, some_groups

from plaudit.errors import OverloadedError
from plaudit.labelling import people
from plaudit.labelling.assigning import Nothing, release, take
from plaudit.labelling.database.tables import judgements, leases, questions
from plaudit.labelling.judging import send
from plaudit.labelling.project import Project

ANSWER, BACK = {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}


class Worker:
    """One person: sends twice, sends late, walks away, comes back."""

    def __init__(self, project: Project, person: int, acknowledged: dict[str, int]) -> None:
        self.project, self.person, self.acknowledged = project, person, acknowledged
        self.random = random.Random(person)
        self.late: list[str] = []

    def work(self) -> None:
        idle = 0
        while idle < 3000:
            try:
                one = take(self.project, self.person, self.late)
            except OverloadedError:
                self.hand_in()
                continue
            if isinstance(one, Nothing):
                self.hand_in()
                if one.reason == "done":
                    return
                idle += 1
                time.sleep(0.2)
                continue
            idle = 0
            chance = self.random.random()
            if chance < 0.04:
                self.late.append(one.lease)  # its answer comes at the end
            elif chance < 0.07:
                release(self.project, self.person, one.lease)
            else:
                self.send(one.lease, twice=chance < 0.27, again=chance > 0.95)

    def send(self, lease: str, *, twice: bool = False, again: bool = False) -> None:
        letters = [envelope()] + ([envelope()] if again else [])
        for letter, answer in zip(letters, (ANSWER, BACK), strict=False):
            receipt = send(self.project, self.person, lease, answer, letter)
            if twice:
                assert send(self.project, self.person, lease, answer, letter) == receipt
            self.acknowledged[letter.client_id] = self.person

    def hand_in(self) -> None:
        for lease in self.late:
            self.send(lease, twice=True)
        self.late = []


def test_fifty_people_three_answers_each(make):
    """120 questions, overlap 3; a lease lasts half a second, so that many expire in somebody's hands."""
    project = make(**{**PLAIN, "gold_every": 15}, overlap=3)
    object.__setattr__(project.settings, "lease_seconds", 0.5)
    project.add(some_groups(120))
    project.add(some_gold(4), gold=True)
    acknowledged: dict[str, int] = {}
    workers = [Worker(project, people.add_person(project, f"person {n}"), acknowledged) for n in range(50)]
    with ThreadPoolExecutor(50) as pool:
        for future in [pool.submit(worker.work) for worker in workers]:
            future.result(timeout=3600)
    for worker in workers:
        worker.hand_in()
    check_overlap(project)
    asked = [row for row in rows(project, questions) if row.kind == "ask"]
    assert len(asked) == 120
    assert {row.state for row in asked} == {"done"}
    held = rows(project, leases)
    counts = Counter(row.question for row in held if row.state == "answered")
    assert {counts[row.id] for row in asked} == {3}
    assert {*acknowledged} == {row.client_id for row in rows(project, judgements)}
    kept = Counter((row.question, row.person) for row in held if row.state == "answered")
    assert max(kept.values()) == 1
