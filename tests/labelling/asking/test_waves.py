"""Waves in a project: chosen, written to a file, applied once, and taken up by a server."""

import json

import numpy as np
import pytest
from sqlalchemy import select

from plaudit.errors import DataError, InvalidInputError, OverloadedError
from plaudit.groups import Group
from plaudit.labelling import LabellingSettings, Project, add_person, export, running_labelling_server
from plaudit.labelling.asking import (
    FeatureSource,
    Wave,
    WaveQuestion,
    Wish,
    apply_wave,
    collect_waves,
    completed_groups,
    compute_wave,
    count_answers,
    deliver_wave,
)
from plaudit.labelling.assigning import Assignment, take
from plaudit.labelling.database.tables import items, questions, utilities, waves
from plaudit.labelling.judging import Envelope, send

PLAIN = {"gold_every": 0, "repeat_every": 0}


@pytest.fixture
def make(place, tmp_path):
    """A project of some groups of four answers each, the longer the better."""
    opened = []

    def project(groups=6, name="project", **settings):
        where = place if name == "project" else tmp_path / name
        made = Project.create(where, name, LabellingSettings(**{**PLAIN, **settings}))
        made.add([Group(f"g{n}", f"{n}?", tuple(f"{n}" + "!" * k for k in range(1, 5))) for n in range(groups)])
        opened.append(made)
        return made

    yield project
    for one in opened:
        one.close()


def judge(project, whose, most, wrong=()):
    """Let a person answer so many questions, the higher response number winning; what came out, in order."""
    taken = []
    for number in range(most):
        one = take(project, whose)
        if not isinstance(one, Assignment):
            break
        best = one.shown.index(max(one.shown)) if number not in wrong else one.shown.index(min(one.shown))
        body = {"tiers": [[best], [1 - best]]}
        send(project, whose, one.lease, body, Envelope(client_id=f"{whose:08}-{one.lease}"))
        taken.append(one)
    return taken


def rows(project, table):
    with project.database.reading() as connection:
        return connection.execute(select(table)).all()


LENGTHS = FeatureSource("length", lambda groups: np.array([[len(r)] for g in groups for r in g.responses], dtype=float))


def test_a_wave_goes_to_a_file_and_comes_back(tmp_path):
    wave = Wave(
        id="w",
        project="p",
        rule="informed",
        model="m",
        model_hash="h",
        settings={"count": 3},
        questions=(WaveQuestion(item=1, responses=(0, 3), probability=1e-300, again=True, figures={"gap": -0.5}),),
    )
    wave.write(tmp_path / "waves" / "w.json")
    assert Wave.read(tmp_path / "waves" / "w.json") == wave


QUESTION = {"item": 1, "responses": [0, 1], "probability": 0.5}
WAVE = {"form": "plaudit-wave-1", "id": "w", "settings": {}, "questions": []}
BROKEN = [
    [],
    {},
    WAVE | {"id": 3},
    WAVE | {"settings": []},
    WAVE | {"questions": None},
    WAVE | {"questions": [{"item": 1}]},
    WAVE | {"questions": [QUESTION | {"responses": [1, 0]}]},
    WAVE | {"questions": [QUESTION | {"probability": 0}]},
    WAVE | {"questions": [QUESTION | {"probability": float("nan")}]},
    WAVE | {"questions": [QUESTION | {"figures": {"gap": float("inf")}}]},
]


@pytest.mark.parametrize("text", ["", *map(json.dumps, BROKEN)])
def test_what_is_no_wave_is_refused(tmp_path, text):
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(DataError, match="no wave"):
        Wave.read(tmp_path / "w.json")


def test_before_the_random_arm_has_its_judgements_ask_refuses(make):
    project = make(random_first=5)
    whose = add_person(project, "ann", "annotator")
    judge(project, whose, 4)
    assert count_answers(project) == 4
    with pytest.raises(InvalidInputError, match="4 judgements, and wants 5"):
        compute_wave(project, Wish())
    assert compute_wave(project, Wish(anyway=True)).questions
    judge(project, whose, 1)
    assert compute_wave(project, Wish()).questions


def test_a_wave_is_applied_once_and_asked_before_the_rest(make):
    project = make(random_first=0, random_share=0.0)
    wave = compute_wave(project, Wish(count=5, seed=3))
    assert len(wave.questions) == 5
    assert apply_wave(project, wave)[:3] == (5, 0, 0)
    before = [rows(project, table) for table in (waves, questions, utilities)]
    assert apply_wave(project, wave).is_known
    assert [rows(project, table) for table in (waves, questions, utilities)] == before
    asked = {(row.item, tuple(row.responses)) for row in before[1]}
    assert asked == {(one.item, one.responses) for one in wave.questions}
    assert {row.arm for row in before[1]} == {"informed"}
    assert all(0 < row.probability <= 1 and row.wave == before[0][0].id for row in before[1])
    assert all({"utility", "gap", "variance", "probability"} <= {*row.figures} for row in before[2])
    ann = add_person(project, "ann", "annotator")
    assert {(one.item, tuple(sorted(one.shown))) for one in judge(project, ann, 5)} == asked


def test_what_a_wave_has_asked_is_not_opened_again_and_all_pairs_come_once(make):
    project = make(groups=3)
    apply_wave(project, compute_wave(project, Wish(count=6, anyway=True)))
    ann = add_person(project, "ann", "annotator")
    taken = [(one.item, tuple(sorted(one.shown))) for one in judge(project, ann, 100)]
    assert len(taken) == len(set(taken)) == 18


def test_what_somebody_began_meanwhile_is_passed_over(make):
    project = make(groups=1)
    ann = add_person(project, "ann", "annotator")
    wave = compute_wave(project, Wish(rule="random", count=6, anyway=True))
    judge(project, ann, 2)
    assert apply_wave(project, wave)[:3] == (4, 0, 2)


def test_what_was_withdrawn_meanwhile_is_passed_over(make):
    project = make(groups=2)
    wave = compute_wave(project, Wish(rule="random", count=12, anyway=True))
    with project.database.writing() as connection:
        connection.execute(items.update().where(items.c.id == 1).values(withdrawn=True))
    assert apply_wave(project, wave)[:3] == (6, 0, 6)


def test_a_wave_of_another_project_is_refused(make):
    first, second = make(), make(name="other")
    wave = compute_wave(first, Wish(anyway=True))
    with pytest.raises(InvalidInputError, match="another project"):
        apply_wave(second, wave)


def test_what_was_drawn_by_lot_is_of_the_random_arm(make):
    project = make()
    apply_wave(project, compute_wave(project, Wish(rule="random", count=4, anyway=True)))
    for row in rows(project, questions):
        assert (row.arm, row.probability) == ("random", pytest.approx(1 / 36))


def test_waiting_questions_count_against_a_wave(make):
    project = make()
    apply_wave(project, compute_wave(project, Wish(count=4, anyway=True)))
    wave = compute_wave(project, Wish(count=6, anyway=True, seed=1))
    assert (len(wave.questions), wave.settings["waiting"]) == (2, 4)
    assert compute_wave(project, Wish(count=4, anyway=True)).questions == ()


def test_further_opinions_that_wait_count_against_a_wave_too(make):
    project = make(groups=1)
    ann, _ = (add_person(project, name, "annotator") for name in ("ann", "bob"))
    judge(project, ann, 6)
    wave = compute_wave(project, Wish(count=2, anyway=True))
    assert [one.again for one in wave.questions] == [True, True]
    apply_wave(project, wave)
    wave = compute_wave(project, Wish(count=3, anyway=True, seed=1))
    assert (len(wave.questions), wave.settings["waiting"]) == (1, 2)


def test_judgements_move_the_belief_and_a_model_is_its_start(make):
    project = make()
    ann = add_person(project, "ann", "annotator")
    (start, *_) = compute_wave(project, Wish(count=1, anyway=True)).questions
    assert start.figures["gap"] == 0
    with_model = compute_wave(project, Wish(count=3, anyway=True), LENGTHS)
    assert (with_model.model, len(with_model.model_hash)) == ("length", 16)
    judge(project, ann, 12)
    gaps = [one.figures["gap"] for one in compute_wave(project, Wish(count=9, anyway=True), LENGTHS).questions]
    # Responses are numbered from the shorter to the longer, and the longer won.
    assert gaps
    assert max(gaps) < 0


def test_where_people_differ_one_more_is_asked_and_gets_it(make):
    project = make(groups=1, overlap=2)
    people = [add_person(project, name, "annotator") for name in ("ann", "bob")]
    judge(project, people[0], 6)
    judge(project, people[1], 6, wrong={2})
    assert compute_wave(project, Wish(rule="disagreement", anyway=True)).questions == (), "nobody is left to ask"
    cid = add_person(project, "cid", "annotator")
    wave = compute_wave(project, Wish(rule="disagreement", anyway=True))
    ((one),) = wave.questions
    assert one.again
    assert apply_wave(project, wave)[:3] == (0, 1, 0)
    (row,) = [row for row in rows(project, questions) if row.state == "open"]
    assert (row.wanted, row.free, row.arm) == (3, 1, "random")
    assert judge(project, people[0], 5) == []
    assert [tuple(sorted(one.shown)) for one in judge(project, cid, 5)] == [one.responses]
    assert len(rows(project, utilities)) == 1


def test_a_ranking_is_one_question_of_a_group(make):
    project = make(mode="rank")
    wave = compute_wave(project, Wish(count=4, anyway=True))
    assert {one.responses for one in wave.questions} == {(0, 1, 2, 3)}
    assert apply_wave(project, wave).asked == 4


def test_ratings_have_no_waves(tmp_path):
    project = Project.create(tmp_path / "rate", "rate", LabellingSettings(mode="rate", attributes=("good=0:4",)))
    with pytest.raises(InvalidInputError, match="ratings"):
        compute_wave(project, Wish(anyway=True))
    project.close()


def test_a_server_takes_up_the_file_that_is_left_for_it(make, tmp_path):
    project = make()
    if project.database.path is None:
        pytest.skip("PostgreSQL lets several processes write")
    with running_labelling_server(project):
        other = Project.open(tmp_path / "project")
        wave = compute_wave(other, Wish(count=4, anyway=True))
        assert deliver_wave(other, wave) is None
        other.close()
        folder = tmp_path / "project" / "waves"
        (folder / "broken.json").write_text("{")
        (folder / f"{wave.id}-twice.json").write_text(json.dumps(wave.to_json()))
        assert sorted(one.is_known for one in collect_waves(project)) == [False, True]
        assert collect_waves(project) == []
        assert {file.suffix for file in folder.iterdir()} == {".applied", ".refused"}
    assert len(rows(project, waves)) == 1


def test_a_file_waits_as_long_as_the_database_takes_nothing(make, monkeypatch):
    project = make()
    if project.database.path is None:
        pytest.skip("PostgreSQL lets several processes write")
    file = project.database.path.parent / "waves" / "w.json"
    compute_wave(project, Wish(count=4, anyway=True)).write(file)

    def full(project, wave):
        raise OverloadedError("the database cannot do that now: database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("plaudit.labelling.asking.applying.apply_wave", full)
        assert collect_waves(project) == []
    assert file.exists()
    assert [one.asked for one in collect_waves(project)] == [4]


def test_without_a_server_a_wave_is_applied_at_once(make):
    project = make()
    assert deliver_wave(project, compute_wave(project, Wish(count=4, anyway=True))).asked == 4
    project.database.claim()


def test_the_labelled_set_says_of_every_pair_what_is_believed(make, tmp_path):
    project = make(groups=2)
    ann = add_person(project, "ann", "annotator")
    judge(project, ann, 12)
    for group in completed_groups(project, LENGTHS):
        weights = {ranking.tiers: ranking.weight for ranking in group.rankings}
        assert len(weights) == 12
        for (better,), (worse,) in weights:
            assert weights[(better,), (worse,)] + weights[(worse,), (better,)] == pytest.approx(1)
            assert (weights[(better,), (worse,)] > 0.5) == (better > worse)
    assert export(project, tmp_path / "out").judgements == 12
