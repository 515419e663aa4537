"""Which questions a prompt has, in which order their answers stand, and what comes between them."""

from collections import Counter
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelling.crowds import PLAIN, SKIP, envelope, judge, rows, some_gold, some_groups, taken
from sqlalchemy import insert, update

from plaudit.groups import Group
from plaudit.labelling import people
from plaudit.labelling.assigning import Nothing, release, take
from plaudit.labelling.database.tables import items, judgements, leases, questions
from plaudit.labelling.judging import send
from plaudit.labelling.questions import count_questions, distinct, question_responses, question_row


def everybody(project, count):
    return [people.add_person(project, f"person {n}") for n in range(count)]


def test_sixteen_answers_have_120_pairs_in_fifteen_rounds():
    pairs = [tuple(question_responses("pair", range(16), n, b"s", 1)) for n in range(120)]
    assert {*pairs} == {*combinations(range(16), 2)}
    for start in range(0, 120, 8):
        assert sorted(one for pair in pairs[start : start + 8] for one in pair) == [*range(16)]


@given(st.sets(st.integers(0, 30), min_size=2, max_size=12), st.binary(min_size=4, max_size=4))
def test_every_pair_comes_once_and_no_answer_gets_ahead(answers, secret):
    count = count_questions("pair", len(answers))
    pairs = [tuple(question_responses("pair", sorted(answers), n, secret, 5)) for n in range(count)]
    assert sorted(pairs) == sorted(combinations(sorted(answers), 2))
    for asked in range(count):
        seen = Counter(one for pair in pairs[:asked] for one in pair)
        assert max(seen[one] for one in answers) - min(seen[one] for one in answers) <= 2


def test_equal_answers_are_never_paired(make):
    project = make(**PLAIN, overlap=1)
    project.add([Group("q", "Prompt", ("a", "b", "a", "c", "b")), Group("same", "Prompt 2", ("a", "a"))])
    assert distinct(("a", "b", "a", "c", "b")) == [0, 1, 3]
    (ann,) = everybody(project, 1)
    asked = [tuple(sorted(judge(project, ann)[0].shown)) for _ in range(3)]
    assert sorted(asked) == [(0, 1), (0, 3), (1, 3)]
    assert take(project, ann) == Nothing("done")


@pytest.mark.parametrize(
    ("mode", "answers", "count"),
    [("pair", 1, 0), ("rank", 1, 0), ("rank", 2, 1), ("best-worst", 2, 0), ("best-worst", 3, 1), ("rate", 1, 1)],
)
def test_few_answers(mode, answers, count):
    assert count_questions(mode, answers) == count


def test_two_people_see_both_orders(make):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(12))
    ann, bea = everybody(project, 2)
    for _ in range(12):
        judge(project, ann)
        judge(project, bea)
    shown = {}
    for one in rows(project, leases):
        shown.setdefault(one.question, set()).add(tuple(one.shown))
    assert len(shown) == 12
    assert all(orders == {(0, 1), (1, 0)} for orders in shown.values())
    # The first is not always the first of the file.
    assert {tuple(one.shown) for one in rows(project, leases) if one.person == ann} == {(0, 1), (1, 0)}


def test_orders_of_four_are_turned_and_a_refill_keeps_its_place(make):
    project = make(**PLAIN, mode="rank", overlap=4)
    project.add(some_groups(1, 4))
    *all_four, eve = everybody(project, 5)
    held = [taken(project, one) for one in all_four]
    assert [Counter(one.shown[place] for one in held) for place in range(4)] == [Counter(range(4))] * 4
    release(project, all_four[2], held[2].lease)
    assert taken(project, eve).shown == held[2].shown


def test_a_question_that_is_open_comes_again_in_the_same_order(make):
    project = make(**PLAIN)
    project.add(some_groups(3))
    (ann,) = everybody(project, 1)
    first = taken(project, ann)
    assert taken(project, ann) == first
    second = taken(project, ann, [first.lease])
    assert second.question != first.question
    assert taken(project, ann, [second.lease]) == first


def test_the_files_order_is_nobodys_order(make):
    project = make(**PLAIN)
    project.add(some_groups(30))
    (ann,) = everybody(project, 1)
    order = [judge(project, ann)[0].item for _ in range(30)]
    assert sorted(order) != order
    assert {*order} == {row.id for row in rows(project, items)}


def test_gold_is_passed_failed_or_not_comparable(make):
    project = make(**{**PLAIN, "gold_every": 1})
    project.add(some_gold(3), gold=True)
    project.add(some_groups(1))
    (ann,) = everybody(project, 1)
    for wish in ("passed", "failed", "not comparable"):
        one = taken(project, ann)
        assert one.kind == "gold"
        best = one.shown.index(0)
        body = {"passed": {"tiers": [[best], [1 - best]]}, "failed": {"tiers": [[1 - best], [best]]}}.get(wish, SKIP)
        assert send(project, ann, one.lease, body, envelope()).result is None, "gold is silent"
        assert rows(project, judgements)[-1].gold_result == wish
    assert taken(project, ann).kind == "ask"


def test_two_golds_do_not_follow_from_one_draw(make):
    """The page takes the next question before it sends the one it shows."""
    project = make(**{**PLAIN, "gold_every": 3})
    project.add(some_gold(40), gold=True)
    project.add(some_groups(200))
    kinds = []
    for ann in everybody(project, 8):
        held = taken(project, ann)
        for _ in range(15):
            following = taken(project, ann, [held.lease])
            send(project, ann, held.lease, SKIP if len(kinds) % 5 == 0 else {"tiers": [[0], [1]]}, envelope())
            kinds.append(held.kind)
            held = following
    assert 0.2 < kinds.count("gold") / len(kinds) < 0.48


def test_everybody_answers_gold_once(make):
    project = make(**{**PLAIN, "gold_every": 1})
    project.add(some_gold(2), gold=True)
    for person in everybody(project, 3):
        assert {judge(project, person)[0].kind for _ in range(2)} == {"gold"}
        assert take(project, person) == Nothing("done")


def test_training_comes_first_and_tells_the_result(make):
    project = make(**PLAIN, training=2)
    project.add(some_gold(3), gold=True)
    project.add(some_groups(5))
    (ann,) = everybody(project, 1)
    first = taken(project, ann)
    # Held beside the first, as the page does.
    second = taken(project, ann, [first.lease])
    assert (first.kind, second.kind) == ("training", "training")
    assert taken(project, ann, [first.lease, second.lease]).kind == "ask"
    best = first.shown.index(0)
    right, wrong = {"tiers": [[best], [1 - best]]}, {"tiers": [[1 - best], [best]]}
    assert send(project, ann, first.lease, right, envelope()).result == "passed"
    assert send(project, ann, first.lease, wrong, envelope()).result == "failed"


def test_a_repetition_comes_late_enough_and_once(make, clock):
    project = make(**{**PLAIN, "repeat_every": 1}, repeat_after=3, repeat_seconds=600, overlap=1)
    project.add(some_groups(12))
    (ann,) = everybody(project, 1)
    for _ in range(6):
        assert judge(project, ann)[0].kind == "ask", "it is too soon"
        clock.pass_by(20)
    clock.pass_by(600)
    before = [one.question for one in rows(project, leases)]
    again = taken(project, ann)
    assert again.kind == "repeat"
    repeated = {row.id: row for row in rows(project, questions)}[again.question]
    assert repeated.repeats in before[:-3]
    assert sorted(again.shown) == repeated.responses
    send(project, ann, again.lease, SKIP, envelope())
    following = [judge(project, ann)[0] for _ in range(2)]
    assert again.question not in [one.question for one in following], "who skips a repetition has had it"
    of = [row.repeats for row in rows(project, questions) if row.kind == "repeat"]
    assert len({*of}) == len(of)
    assert take(project, people.add_person(project, "Bea")).kind == "ask"


def test_three_questions_lie_between_at_least(make, clock):
    project = make(**{**PLAIN, "repeat_every": 1}, repeat_after=3, repeat_seconds=0)
    project.add(some_groups(12))
    (ann,) = everybody(project, 1)
    kinds = [judge(project, ann)[0].kind for _ in range(5)]
    assert kinds == ["ask", "ask", "ask", "ask", "repeat"]


def test_arms(make):
    """What a wave has chosen comes by its share, and a random arm always."""
    project = make(**PLAIN, random_share=0.25)
    project.add(some_groups(400))
    chosen = rows(project, items)[:200]
    with project.database.writing() as connection:
        waved = [question_row(row.id, [0, 1], "ask", arm="informed", wanted=1) for row in chosen]
        connection.execute(insert(questions), waved)
    for person in everybody(project, 4):
        for _ in range(25):
            judge(project, person)
    arm = {row.id: row.arm for row in rows(project, questions)}
    share = Counter(arm[row.question] for row in rows(project, leases))
    assert 60 <= share["informed"] <= 90
    assert share["random"] == 100 - share["informed"]


def test_what_the_owner_asks_comes_first(make):
    project = make(**PLAIN, random_share=1.0)
    project.add(some_groups(30))
    with project.database.writing() as connection:
        row = question_row(rows(project, items)[7].id, [0, 1], "ask", arm="owner", wanted=2)
        connection.execute(insert(questions).values(**row))
    for person in everybody(project, 2):
        assert taken(project, person).item == rows(project, items)[7].id


def test_what_appeared_below_a_noted_id_is_not_left_behind(make):
    """On PostgreSQL a question may become visible after one with a greater id has been given."""
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(1))
    ann, bea = everybody(project, 2)
    judge(project, ann)
    with project.database.writing() as connection:
        connection.execute(update(people.persons).values(random_from=1000))
    assert judge(project, bea)[0].kind == "ask"


def test_who_has_answered_everything_is_done_and_who_has_not_waits(make):
    project = make(**PLAIN, overlap=2)
    project.add(some_groups(1))
    ann, bea, cem = everybody(project, 3)
    judge(project, ann)
    held = taken(project, bea)
    assert take(project, ann) == Nothing("done"), "nothing that comes back could be for her"
    assert take(project, cem) == Nothing("waiting")
    send(project, bea, held.lease, SKIP, envelope())
    assert taken(project, cem).question == held.question
