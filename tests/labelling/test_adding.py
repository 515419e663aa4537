"""Groups that are added: once, whole, and never with another text under an old id."""

from dataclasses import replace

import pytest
from labelling.crowds import PLAIN, judge, rows, some_gold, some_groups

from plaudit.errors import DataError
from plaudit.groups import Group, Ranking, Rating
from plaudit.labelling import people
from plaudit.labelling.assigning import Nothing, take
from plaudit.labelling.database.tables import items, questions, responses
from plaudit.labelling.project import Added


def test_the_same_again_adds_nothing(make):
    project = make(**PLAIN)
    assert project.add(some_groups(5)) == Added(new=5, known=0, questions=5, nothing_to_ask=0)
    assert project.add(some_groups(7)) == Added(new=2, known=5, questions=2, nothing_to_ask=0)
    # Judgements and meta are no texts.
    judged = [replace(group, rankings=(Ranking(((0,), (1,))),), meta={"model": "x"}) for group in some_groups(7)]
    assert project.add(judged) == Added(new=0, known=7, questions=0, nothing_to_ask=0)
    assert len(rows(project, items)) == 7


def test_twice_in_one_file(make):
    project = make(**PLAIN)
    assert project.add([*some_groups(2), *some_groups(2)]) == Added(new=2, known=2, questions=2, nothing_to_ask=0)


@pytest.mark.parametrize(
    "change",
    [{"responses": ("Red.", "Green!")}, {"prompt": "Another?"}, {"responses": ("Green.", "Red.")}],
)
def test_a_changed_text_under_an_old_id_is_refused_with_its_line(make, change):
    project = make(**PLAIN)
    group = Group("q1", "Name a colour.", ("Red.", "Green."))
    project.add([group])
    with pytest.raises(DataError, match=r"new\.jsonl:7: the group 'q1' is there already with other texts; give the"):
        project.add([*some_groups(1), replace(group, **change)], lines={"q1": "new.jsonl:7"})
    assert [row.group_id for row in rows(project, items)] == ["q1"], "all of a batch, or nothing"


def test_nothing_to_ask(make):
    project = make(**PLAIN)
    groups = [Group("one", "Prompt", ("a",)), Group("alike", "Prompt", ("a", "a")), *some_groups(1)]
    assert project.add(groups) == Added(new=3, known=0, questions=1, nothing_to_ask=2)
    ann = people.add_person(project, "Ann")
    judge(project, ann)
    assert take(project, ann) == Nothing("done")


def test_one_answer_can_be_rated(make):
    project = make(**PLAIN, mode="rate", attributes=("helpful=0:4",))
    assert project.add([Group("one", "Prompt", ("a",))]).questions == 1
    ann = people.add_person(project, "Ann")
    one, _ = judge(project, ann, {"ratings": [{"response": 0, "attribute": "helpful", "value": 3}]})
    assert one.shown == (0,)


def test_pairs_of_sixteen_are_written_when_they_are_asked(make):
    project = make(**PLAIN)
    assert project.add(some_groups(2, 16)).questions == 240
    assert rows(project, questions) == []
    judge(project, people.add_person(project, "Ann"))
    assert len(rows(project, questions)) == 1


def test_texts_come_back_as_they_were(make):
    project = make(**PLAIN)
    turns = ({"role": "user", "content": "Ὀδυσσεύς \u202e\0 \U0001f600"}, {"role": "assistant", "content": "שלום"})
    group = Group("q", turns, ("\0 null", "a" * 50_000), meta={"n": [1, None]}, subset="s" * 600)
    project.add([group])
    (row,) = rows(project, items)
    assert (tuple(row.prompt), row.meta, row.subset) == (turns, {"n": [1, None]}, "s" * 600)
    with project.database.reading() as connection:
        texts = connection.execute(responses.select().order_by(responses.c.number)).all()
    assert [text.text for text in texts] == ["\0 null", "a" * 50_000]


@pytest.mark.parametrize("group_id", ["x" * 501, "a\0b"])
def test_ids_that_no_index_has_room_for(make, group_id):
    with pytest.raises(DataError, match=r"f\.jsonl: the id '.*' has more than 500 characters, or the character NUL"):
        make(**PLAIN).add([Group(group_id, "Prompt", ("a", "b"))], source="f.jsonl")


@pytest.mark.parametrize(
    ("mode", "group"),
    [
        ("pair", Group("g", "Prompt", ("a", "b"))),
        ("pair", Group("g", "Prompt", ("a", "b"), rankings=(Ranking(((0, 1),)),))),
        ("pair", Group("g", "Prompt", ("a", "b", "c"), rankings=(Ranking(((0,), (1,), (2,))),))),
        ("rank", Group("g", "Prompt", ("a", "b", "c"), rankings=(Ranking(((0, 1, 2),)),))),
        ("pair", Group("g", "Prompt", ("a", "b"), ratings=(Rating(0, 1, "other"),))),
    ],
)
def test_gold_that_could_not_be_failed_is_refused(make, mode, group):
    with pytest.raises(DataError, match=r"gold\.jsonl:1: the group 'g' has no answer that a question of mode"):
        make(**PLAIN, mode=mode).add([group], gold=True, lines={"g": "gold.jsonl:1"})


def test_gold_is_asked_of_what_its_order_names(make):
    project = make(**{**PLAIN, "gold_every": 1}, training=1)
    group = Group("g", "Prompt", ("a", "b", "c"), rankings=(Ranking(((2,), (0,))),))
    assert project.add([group, *some_gold(1)], gold=True) == Added(new=2, known=0, questions=0, nothing_to_ask=0)
    assert sorted((row.kind, tuple(row.responses)) for row in rows(project, questions)) == [
        ("gold", (0, 1)),
        ("gold", (0, 2)),
        ("training", (0, 1)),
        ("training", (0, 2)),
    ]
