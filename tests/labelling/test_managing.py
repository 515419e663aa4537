"""What the owner changes while people judge; what the state machine does not look at."""

import pytest
from labelling.crowds import LEFT, PLAIN, SKIP, check_overlap, envelope, judge, rows, some_gold, some_groups, taken

from plaudit.errors import InvalidInputError, NotFoundError
from plaudit.labelling import managing, people
from plaudit.labelling.assigning import Nothing, release, take
from plaudit.labelling.database.tables import events, items, judgements, leases, questions
from plaudit.labelling.exporting import export
from plaudit.labelling.judging import send
from plaudit.labelling.progress import ProjectProgress
from plaudit.labelling.project import Project


def everybody(project, count):
    return [people.add_person(project, f"no. {n}") for n in range(count)]


def happened(project):
    return [row.what for row in rows(project, events)]


def test_overlap_is_raised_while_a_server_has_the_project_open(make, place):
    served = make(**PLAIN, overlap=1)
    served.add(some_groups(3))
    ann, bea = everybody(served, 2)
    judge(served, ann)
    held = taken(served, ann)
    assert managing.raise_overlap(served, 2) == 2
    assert [row.wanted for row in rows(served, questions)] == [2, 2]
    send(served, ann, held.lease, LEFT, envelope())
    judge(served, ann)
    for _ in range(3):
        judge(served, bea)
    assert {(row.wanted, row.free, row.state) for row in rows(served, questions)} == {(2, 0, "done")}
    assert take(served, ann) == take(served, bea) == Nothing("done")
    check_overlap(served)
    assert ProjectProgress(served).of(ann) == {"done": 3, "remaining": 0}
    with pytest.raises(InvalidInputError, match="the overlap is 2 already; it can only be raised"):
        managing.raise_overlap(served, 1)
    if served.database.path is None:
        again = Project.open(place)
        assert again.settings.overlap == 2
        again.close()


def test_the_one_more_who_was_asked_for_keeps_being_wanted(make):
    project = make(**PLAIN)
    project.add(some_groups(2))
    ann, bea, cem = everybody(project, 3)
    one, _ = judge(project, ann)
    managing.ask_again(project, one.question, more=2)
    managing.raise_overlap(project, 2)
    assert {row.id: row.wanted for row in rows(project, questions)}[one.question] == 3
    assert taken(project, bea).question == taken(project, cem).question == one.question


def test_withdrawn_while_somebody_is_at_it(make, tmp_path):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(2))
    ann, bea = everybody(project, 2)
    judge(project, ann)
    held = taken(project, bea)
    (group,) = [row.group_id for row in rows(project, items) if row.id == held.item]
    assert managing.withdraw(project, [group]) == 1
    assert managing.withdraw(project, [group]) == 0
    assert taken(project, bea).item != held.item
    assert not send(project, bea, held.lease, LEFT, envelope()).surplus
    check_overlap(project)
    assert (export(project, tmp_path / "out").groups, len(rows(project, judgements))) == (0, 2)
    assert managing.withdraw(project, [group], False) == 1
    assert export(project, tmp_path / "back").groups == 1
    assert [row.state for row in rows(project, questions) if row.item == held.item] == ["done"]
    assert happened(project)[-2:] == ["items-withdrawn", "items-restored"]
    with pytest.raises(NotFoundError, match="there is no group 'nothing'"):
        managing.withdraw(project, [group, "nothing"])


def test_withdrawn_before_anybody_saw_it_and_back(make):
    project = make(**PLAIN)
    project.add(some_groups(1, 4))
    (ann,) = everybody(project, 1)
    judge(project, ann)
    managing.withdraw(project, ["g0"])
    assert take(project, ann) == Nothing("done")
    managing.withdraw(project, ["g0"], False)
    for _ in range(5):
        judge(project, ann)
    assert take(project, ann) == Nothing("done")
    assert len(rows(project, questions)) == 6


def test_gold_that_is_withdrawn_is_asked_of_nobody(make):
    project = make(**{**PLAIN, "gold_every": 1})
    project.add(some_gold(1), gold=True)
    managing.withdraw(project, ["gold0"])
    assert take(project, everybody(project, 1)[0]) == Nothing("done")


def test_skips_put_a_question_aside_and_count_anew_when_it_is_reopened(make, clock):
    project = make(**PLAIN, skips=2)
    project.add(some_groups(1))
    persons = everybody(project, 5)
    for person in persons[:2]:
        one, receipt = judge(project, person, SKIP)
        assert receipt.kind == "skip"
    assert take(project, persons[2]) == Nothing("done")
    clock.pass_by(10)
    managing.reopen(project, one.question)
    judge(project, persons[2], SKIP)
    assert [row.state for row in rows(project, questions)] == ["open"]
    judge(project, persons[3], SKIP)
    assert [row.state for row in rows(project, questions)] == ["aside"]


def test_one_person_who_skips_and_skips_again_is_one(make):
    project = make(**PLAIN, skips=2)
    project.add(some_groups(1))
    ann, bea = everybody(project, 2)
    one, _ = judge(project, ann, SKIP)
    assert send(project, ann, one.lease, SKIP, envelope()).revision == 1
    assert taken(project, bea).question == one.question


def test_aside_is_given_to_nobody_and_who_is_at_it_may_finish(make):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(1))
    ann, bea = everybody(project, 2)
    held = taken(project, ann)
    managing.set_aside(project, held.question, by=bea)
    assert take(project, bea) == Nothing("done")
    send(project, ann, held.lease, LEFT, envelope())
    managing.reopen(project, held.question)
    assert taken(project, bea).question == held.question
    assert [row.person for row in rows(project, events)] == [bea, None]
    with pytest.raises(NotFoundError, match="there is no question 99"):
        managing.set_aside(project, 99)


def test_gold_is_changed_after_it_was_answered(make):
    project = make(**{**PLAIN, "gold_every": 1}, training=1, attributes=("helpful=0:4",))
    project.add(some_gold(1), gold=True)
    (ann,) = everybody(project, 1)
    one, _ = judge(project, ann)
    managing.change_gold(project, one.question, {"tiers": [[1], [0]], "ratings": []})
    assert [row.gold_revision for row in rows(project, questions)] == [1, 1]
    assert [row.gold for row in rows(project, items)] == [{"tiers": [[1], [0]], "of": [0, 1]}]
    # Who judges it again is compared with what is known now.
    best = one.shown.index(1)
    assert send(project, ann, one.lease, {"tiers": [[best], [1 - best]]}, envelope()).result == "passed"
    assert [row.gold_revision for row in rows(project, judgements)] == [0, 1]


@pytest.mark.parametrize(
    "answer",
    [
        {"tiers": [[0, 1]]},
        {"tiers": [[0], [2]]},
        {"tiers": [[0]]},
        {"tiers": 7},
        {"skip": "no"},
        {"all_bad": True},
        {"best": 0, "worst": 1},
        {"ratings": [{"response": 5, "attribute": "x", "value": 1}]},
        {},
    ],
)
def test_no_known_answers(make, answer):
    project = make(**PLAIN, both_bad=True)
    project.add(some_gold(1), gold=True)
    with pytest.raises(InvalidInputError):
        managing.change_gold(project, 1, answer)
    assert [row.gold_revision for row in rows(project, questions)] == [0]


def test_only_gold_has_a_known_answer_and_only_opinions_are_asked_again(make):
    project = make(**PLAIN)
    project.add(some_gold(1), gold=True)
    project.add(some_groups(1))
    one, _ = judge(project, everybody(project, 1)[0])
    with pytest.raises(NotFoundError, match="is not known"):
        managing.change_gold(project, one.question, {"tiers": [[0], [1]]})
    with pytest.raises(NotFoundError, match="nobody's opinion"):
        managing.ask_again(project, 1)


def test_everybody_pauses(make):
    project = make(**PLAIN)
    project.add(some_groups(1))
    (ann,) = everybody(project, 1)
    held = taken(project, ann)
    managing.pause_project(project, True)
    assert take(project, ann) == Nothing("paused")
    assert send(project, ann, held.lease, LEFT, envelope()).kind == "answer"
    managing.pause_project(project, False)
    assert take(project, ann) == Nothing("done")


def test_what_is_sent_twice_is_one_and_nobody_elses(make):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(1))
    ann, bea = everybody(project, 2)
    one, other = taken(project, ann), taken(project, bea)
    letter = envelope()
    assert send(project, ann, one.lease, LEFT, letter) == send(project, ann, one.lease, SKIP, letter)
    with pytest.raises(InvalidInputError, match="has been used for another question"):
        send(project, bea, other.lease, LEFT, letter)
    with pytest.raises(NotFoundError):
        send(project, bea, one.lease, LEFT, envelope())
    release(project, bea, one.lease)
    assert [row.state for row in rows(project, leases)] == ["answered", "open"]


def test_words_no_database_keeps_are_kept_as_far_as_they_can_be(make):
    project = make(**PLAIN)
    project.add(some_groups(1))
    one = taken(project, everybody(project, 1)[0])
    send(project, 1, one.lease, {"skip": "a\0b\ud800"}, envelope(comment="left\0 \ud83d \U0001f600", how={"x": "\0"}))
    (row,) = rows(project, judgements)
    assert (row.comment, row.answer["skip"]) == ("left ? \U0001f600", "a\0b\ud800")
    for client_id in ("short", "x" * 65, "a\0bcdefgh"):
        with pytest.raises(InvalidInputError, match="client_id"):
            envelope(client_id=client_id)
