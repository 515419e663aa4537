"""People and their owner, in any order of doings, against a model in plain Python; on both databases."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import settings as run_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from labelling.conftest import Clock
from labelling.crowds import PLAIN, SKIP, check_overlap, envelope, rows, some_gold, some_groups

from plaudit.errors import OverloadedError
from plaudit.labelling import managing, people
from plaudit.labelling.assigning import MOST_OPEN, Nothing, extend, release, take
from plaudit.labelling.database.tables import items, judgements, leases, questions
from plaudit.labelling.judging import send
from plaudit.labelling.project import Project
from plaudit.labelling.settings import LabellingSettings

SECONDS = 900
PEOPLE = 3
ANSWERING = ("open", "answered", "surplus", "skipped")
number = st.integers(0, 10_000)


@dataclass
class Asked:
    """A question, as the model has it."""

    group: str
    kind: str
    wanted: int | None
    state: str = "open"
    reopened: float = 0


@dataclass
class Held:
    """A lease, as the model has it."""

    question: int
    person: int
    shown: tuple[int, ...]
    since: float
    expires: float
    state: str = "open"
    judged: list[str] = field(default_factory=list)


class Labelling(RuleBasedStateMachine):
    """What people and the owner may do, each told to the project and to the model."""

    clock: Clock
    new_place: Callable[[], str]

    @initialize(overlap=st.integers(1, 3))
    def begin(self, overlap: int) -> None:
        self.overlap = overlap
        chosen = LabellingSettings(**{**PLAIN, "gold_every": 4}, overlap=overlap, skips=2, lease_seconds=SECONDS)
        made = Project.create(type(self).new_place(), "Test", chosen)
        # The same doings have the same consequences, or hypothesis could not shorten them.
        self.project = replace(made, secret=b"s" * 32)
        groups = [*some_groups(2), *some_groups(1, 3, "k")]
        self.project.add(groups)
        self.project.add(some_gold(2), gold=True)
        self.persons = [people.add_person(self.project, f"person {n}") for n in range(PEOPLE)]
        self.total = {group.id: {2: 1, 3: 3}[len(group.responses)] for group in groups}
        self.withdrawn: set[str] = set()
        self.questions: dict[int, Asked] = {}
        self.leases: dict[str, Held] = {}
        self.acknowledged: dict[str, tuple[str, object]] = {}
        self.paused: set[int] = set()
        self.all_paused = False
        self.groups = {row.id: row.group_id for row in rows(self.project, items)}

    def teardown(self) -> None:
        if hasattr(self, "project"):
            self.project.close()

    # What the model says.

    def free(self, asked: int) -> int:
        wanted = self.questions[asked].wanted
        return 1 if wanted is None else wanted - len(self.of(asked, ("open", "answered")))

    def of(self, asked: int, states: tuple[str, ...], person: int | None = None) -> list[Held]:
        return [
            one
            for one in self.leases.values()
            if one.question == asked and one.state in states and person in (None, one.person)
        ]

    def available(self, person: int) -> set[int]:
        return {
            key
            for key, one in self.questions.items()
            if one.kind == "ask" and one.state == "open" and self.free(key) and not self.of(key, ANSWERING, person)
        }

    def unasked(self) -> int:
        asked = [one.group for one in self.questions.values() if one.kind == "ask"]
        return sum(n - asked.count(group) for group, n in self.total.items() if group not in self.withdrawn)

    def settle(self, asked: int) -> None:
        one = self.questions[asked]
        if one.state in ("open", "done") and one.wanted is not None:
            one.state = "done" if len(self.of(asked, ("answered",))) >= one.wanted else "open"

    # What people do.

    @rule(who=number, prefetch=st.booleans(), chosen=number)
    def take(self, who: int, prefetch: bool, chosen: int) -> None:
        person = self.persons[who % PEOPLE]
        mine = [key for key, one in self.leases.items() if one.person == person and one.state == "open"]
        besides = mine[: chosen % (len(mine) + 1)] if prefetch else []
        if self.all_paused or person in self.paused:
            assert take(self.project, person, besides) == Nothing("paused")
            return
        for one in self.leases.values():
            if one.state == "open" and one.expires < self.clock.at:
                one.state = "expired"
        mine = [key for key in mine if self.leases[key].state == "open"]
        if rest := [key for key in mine if key not in besides]:
            again = take(self.project, person, besides)
            assert (again.lease, again.shown) == (rest[0], self.leases[rest[0]].shown)
            return
        if len(mine) >= MOST_OPEN:
            with pytest.raises(OverloadedError):
                take(self.project, person, besides)
            return
        self.receive(person, take(self.project, person, besides))

    def receive(self, person: int, one: object) -> None:
        """Check what somebody got, and note it."""
        available = self.available(person)
        if isinstance(one, Nothing):
            assert not available
            assert not self.unasked()
            others = [
                held
                for held in self.leases.values()
                if held.state == "open"
                and held.person != person
                and self.questions[held.question].kind == "ask"
                and self.questions[held.question].state == "open"
                and not self.of(held.question, ANSWERING, person)
            ]
            assert one.reason == ("waiting" if others else "done")
            return
        if one.kind == "ask":
            # What somebody has begun comes first.
            assert one.question in available if available else one.question not in self.questions
            if not available:
                assert self.unasked()
        if one.question not in self.questions:
            wanted = self.overlap if one.kind == "ask" else None
            self.questions[one.question] = Asked(self.groups[one.item], one.kind, wanted)
        assert not self.of(one.question, ANSWERING, person)
        assert self.free(one.question)
        self.leases[one.lease] = Held(one.question, person, one.shown, self.clock.at, one.expires)

    @precondition(lambda self: self.leases)
    @rule(chosen=number, skips=st.sampled_from([False, False, True]), left=st.booleans())
    def send(self, chosen: int, skips: bool, left: bool) -> None:
        """For the first time, late, or as a further revision."""
        self.judge(list(self.leases)[chosen % len(self.leases)], skips, left)

    @precondition(lambda self: any(one.state in ("expired", "released") for one in self.leases.values()))
    @rule(chosen=number)
    def send_late(self, chosen: int) -> None:
        late = [key for key, one in self.leases.items() if one.state in ("expired", "released")]
        self.judge(late[chosen % len(late)], False, True)

    def judge(self, lease: str, skips: bool, left: bool) -> None:
        one = self.leases[lease]
        body = SKIP if skips else {"tiers": [[0], [1]] if left else [[1], [0]]}
        letter = envelope()
        receipt = send(self.project, one.person, lease, body, letter)
        surplus = self.skip(one) if skips else self.answer(one)
        assert (receipt.revision, receipt.kind, receipt.surplus) == (
            len(one.judged),
            "skip" if skips else "answer",
            surplus,
        )
        one.judged.append(letter.client_id)
        self.acknowledged[letter.client_id] = (lease, receipt)

    def skip(self, one: Held) -> bool:
        before, one.state = one.state, "skipped"
        asked = self.questions[one.question]
        if before in ("open", "answered"):
            self.settle(one.question)
        skipped = {held.person for held in self.of(one.question, ("skipped",)) if held.since >= asked.reopened}
        if asked.kind == "ask" and asked.state == "open" and len(skipped) >= 2:
            asked.state = "aside"
        return False

    def answer(self, one: Held) -> bool:
        if one.state in ("answered", "surplus"):
            return one.state == "surplus"
        if one.state != "open":
            for other in self.of(one.question, ("open",), one.person):
                other.state = "released"
            if self.of(one.question, ("answered", "surplus"), one.person) or not self.free(one.question):
                one.state = "surplus"
                return True
        one.state = "answered"
        self.settle(one.question)
        return False

    @precondition(lambda self: self.acknowledged)
    @rule(chosen=number)
    def send_the_same_again(self, chosen: int) -> None:
        client_id = list(self.acknowledged)[chosen % len(self.acknowledged)]
        lease, receipt = self.acknowledged[client_id]
        again = send(self.project, self.leases[lease].person, lease, SKIP, envelope(client_id=client_id))
        assert again == receipt

    @precondition(lambda self: self.leases)
    @rule(chosen=number, longer=st.booleans())
    def extend_or_release(self, chosen: int, longer: bool) -> None:
        lease = list(self.leases)[chosen % len(self.leases)]
        one = self.leases[lease]
        if not longer:
            release(self.project, one.person, lease)
            one.state = "released" if one.state == "open" else one.state
            return
        expires = extend(self.project, one.person, lease)
        assert (expires is not None) == (one.state == "open")
        one.expires = expires or one.expires

    @rule(seconds=st.sampled_from([1, SECONDS // 2, SECONDS + 1, 86400]))
    def time_passes(self, seconds: int) -> None:
        self.clock.pass_by(seconds)

    # What the owner does.

    @rule(who=number)
    def pause_or_resume(self, who: int) -> None:
        if who % (PEOPLE + 1) == PEOPLE:
            self.all_paused = not self.all_paused
            managing.pause_project(self.project, self.all_paused)
            return
        person = self.persons[who % (PEOPLE + 1)]
        self.paused ^= {person}
        people.pause(self.project, person, person in self.paused)

    @precondition(lambda self: self.overlap < PEOPLE)
    @rule()
    def raise_overlap(self) -> None:
        self.overlap += 1
        managing.raise_overlap(self.project, self.overlap)
        for key, one in self.questions.items():
            if one.wanted is not None and one.wanted < self.overlap:
                one.wanted = self.overlap
                self.settle(key)

    @rule(chosen=number)
    def withdraw_or_restore(self, chosen: int) -> None:
        group = list(self.total)[chosen % len(self.total)]
        self.withdrawn ^= {group}
        gone = group in self.withdrawn
        assert managing.withdraw(self.project, [group], gone) == 1
        for key, one in self.questions.items():
            if one.group == group and gone:
                one.state = "withdrawn"
                for held in self.of(key, ("open",)):
                    held.state = "withdrawn"
            elif one.group == group:
                one.state = "open" if one.state == "withdrawn" else one.state
                self.settle(key)

    @precondition(lambda self: any(one.kind == "ask" for one in self.questions.values()))
    @rule(chosen=number, doing=st.sampled_from(["aside", "reopen", "again"]))
    def change_a_question(self, chosen: int, doing: str) -> None:
        asked = [key for key, one in self.questions.items() if one.kind == "ask"]
        key = asked[chosen % len(asked)]
        one = self.questions[key]
        if doing == "aside":
            managing.set_aside(self.project, key)
            one.state = "aside" if one.state in ("open", "done") else one.state
        elif doing == "reopen":
            managing.reopen(self.project, key)
            if one.state == "aside":
                one.state, one.reopened = "open", self.clock.at
                self.settle(key)
        elif one.wanted is not None and one.wanted < PEOPLE:
            managing.ask_again(self.project, key)
            one.wanted += 1
            self.settle(key)

    # What holds after each step.

    @invariant()
    def the_tables_are_as_the_model_says(self) -> None:
        if not hasattr(self, "groups"):
            return
        check_overlap(self.project)
        states = {row.public_id: row.state for row in rows(self.project, leases)}
        assert states == {key: one.state for key, one in self.leases.items()}
        asked = {row.id: (row.state, row.wanted) for row in rows(self.project, questions)}
        assert {key: (one.state, one.wanted) for key, one in self.questions.items()}.items() <= asked.items()
        judged = [row.client_id for row in rows(self.project, judgements)]
        assert sorted(judged) == sorted(self.acknowledged)


def test_any_order_of_doings(place, clock, fresh_places):
    steps = 40 if place.startswith("postgresql") else 60
    examples = int(os.environ.get("PLAUDIT_TEST_EXAMPLES", "8" if place.startswith("postgresql") else "25"))
    machine = type("LabellingThere", (Labelling,), {"clock": clock, "new_place": staticmethod(fresh_places)})
    run_state_machine_as_test(
        machine, settings=run_settings(max_examples=examples, stateful_step_count=steps, deadline=None)
    )
