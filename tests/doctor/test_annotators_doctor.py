"""Annotators who disagree with everyone, always take one side, or never vary."""

from math import comb

import numpy as np
import pytest

from plaudit.data.position_bias import AlwaysFirst, PositionTally
from plaudit.doctor.annotators import TIES, disagreeing, one_sided, without_variance
from plaudit.groups import Group, Ranking, Rating

UP, DOWN, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def voted(prompts=40, people="abcd", contrary="", careless="", seed=0):
    """Pairs of which the first is better, as everyone says nine times in ten; but the contrary never do, and the
    careless throw a coin."""
    numbers = np.random.default_rng(seed)
    right = {name: 0.0 if name in contrary else 0.5 if name in careless else 0.9 for name in people}
    return [
        Group(
            f"q{i}",
            f"prompt {i}",
            ("x", "y"),
            tuple(Ranking(UP if numbers.random() < right[name] else DOWN, annotator=name) for name in people),
        )
        for i in range(prompts)
    ]


def test_the_contrary_and_the_careless_are_named_and_their_removal_is_proposed():
    items = {item.target.annotator: item for item in disagreeing(voted(120, "abcdefg", contrary="f", careless="g"))}
    assert set(items) == {"f", "g"}
    assert not any(item.keep for item in items.values())
    assert items["f"].action == "remove every judgement of f"
    assert items["f"].evidence["agreement"]["high"] < 0.3


@pytest.mark.parametrize("seed", range(5))
def test_a_crowd_of_equals_names_nobody(seed):
    assert list(disagreeing(voted(60, "abcdef", seed=seed))) == []


def test_the_p_value_is_fishers_against_people_elsewhere():
    """Ten prompts judged by a, b and z, on all of which z is alone; ten by a, b and c, who agree on nine, and on the
    last c is alone (against a and b there is no majority then). So 0 of 10 for z and 27 of 28 elsewhere: all 11
    disagreements would have to fall so that z has 10 of them, of all ways to choose z's 10 among 38."""
    here = [Group(f"z{i}", f"here {i}", ("x", "y"), _by(a=UP, b=UP, z=DOWN)) for i in range(10)]
    there = [Group(f"c{i}", f"there {i}", ("x", "y"), _by(a=UP, b=UP, c=UP)) for i in range(9)]
    last = Group("c9", "there 9", ("x", "y"), _by(a=UP, b=UP, c=DOWN))
    items = {item.target.annotator: item for item in disagreeing([*here, *there, last])}
    assert items["z"].evidence["p"] == pytest.approx(1 / comb(38, 10) * comb(11, 10))
    assert items["z"].evidence["agreement"]["value"] == 0


def _by(**tiers_of):
    return tuple(Ranking(tiers, annotator=name) for name, tiers in tiers_of.items())


def test_who_judges_a_pair_more_than_once_has_one_vote_on_it():
    """z says the opposite of a, b and c twice on each of ten prompts, and on an eleventh everything: 0 of 10."""
    everyone = _by(a=UP, b=UP, c=UP)
    contrary = [Group(f"q{i}", f"prompt {i}", ("x", "y"), everyone + _by(z=DOWN) * 2) for i in range(10)]
    undecided = Group("both", "both ways", ("x", "y"), everyone + _by(z=DOWN) + _by(z=UP))
    (item,) = disagreeing([*contrary, undecided])
    assert (item.target.annotator, item.evidence["agreement"]["value"], item.evidence["agreement"]["n"]) == ("z", 0, 10)


def test_where_two_differ_nobody_knows_who_is_wrong():
    groups = [Group(f"q{i}", f"p{i}", ("x", "y"), _by(a=UP, b=DOWN)) for i in range(30)]
    assert list(disagreeing(groups)) == []


def test_without_names_or_overlap_there_is_nobody_to_name():
    assert list(disagreeing([])) == []
    assert list(disagreeing([Group("q", "p", ("x", "y"), (Ranking(UP),))])) == []


def test_who_always_takes_the_last_is_named_among_people_who_do_not():
    tally = PositionTally()
    for i in range(40):
        for name in "abc":
            tally.add(Group(f"q{i}", "p", ("x", "y"), (Ranking(UP if i % 2 else DOWN, annotator=name),)))
        tally.add(Group(f"q{i}", "p", ("x", "y"), (Ranking(DOWN, annotator="z"),)))
    assert tally.one_sided("first") == []
    (annotator,) = tally.one_sided("last")
    assert (annotator.annotator, annotator.rankings) == ("z", 40)
    assert annotator.p_value == pytest.approx(0.5**40)
    groups = [Group("q", "p", ("x", "y"), _by(a=UP, z=DOWN))]
    (item,) = one_sided({"first": [], "last": [annotator]}, groups)
    assert item.what == "z put the last response on top in all 40 rankings"
    assert not item.keep


def test_an_only_annotator_may_have_chosen_the_first_by_construction():
    groups = [Group("q", "p", ("x", "y"), _by(me=UP))]
    (item,) = one_sided({"first": [AlwaysFirst("me", 40, 1e-9)]}, groups)
    assert item.keep


def test_a_rater_without_variance_is_named_by_chance_of_it():
    """Others give 1 and 5 by turns: ten times the same has probability 2 * (1/2)^10."""
    ratings = [Rating(0, 1.0 if i % 2 else 5.0, "fun", "a") for i in range(20)] + [Rating(0, 5.0, "fun", "z")] * 10
    groups = [Group(f"q{i}", f"p{i}", ("x",), ratings=(rating,)) for i, rating in enumerate(ratings)]
    (item,) = without_variance(groups)
    assert item.what == "z gives 5 to all 10 on fun"
    assert item.evidence["p"] == pytest.approx(2 * 0.5**10)
    assert item.keep


def test_all_raters_giving_one_value_are_a_fact_about_the_responses():
    groups = [
        Group(f"q{i}", f"p{i}", ("x",), ratings=(Rating(0, 3.0, "fun", name),)) for i in range(9) for name in "abc"
    ]
    assert list(without_variance(groups)) == []


def test_who_calls_everything_a_tie_is_named():
    groups = [Group(f"q{i}", f"p{i}", ("x", "y"), _by(a=UP, b=DOWN, c=TIE if i == 0 else UP, z=TIE)) for i in range(12)]
    (item,) = without_variance(groups)
    assert (item.target.annotator, item.evidence["attribute"]) == ("z", TIES)
