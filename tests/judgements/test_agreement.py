"""Krippendorff's alpha: his own examples, the tally over a stream, and an interval by leaving prompts out."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements import flatten_comparisons
from plaudit.judgements.agreement import (
    NO_OVERLAP,
    ONE_RATER,
    ONE_VALUE,
    AgreementTally,
    alpha_of_rankings,
    interval_alpha,
    nominal_alpha,
)

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def judged(*tiers, responses=("a", "b", "c")):
    """A group with a ranking by each of several annotators."""
    return Group("q", "P", responses, tuple(Ranking(t, annotator=f"x{i}") for i, t in enumerate(tiers)))


# "Computing Krippendorff's Alpha-Reliability" (2011), section C: four observers, twelve units; 0 is missing.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
)


def pairable():
    """(values, units) of the example, without the unit that has one value only."""
    observer, unit = np.nonzero(OBSERVERS)
    values = OBSERVERS[observer, unit].astype(float)
    several = np.bincount(unit)[unit] > 1
    return values[several], unit[several]


def test_the_interval_alpha_of_the_published_example():
    found = interval_alpha(*pairable(), np.arange(12))
    assert found.value == pytest.approx(0.849, abs=0.0005)
    assert found.n == 11
    assert found.low < found.value < found.high <= 1


def test_ratings_have_it_with_any_zero_and_unit():
    values, units = pairable()
    for scale, zero in ((1.0, 0.0), (10.0, 1e6)):
        again = interval_alpha(scale * values + zero, units, np.arange(12))
        assert again.value == pytest.approx(0.849, abs=0.0005)


def test_the_published_example_as_ratings_of_responses():
    groups = [
        Group(
            f"u{unit}",
            f"prompt {unit}",
            ("text",),
            ratings=tuple(
                Rating(0, float(value), "helpful", f"o{observer}")
                for observer, value in enumerate(OBSERVERS[:, unit])
                if value
            ),
        )
        for unit in range(12)
    ]
    found = evaluate(groups, [[float(i)] for i in range(12)]).ratings["helpful"]["human_alpha"]
    assert (found.value, found.n) == (pytest.approx(0.849, abs=0.0005), 11)


def voted(name, *votes):
    """A prompt of two responses; each vote is (annotator, better), None for a tie."""
    tiers = {0: ((0,), (1,)), 1: ((1,), (0,)), None: ((0, 1),)}
    return Group(name, name, ("a", "b"), tuple(Ranking(tiers[better], annotator=who) for who, better in votes))


def alpha(groups):
    return alpha_of_rankings(flatten_comparisons(groups))


def test_rankings_by_hand():
    # Two annotators: they agree on three pairs and not on the fourth, and which response stands first is an accident:
    # both ways round, of 8 values 4 are "first" and 4 "second"; 2 of 8 coincidences are off; 1 - 7 * 2 / (64 - 32).
    groups = [voted(str(i), ("x", 0), ("y", 0)) for i in range(3)] + [voted("3", ("x", 0), ("y", 1))]
    assert alpha(groups).value == pytest.approx(1 - 7 * 2 / 32)
    assert alpha(groups).n == 4


votes = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from([0, 1, None])), max_size=5, unique_by=lambda v: v[0]
)


@given(st.lists(votes, min_size=1, max_size=8))
def test_it_is_that_of_the_tally(sheets):
    groups = [voted(str(i), *sheet) for i, sheet in enumerate(sheets)]
    tally = AgreementTally()
    for group in groups:
        tally.add(group)
    expected, found = tally.result(), alpha(groups)
    if expected.alpha is None:
        assert found.reason in (NO_OVERLAP, ONE_VALUE)
    else:
        assert (found.value, found.n) == (pytest.approx(expected.alpha), expected.pairs)


def test_the_interval_leaves_out_whole_prompts():
    rng = np.random.default_rng(0)
    groups = []
    for i in range(30):
        # Three annotators of the order a > b > c, each of whom gets a pair the wrong way round now and then.
        rankings = tuple(
            Ranking(((worse,), (better,)) if rng.random() < 0.2 else ((better,), (worse,)), annotator=who)
            for who in "xyz"
            for better, worse in ((0, 1), (0, 2), (1, 2))
        )
        groups.append(Group(str(i), str(i), ("a", "b", "c"), rankings))
    found = alpha(groups)
    without = np.array([alpha(groups[:i] + groups[i + 1 :]).value for i in range(30)])
    half = 2.0452 * math.sqrt(29 / 30 * np.square(without - found.value).sum())  # t of 29 degrees of freedom
    assert (found.low, found.high) == pytest.approx((found.value - half, found.value + half), abs=1e-4)
    assert found.n == 90


def test_nobody_to_agree_with_and_nothing_to_disagree_about():
    assert alpha([voted("p", ("x", 0)), voted("q", (None, 0), (None, 1))]).reason == NO_OVERLAP
    assert alpha([voted("p", ("x", None), ("y", None))]).reason == ONE_VALUE
    rated = [Group("g", "p", ("a",), ratings=(Rating(0, 1.0, annotator="x"),))]
    assert evaluate(rated, [[0.0]]).ratings["overall"]["human_alpha"].reason == ONE_RATER
    same = [
        Group(str(i), str(i), ("a",), ratings=(Rating(0, 0.7, annotator="x"), Rating(0, 0.7, annotator="y")))
        for i in range(3)
    ]
    assert evaluate(same, [[0.0]] * 3).ratings["overall"]["human_alpha"].reason == ONE_VALUE


def nominal(units):
    """The alpha of units, each the values it was given. A unit with fewer than two has nothing to coincide."""
    pairable = [(unit, value) for unit, values in enumerate(units) if len(values) > 1 for value in values]
    unit, values = np.array(pairable, dtype=int).reshape(-1, 2).T
    return nominal_alpha(values, unit, np.arange(len(units)))


def test_alpha_of_the_published_example():
    # Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", example C: four observers, twelve units,
    # missing values; nominal alpha = 0.743.
    observers = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
    units = [[int(value) for value in unit if value != "."] for unit in zip(*observers, strict=True)]
    assert nominal(units).value == pytest.approx(0.743, abs=0.0005)


def test_alpha_of_two_observers_and_its_limits():
    # Example A there: two observers, ten units of 0/1, five units 00, one 11 and four where they differ; alpha = 0.095.
    # By hand: 20 values, 14 and 6 of a kind; 1 - 19 * 8 / (20**2 - 14**2 - 6**2) = 1 - 152 / 168.
    units = [(0, 0)] * 5 + [(1, 1)] + [(0, 1)] * 4
    assert nominal(units).value == pytest.approx(1 - 152 / 168)
    assert nominal([(0, 0), (1, 1)]).value == 1
    assert nominal([(0, 0), (0, 0)]).reason == ONE_VALUE
    assert nominal([(0,), (1,)]).reason == ONE_VALUE


def agreement(*groups):
    tally = AgreementTally()
    for group in groups:
        tally.add(group)
    return tally.result()


def test_agreement_over_pairs():
    # Of the three pairs of votes on (0, 1), one agrees; the vote on (0, 2) is alone; the unnamed one is nobody's.
    group = judged(FIRST, FIRST, SECOND, ((0,), (2,)))
    unnamed = Group("r", "Q", ("a", "b"), (Ranking(FIRST), Ranking(FIRST)))
    found = agreement(group, unnamed)
    assert (found.annotators, found.pairs, found.percent) == (4, 1, pytest.approx(1 / 3))
    # The same annotator twice on one pair counts once, with the first verdict.
    twice = Group("q", "P", ("a", "b"), (Ranking(FIRST, annotator="x"), Ranking(SECOND, annotator="x")))
    assert agreement(twice).pairs == 0


@given(st.lists(st.lists(st.sampled_from([FIRST, SECOND, TIE]), min_size=2, max_size=3), min_size=1, max_size=5))
def test_agreement_does_not_depend_on_which_response_comes_first(units):
    there = [judged(*votes) for votes in units]
    back = [judged(*(SECOND if v == FIRST else FIRST if v == SECOND else TIE for v in votes)) for votes in units]
    mixed = [b if i % 2 else a for i, (a, b) in enumerate(zip(there, back, strict=True))]
    one, other = agreement(*there), agreement(*mixed)
    assert one.percent == other.percent
    assert one.alpha == pytest.approx(other.alpha) if one.alpha is not None else other.alpha is None
