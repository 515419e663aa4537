"""What people said, as files: by hand, the same twice, and read by every verb."""

import json
from dataclasses import replace

import pytest
from labelling.crowds import PLAIN, SKIP, envelope, judge, rows, some_gold, some_groups, taken

from plaudit.data import load_groups
from plaudit.errors import DataError
from plaudit.groups import Group, Ranking
from plaudit.labelling import managing, people
from plaudit.labelling.database.tables import persons, questions
from plaudit.labelling.exporting import Exported, ExportOptions, export
from plaudit.labelling.judging import send

COLOURS = Group("q1", "Name a colour.", ("Red.", "Seven.", "Blue."), subset="easy", meta={"source": "me"})


def by_number(one, tiers):
    """Tiers of the group's numbers, as places on the page."""
    return {"tiers": [[one.shown.index(number) for number in tier] for tier in tiers]}


def lines(folder, name):
    return [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]


def judgements_of(folder):
    return [line["meta"]["judgement"] for line in lines(folder, "judgements")]


def test_golden_rows(make, clock, tmp_path):
    project = make(**PLAIN, strength=3, overlap=2, reasons=("facts",))
    project.add([replace(COLOURS, responses=COLOURS.responses[:2])])
    ann, bea = (people.add_person(project, name) for name in ("Ann", "Bea"))
    one = taken(project, ann)
    wrong = by_number(one, [[1], [0]]) | {"strength": 1}
    send(project, ann, one.lease, wrong, envelope())
    right = by_number(one, [[0], [1]]) | {"strength": 2}
    how = {"device": "phone", "seen": [1, 0.5]}
    letter = envelope(comment="Seven is none.", reasons=("facts",), seconds_active=3.25, seconds_open=9.0, how=how)
    send(project, ann, one.lease, right, letter)
    other = taken(project, bea)
    send(project, bea, other.lease, SKIP, envelope())
    assert export(project, tmp_path / "out", ExportOptions(names=True)) == Exported(1, 2, 1, 0)
    group = {
        "id": "q1",
        "prompt": "Name a colour.",
        "responses": ["Red.", "Seven."],
        "subset": "easy",
        "meta": {"source": "me"},
        "rankings": [{"tiers": [[0], [1]], "strength": 2.0, "annotator": "Ann"}],
    }
    assert lines(tmp_path / "out", "groups") == [group]
    first, second = lines(tmp_path / "out", "judgements")
    place = one.shown.index(0)
    assert first == {
        "id": "q1",
        "prompt": "Name a colour.",
        "responses": [group["responses"][number] for number in one.shown],
        "subset": "easy",
        "rankings": [{"tiers": [[place], [1 - place]], "strength": 2.0, "annotator": "Ann"}],
        "meta": {
            "judgement": {
                "id": one.lease,
                "revision": 1,
                "person": "Ann",
                "kind": "answer",
                "question": one.question,
                "asked": "ask",
                "arm": "random",
                "wave": None,
                "probability": None,
                "order": list(one.shown),
                "answer": {"tiers": [[0], [1]], "strength": 2},
                "reasons": ["facts"],
                "comment": "Seven is none.",
                "seconds_active": 3.25,
                "seconds_open": 9.0,
                "gold": None,
                "surplus": False,
                "guidelines_revision": 0,
                "sent": clock.at,
                "how": how,
            }
        },
    }
    assert "rankings" not in second
    assert second["meta"]["judgement"]["kind"] == "skip"
    assert second["responses"] == [*reversed(first["responses"])]


def test_the_same_bytes_twice_and_readable(make, tmp_path):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(5, 4))
    for name in ("Ann", "Bea"):
        person = people.add_person(project, name)
        for n in range(12):
            judge(project, person, SKIP if n == 3 else {"tiers": [[0, 1]] if n == 4 else [[n % 2], [1 - n % 2]]})
    written = export(project, tmp_path / "a")
    assert export(project, tmp_path / "b") == written == Exported(5, 24, 2, 0)
    for name in ("groups.jsonl", "judgements.jsonl"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        assert len(list(load_groups(tmp_path / "a" / name))) >= 5
    with pytest.raises(DataError):
        export(project, tmp_path / "a")
    export(project, tmp_path / "a", overwrite=True)
    public = {row.public_id[:8] for row in rows(project, persons)}
    assert {line["person"] for line in judgements_of(tmp_path / "a")} == public


def test_who_takes_the_first_has_it_first_in_every_line(make, tmp_path):
    project = make(**PLAIN)
    project.add(some_groups(30))
    ann = people.add_person(project, "Ann")
    for _ in range(30):
        judge(project, ann)
    export(project, tmp_path / "out")
    assert {str(line["rankings"][0]["tiers"]) for line in lines(tmp_path / "out", "judgements")} == {"[[0], [1]]"}
    assert len({str(line["rankings"][0]["tiers"]) for line in lines(tmp_path / "out", "groups")}) == 2


def test_both_bad(make, tmp_path):
    project = make(**PLAIN, both_bad=True)
    project.add(some_groups(1))
    judge(project, people.add_person(project, "Ann"), {"all_bad": True})
    export(project, tmp_path / "tie")
    assert lines(tmp_path / "tie", "groups")[0]["rankings"][0]["tiers"] == [[0, 1]]
    assert export(project, tmp_path / "drop", ExportOptions(both_bad="drop")) == Exported(0, 1, 0, 0)
    assert judgements_of(tmp_path / "drop")[0]["answer"] == {"all_bad": True}


def test_best_worst(make, tmp_path):
    project = make(**PLAIN, mode="best-worst")
    project.add([COLOURS])
    one, _ = judge(project, people.add_person(project, "Ann"), {"best": 0, "worst": 2})
    best, middle, worst = one.shown
    export(project, tmp_path / "pairs")
    (group,) = load_groups(tmp_path / "pairs" / "groups.jsonl")
    assert [ranking.tiers for ranking in group.rankings] == [
        ((best,), (worst,)),
        ((best,), (middle,)),
        ((middle,), (worst,)),
    ]
    assert {ranking.weight for ranking in group.rankings} == {1 / 3}
    export(project, tmp_path / "tiers", ExportOptions(best_worst="tiers"))
    (line,) = lines(tmp_path / "tiers", "judgements")
    assert line["rankings"][0]["tiers"] == [[0], [1], [2]]


def test_ratings_and_an_order_with_some_left_out(make, tmp_path):
    project = make(**PLAIN, mode="rank", attributes=("helpful=0:4",))
    project.add([COLOURS])
    rated = {"response": 2, "attribute": "helpful", "value": 4}
    one, _ = judge(project, people.add_person(project, "Ann"), {"tiers": [[2], [0]], "ratings": [rated]})
    export(project, tmp_path / "out")
    (group,) = load_groups(tmp_path / "out" / "groups.jsonl")
    assert group.rankings[0].tiers == ((one.shown[2],), (one.shown[0],))
    (rating,) = group.ratings
    assert (rating.response, rating.value, rating.scale) == (one.shown[2], 4, (0, 4))


def test_what_came_with_the_groups_is_kept_apart(make, tmp_path):
    project = make(**PLAIN)
    project.add([replace(COLOURS, rankings=(Ranking(((2,), (1,)), 3.0, "zoe"),))])
    judge(project, people.add_person(project, "Ann"))
    export(project, tmp_path / "out", ExportOptions(names=True))
    assert [one["annotator"] for one in lines(tmp_path / "out", "groups")[0]["rankings"]] == ["Ann"]
    export(project, tmp_path / "prior", ExportOptions(names=True, prior=True))
    first, second = lines(tmp_path / "prior", "groups")[0]["rankings"]
    assert first == {"tiers": [[2], [1]], "strength": 3.0, "annotator": "zoe"}
    assert second["annotator"] == "Ann"


def test_gold_is_in_the_groups_only_when_asked_for(make, tmp_path):
    project = make(**{**PLAIN, "gold_every": 1})
    project.add(some_gold(1), gold=True)
    one, _ = judge(project, people.add_person(project, "Ann"))
    assert export(project, tmp_path / "out") == Exported(0, 1, 0, 0)
    wished = "passed" if one.shown[0] == 0 else "failed"
    assert judgements_of(tmp_path / "out")[0]["gold"] == wished
    assert export(project, tmp_path / "gold", ExportOptions(kinds=frozenset({"gold"}))).groups == 1
    # Another known answer: the old result says nothing any more, a new one does.
    managing.change_gold(project, one.question, {"tiers": [[1], [0]]})
    export(project, tmp_path / "changed")
    assert judgements_of(tmp_path / "changed")[0]["gold"] == "not comparable"
    judge(project, people.add_person(project, "Bea"), by_number(taken(project, 2), [[1], [0]]))
    export(project, tmp_path / "new")
    assert [line["gold"] for line in judgements_of(tmp_path / "new")] == ["not comparable", "passed"]


def test_since(make, clock, tmp_path):
    project = make(**PLAIN)
    project.add(some_groups(2))
    ann = people.add_person(project, "Ann")
    judge(project, ann)
    clock.pass_by(100)
    judge(project, ann)
    assert export(project, tmp_path / "out", ExportOptions(since=clock.at)) == Exported(1, 1, 0, 0)


def test_late_answers_are_in_both_files_but_nobody_has_two_opinions(make, clock, tmp_path):
    project = make(**PLAIN, lease_seconds=60)
    project.add(some_groups(1))
    ann, bea = (people.add_person(project, name) for name in ("Ann", "Bea"))
    late = taken(project, ann)
    clock.pass_by(61)
    judge(project, bea)
    assert send(project, ann, late.lease, {"tiers": [[0], [1]]}, envelope()).surplus
    assert export(project, tmp_path / "out") == Exported(1, 2, 0, 1)
    assert len(lines(tmp_path / "out", "groups")[0]["rankings"]) == 2


def test_a_question_that_one_person_has_answered_twice(make, clock, tmp_path):
    """An answer waits in the outbox; the person gets the question again elsewhere, and answers it there first."""
    project = make(**PLAIN, lease_seconds=60, overlap=2)
    project.add(some_groups(1))
    ann = people.add_person(project, "Ann")
    late = taken(project, ann)
    clock.pass_by(61)
    one, receipt = judge(project, ann, {"tiers": [[0, 1]]})
    assert one.question == late.question
    assert not receipt.surplus
    assert send(project, ann, late.lease, {"tiers": [[0], [1]]}, envelope()).surplus
    (asked,) = rows(project, questions)
    assert (asked.state, asked.free) == ("open", 1)
    assert export(project, tmp_path / "out") == Exported(1, 2, 0, 1)
    assert [one["tiers"] for one in lines(tmp_path / "out", "groups")[0]["rankings"]] == [[[0, 1]]]
