"""Measurements: hand-worked cases, properties, and log loss against scipy."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import log_expit

from plaudit.evaluation.measures.calibration import brier, ece, ece_chance
from plaudit.evaluation.measures.preferences import (
    accuracy,
    accuracy_with_ties,
    chance,
    human_accuracy,
    lead_over_length,
    length_accuracy,
    log_loss,
    margin,
    margin_sd,
)
from plaudit.groups import Group, Ranking
from plaudit.judgements import flatten_comparisons, scored_comparisons, votes_of_others


def pair(name, better, worse, *, tie=False, **about):
    """A group of two responses, the first judged better."""
    return Group(
        name, about.pop("prompt", name), (better, worse), (Ranking(((0, 1),) if tie else ((0,), (1,))),), **about
    )


# Four prompts. Characters: 3 v 1, 1 v 2, 2 v 2, and a tie of 1 v 1.
GROUPS = [pair("a", "xxx", "x"), pair("b", "x", "xx"), pair("c", "xx", "yy"), pair("d", "x", "y", tie=True)]
SCORES = [[2.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [5.0, 4.0]]
COMPARED = scored_comparisons(GROUPS, SCORES)


def test_values_by_hand():
    assert accuracy(*COMPARED).value == pytest.approx(2 / 3)  # right, right, wrong; the tie is not decided
    assert accuracy(*COMPARED).n == 3
    assert accuracy_with_ties(*COMPARED).value == pytest.approx(2.5 / 4)
    assert length_accuracy(COMPARED[0]).value == pytest.approx(1.5 / 3)  # longer, shorter, equal: 1 + 0 + 1/2
    assert lead_over_length(*COMPARED).value == pytest.approx(2 / 3 - 1.5 / 3)
    assert margin(*COMPARED).value == pytest.approx((2 + 1 - 1) / 3)
    # Scores of decided comparisons: 2 0 1 0 -1 0, mean 1/3, mean square 1, sd sqrt(1 - 1/9).
    assert margin_sd(*COMPARED).value == pytest.approx(2 / 3 / math.sqrt(8 / 9))
    assert (chance(COMPARED[0]).value, chance(COMPARED[0]).n) == (0.5, 3)


def test_log_loss_is_scipys():
    tie = (log_expit(1.0) + log_expit(-1.0)) / 2
    expected = -(log_expit(2.0) + log_expit(1.0) + log_expit(-1.0) + tie) / 4
    assert log_loss(*COMPARED).value == pytest.approx(expected)
    far = scored_comparisons([pair("a", "x", "y"), pair("b", "x", "y")], [[-800.0, 800.0], [0.0, 0.0]])
    assert log_loss(*far).value == pytest.approx((1600 + math.log(2)) / 2)  # no overflow


def test_constant_scores_are_at_chance_exactly():
    compared = scored_comparisons(GROUPS, [[7.0, 7.0]] * 4)
    assert accuracy(*compared).value == accuracy_with_ties(*compared).value == 0.5
    assert accuracy(*compared).low < 0.5 < accuracy(*compared).high
    assert log_loss(*compared).value == pytest.approx(math.log(2))
    assert margin(*compared).value == 0
    assert "standard deviation" in margin_sd(*compared).reason


def test_all_ties_leave_accuracy_undefined_with_the_reason():
    compared = scored_comparisons([pair(name, "x", "y", tie=True) for name in "ab"], [[1.0, 0.0], [0.0, 1.0]])
    for measure in (accuracy, margin, margin_sd, lead_over_length):
        assert measure(*compared).value is None
        assert measure(*compared).reason == "every comparison is a judged tie"
    for measure in (length_accuracy, chance):
        assert measure(compared[0]).value is None
        assert measure(compared[0]).reason == "every comparison is a judged tie"
    assert accuracy_with_ties(*compared).value == 0.5
    assert log_loss(*compared).value == pytest.approx(-(log_expit(1.0) + log_expit(-1.0)) / 2)


def test_the_margin_in_sd_knows_no_units():
    rng = np.random.default_rng(0)
    groups = [pair(str(g), "x", "y") for g in range(30)]
    scores = rng.normal([0.5, 0.0], 1.0, (30, 2))
    plain = margin_sd(*scored_comparisons(groups, scores.tolist()))
    scaled = margin_sd(*scored_comparisons(groups, (1000 * scores + 1e6).tolist()))
    assert (plain.value, plain.low, plain.high) == pytest.approx((scaled.value, scaled.low, scaled.high))
    # Its interval holds up against a bootstrap of prompts in plain numpy.
    drawn = scores[rng.integers(0, 30, (4000, 30))]
    replicates = (drawn[..., 0] - drawn[..., 1]).mean(axis=1) / drawn.std(axis=(1, 2))
    assert plain.high - plain.low == pytest.approx(2 * 2.045 * replicates.std(), rel=0.15)


def voted(*votes):
    """One group of two responses; each vote is (annotator, better) with None for a tie."""
    tiers = {0: ((0,), (1,)), 1: ((1,), (0,)), None: ((0, 1),)}
    return tuple(Ranking(tiers[better], annotator=who) for who, better in votes)


def test_the_human_ceiling_by_hand():
    groups = [
        # a and b agree, c is alone against them: a meets {b, c} split (1/2), b the same (1/2), c meets two votes (0).
        Group("one", "p", ("x", "y"), voted(("a", 0), ("b", 0), ("c", 1))),
        # a meets one vote for 0 and a tie: majority 0 (1). b the same (1). c's own vote is a tie: not decided.
        Group("two", "q", ("x", "y"), voted(("a", 0), ("b", 0), ("c", None))),
        # Nobody overlaps, and one vote has no name: neither is counted.
        Group("three", "r", ("x", "y"), voted(("a", 0), (None, 0))),
    ]
    human = human_accuracy(flatten_comparisons(groups))
    assert human.n == 5
    assert human.value == pytest.approx((0.5 + 0.5 + 0 + 1 + 1) / 5)
    assert 0 < human.low < human.value < human.high < 1


def test_no_overlap_no_ceiling():
    assert human_accuracy(COMPARED[0]).reason == "no two named annotators judged the same two responses"


def test_an_annotator_who_judges_a_pair_twice_speaks_once():
    # a says 0 twice and b says 1: each of a's votes meets b alone (0, 0), and b meets one voice, a (0).
    group = Group("one", "p", ("x", "y"), voted(("a", 0), ("a", 0), ("b", 1)))
    assert votes_of_others(flatten_comparisons([group])).tolist() == [-1, -1, -1]


finite = st.integers(-50, 50).map(lambda x: x / 8)
samples = st.lists(st.tuples(finite, finite, st.booleans(), st.integers(0, 3)), min_size=1, max_size=30)


def built(sample):
    groups = [pair(str(g), "x" * (1 + g % 3), "yy", tie=tie, prompt=f"p{p}") for g, (_, _, tie, p) in enumerate(sample)]
    return groups, [[a, b] for a, b, _, _ in sample]


@given(samples)
def test_accuracy_is_of_the_order_only(sample):
    groups, scores = built(sample)
    cubed = [[a**3 - 4, b**3 - 4] for a, b in scores]  # strictly increasing, exact in floats
    assert accuracy(*scored_comparisons(groups, scores)) == accuracy(*scored_comparisons(groups, cubed))


@given(samples)
def test_swapped_scores_give_the_complement(sample):
    groups, scores = built(sample)
    ours, swapped = scored_comparisons(groups, scores), scored_comparisons(groups, [[b, a] for a, b in scores])
    for measure in (accuracy, accuracy_with_ties):
        if measure(*ours).value is not None:
            assert measure(*swapped).value == pytest.approx(1 - measure(*ours).value)
    if margin(*ours).value is not None:
        assert margin(*swapped).value == pytest.approx(-margin(*ours).value)


OF_SCORES = {
    one.__name__: one
    for one in (
        accuracy,
        accuracy_with_ties,
        log_loss,
        margin,
        margin_sd,
        brier,
        ece,
        ece_chance,
        lead_over_length,
    )
}


@given(samples)
def test_a_shift_of_every_score_changes_nothing(sample):
    groups, scores = built(sample)
    ours, shifted = (
        scored_comparisons(groups, scores),
        scored_comparisons(groups, [[a + 16, b + 16] for a, b in scores]),
    )
    for name, measure in OF_SCORES.items():
        a, b = measure(*ours), measure(*shifted)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), nan_ok=True), name


@given(samples)
def test_every_value_lies_in_its_interval(sample):
    compared = scored_comparisons(*built(sample))
    measured = {name: measure(*compared) for name, measure in OF_SCORES.items()}
    for name, m in {**measured, "length": length_accuracy(compared[0])}.items():
        assert (m.low is None) == (m.high is None), name
        assert m.reason is not None or m.low is not None, name
        if m.low is not None:
            assert m.low <= m.value <= m.high, name
