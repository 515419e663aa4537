"""Figures by hand: a few judgements, and what follows from them."""

import json
import math

import numpy as np
import pytest

from plaudit.labelling.settings import LabellingSettings
from plaudit.labelling.watching.agreeing import agreement, with_oneself
from plaudit.labelling.watching.habits import annotators, first_shown, longer
from plaudit.labelling.watching.hard import hard_questions
from plaudit.labelling.watching.judged import BOTH_BAD, ORDER, SKIP, TIE, JudgedRow, Reader
from plaudit.labelling.watching.pace import by_day, pace_of

DAY = 86400.0
UP, DOWN, TIED = {"tiers": [[0], [1]]}, {"tiers": [[1], [0]]}, {"tiers": [[0, 1]]}


class Rows:
    """Rows as the database has them, each a lease of its own unless it is said."""

    def __init__(self):
        self.rows = []

    def add(self, person, question, answer, **columns):
        number = len(self.rows) + 1
        row = {
            "id": number,
            "lease": number,
            "person": person,
            "question": question,
            "item": question,
            "kind": "ask",
            "arm": "random",
            "repeats": None,
            "answer": json.dumps(answer),
            "shown": "[0, 1]",
            "seconds": 5.0,
            "result": None,
            "gold_revision": None,
            "surplus": False,
            "sent": 60.0 * number,
        }
        self.rows.append(JudgedRow(**row | columns))
        return self

    def judged(self, settings=None, lengths=None):
        return Reader(settings or LabellingSettings(both_bad=True)).judged(self.rows, lengths or {}).current()


def test_an_answer_is_spelt_out_into_pairs():
    rows = Rows().add(1, 1, {"tiers": [[2], [0, 1]]}, shown="[1, 2, 0]")
    judged = rows.judged(LabellingSettings(mode="rank"), {(1, 0): 5, (1, 1): 9, (1, 2): 9})
    pairs = zip(judged.low, judged.high, judged.value, judged.first, judged.longer, strict=True)
    assert {(low, high): rest for low, high, *rest in pairs} == {
        (0, 2): [-1, -1, -1],
        (1, 2): [-1, 1, 0],
        (0, 1): [0, -1, -1],
    }


def test_a_later_revision_counts_and_what_is_taken_back_does_not():
    rows = Rows().add(1, 1, UP).add(1, 1, DOWN, lease=1).add(2, 1, UP).add(2, 1, {}, lease=3, withdrawn=True)
    judged = rows.judged()
    assert judged.person.tolist() == [1]
    assert judged.value.tolist() == [-1]


def test_parts_of_arrays_keep_what_belongs_together():
    rows = Rows().add(1, 1, UP).add(1, 2, {"skip": "why"}).add(1, 3, DOWN).add(2, 3, {"all_bad": True}).add(3, 3, TIED)
    judged = rows.judged()
    assert judged.form.tolist() == [ORDER, SKIP, ORDER, BOTH_BAD, TIE]
    some = judged.where(judged.form != SKIP)
    assert some.item[some.of].tolist() == [1, 3, 3, 3]
    twice = some.followed_by(some)
    assert twice.of.tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert twice.where(np.arange(8) > 3).value.tolist() == some.value.tolist()


def test_agreement_is_on_questions_drawn_at_random_alone():
    rows = Rows()
    for question, second in ((1, UP), (2, DOWN)):
        rows.add(1, question, UP).add(2, question, second)
    for question in range(3, 9):
        rows.add(1, question, UP, arm="informed").add(2, question, DOWN, arm="informed")
        rows.add(1, question + 100, UP, kind="gold", result="passed", gold_revision=0)
    told = agreement(rows.judged(), [None], [])
    assert (told["alpha"]["value"], told["alpha"]["n"]) == (0.25, 2)  # as for `alpha_of_votes`
    assert told["percent"]["value"] == 0.5
    assert told["subsets"] == told["attributes"] == []


def test_agreement_by_subset_and_of_ratings():
    settings = LabellingSettings(attributes=("helpful=0:4",))
    rows = Rows()
    for question in range(8):
        mine = {**UP, "ratings": [{"response": 0, "attribute": "helpful", "value": question % 5}]}
        subset = "chat" if question < 6 else "code"
        rows.add(1, question, mine, subset=subset)
        rows.add(2, question, mine if question < 6 else {**mine, **DOWN}, subset=subset)
    reader = Reader(settings)
    told = agreement(reader.judged(rows.rows, {}), reader.subsets, ["helpful"])
    assert [(one["subset"], one["judgements"], one["percent"]["value"]) for one in told["subsets"]] == [
        ("chat", 12, 1.0),
        ("code", 4, 0.0),
    ]
    assert told["attributes"][0]["alpha"]["value"] == 1.0


def test_with_oneself_compares_with_ones_own_answer_to_the_same_question():
    rows = Rows().add(1, 1, UP).add(2, 1, DOWN).add(1, 2, TIED)
    rows.add(1, 11, UP, kind="repeat", repeats=1, item=1).add(1, 12, UP, kind="repeat", repeats=2, item=2)
    rows.add(2, 13, DOWN, kind="repeat", repeats=1, item=1).add(3, 14, UP, kind="repeat", repeats=1, item=1)
    everyone, each = with_oneself(rows.judged())
    assert (everyone.value, everyone.n) == (2 / 3, 3)
    assert {person: told.value for person, told in each.items()} == {1: 0.5, 2: 1.0}


def test_first_shown_and_longer_count_decided_pairs():
    rows = Rows()
    for question, (answer, shown) in enumerate([(UP, "[0, 1]"), (UP, "[1, 0]"), (DOWN, "[1, 0]"), (TIED, "[0, 1]")]):
        rows.add(1, question, answer, shown=shown)
    lengths = {(question, 0): 10 for question in range(4)} | {(question, 1): 20 for question in (0, 1, 2)}
    judged = rows.judged(lengths=lengths | {(3, 1): 10})
    assert (first_shown(judged).each[1].value, first_shown(judged).each[1].n) == (2 / 3, 3)
    assert longer(judged).each[1].value == 1 / 3
    assert first_shown(judged).q == {}, "too few to be tested"


def test_many_pairs_of_one_judgement_weigh_one_together():
    rows = Rows().add(1, 1, {"tiers": [[0], [1], [2]]}, shown="[0, 1, 2]").add(1, 2, DOWN)
    told = first_shown(rows.judged(LabellingSettings(mode="rank"))).each[1]
    assert told.value == 0.5, "all three of the first, none of the second"


def test_an_annotators_row():
    rows = Rows().add(1, 1, UP, seconds=1.0).add(1, 2, TIED, seconds=3.0).add(1, 3, {"all_bad": True}, seconds=None)
    rows.add(1, 4, {"skip": "no"}, seconds=100.0)
    rows.add(1, 5, UP, kind="gold", result="passed", gold_revision=0)
    rows.add(1, 6, UP, kind="gold", result="failed", gold_revision=0)
    rows.add(1, 7, DOWN, kind="gold", result="failed", gold_revision=0)
    rows.add(1, 8, {"skip": "no"}, kind="gold", result="not comparable", gold_revision=0)
    rows.add(1, 9, UP, kind="training", result="failed", gold_revision=0)
    told, everyone = annotators(rows.judged(), {5: 0, 6: 0, 7: 1, 8: 0})
    mine = told[1]
    assert (mine["judgements"], mine["compared"], mine["ties"], mine["both_bad"], mine["skips"]) == (7, 7, 1, 1, 2)
    assert (mine["seconds"], mine["fast"]["value"], mine["fast"]["n"]) == (5.0, 1 / 6, 6)
    assert mine["gold"] == {"passed": 1, "failed": 1, "not_comparable": 2}, "the known answer to 7 is another one now"
    assert everyone["judgements"] == 7
    assert not mine["hasty"]


def test_hard_questions_by_hand():
    rows = Rows()
    for person, answer in enumerate([UP, UP, DOWN]):
        rows.add(person, 1, answer, seconds=4.0 + person)
        rows.add(person, 2, UP, seconds=1.0)
    rows.add(7, 2, {"skip": "long"}, seconds=500.0).add(8, 3, {"skip": "long"}).add(9, 3, {"skip": "odd"})
    rows.add(1, 20, UP, kind="gold", result="failed", gold_revision=0)
    rows.add(2, 20, UP, kind="gold", result="passed", gold_revision=0)
    rows.add(3, 20, UP, kind="gold", result="failed", gold_revision=9)
    lists = hard_questions(rows.judged(), {20: 0})
    assert lists["disputed"] == [{"question": 1, "differ": 2 / 3, "people": 3}]
    assert lists["skipped"] == [{"question": 3, "skips": 2}, {"question": 2, "skips": 1}]
    assert lists["slowest"][0] == {"question": 1, "seconds": 5.0, "people": 3}
    assert lists["failed"] == [{"question": 20, "passed": 1, "failed": 1}]


def test_nothing_said_is_nothing_known():
    judged = Rows().judged()
    told, everyone = annotators(judged, {})
    assert told == {}
    assert everyone["first"]["value"] is None
    assert everyone["others"]["value"] is None
    assert agreement(judged, [], ["helpful"])["alpha"]["value"] is None
    assert hard_questions(judged, {}) == {"disputed": [], "skipped": [], "slowest": [], "failed": []}


def test_the_pace_of_whole_days_and_what_follows():
    sent = np.repeat(np.arange(6) * DAY + 3600, [10, 20, 0, 20, 10, 5])
    pace = pace_of(sent, 60, now=5.5 * DAY)
    assert (pace.unit, pace.answers.value, pace.answers.n) == ("day", 12.0, 5)
    assert pace.until_done == 5.0
    assert pace.earliest < 5 < (pace.latest or math.inf)


def test_before_three_days_the_pace_is_by_the_hour():
    sent = np.repeat(np.arange(4) * 3600.0, [3, 5, 4, 1])
    pace = pace_of(sent, 8, now=3.5 * 3600)
    assert (pace.unit, pace.answers.value, pace.until_done) == ("hour", 4.0, 2.0)


@pytest.mark.parametrize("sent", [[], [10.0, 20.0]])
def test_it_may_be_too_early_to_tell(sent):
    pace = pace_of(np.array(sent, dtype=np.float64), 8, now=60.0)
    assert pace.until_done is pace.earliest is pace.latest is None
    assert pace.to_json()["left"] == 8


def test_days_without_an_answer_stand_there_too():
    days = by_day(np.array([0.0, 2 * DAY]), now=3 * DAY + 1)
    assert [one["answers"] for one in days] == [1, 0, 1, 0]
