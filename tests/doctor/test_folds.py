"""Folds that leak nothing."""

import numpy as np
import pytest

from plaudit.doctor.folds import assign_folds, hold_out_units
from plaudit.errors import PlauditError
from plaudit.groups import Group

LONG = "how should one store fresh tomatoes so that they keep for more than a week in the summer"


def group(prompt, **more):
    return Group(prompt, prompt, ("a", "b"), **more)


def test_a_prompt_its_near_duplicates_and_nothing_else_share_a_unit():
    unit = hold_out_units(
        [group(LONG), group("what is a prime"), group(LONG + "?"), group(LONG + " or so"), group("name a tree")]
    )
    assert unit[0] == unit[2] == unit[3]
    assert len(set(unit)) == 3


def test_blank_prompts_are_units_of_their_own():
    assert len(set(hold_out_units([group(""), group(" "), group("")]))) == 3


def test_a_field_holds_together_and_so_do_near_duplicates_across_it():
    groups = [
        group("what is a prime", meta={"topic": 1}),
        group(LONG, meta={"topic": 1}),
        group(LONG + "!", meta={"topic": 2}),
        group("name a tree", meta={"topic": 3}),
    ]
    unit = hold_out_units(groups, "topic")
    assert unit[0] == unit[1] == unit[2] != unit[3]


def test_a_field_that_is_not_there_is_said_with_those_that_are():
    with pytest.raises(PlauditError, match="the group q has no 'debate' to hold out by; it has prompt, subset, topic"):
        hold_out_units([Group("q", "p", ("a",), subset="s", meta={"topic": 1})], "debate")


def test_units_are_dealt_whole_and_folds_weigh_alike():
    unit = np.repeat(np.arange(10), 3)
    fold = assign_folds(unit, np.ones(30), 5, seed=0)
    assert all(len(set(fold[unit == one])) == 1 for one in range(10))
    assert np.bincount(fold).tolist() == [6] * 5


def test_another_seed_is_another_deal_and_the_same_seed_the_same():
    unit = np.arange(30)
    one, again, other = (assign_folds(unit, np.ones(30), 3, seed) for seed in (1, 1, 2))
    assert (one == again).all()
    assert (one != other).any()


def test_there_are_never_more_folds_than_units():
    assert set(assign_folds(np.array([0, 0, 1]), np.ones(3), 5, 0)) == {0, 1}
