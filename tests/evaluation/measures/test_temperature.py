"""The fitted temperature: against scipy and a closed form, its interval against refitting, and honest cross-fitting."""

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from plaudit.evaluation.measures.calibration import ece
from plaudit.evaluation.measures.preferences import log_loss
from plaudit.evaluation.measures.temperature import (
    NAMES,
    NO_GAPS,
    NO_MISTAKES,
    NO_ORDER,
    at_temperature,
    fit_temperature,
    temperature,
)
from plaudit.groups import Group, Ranking
from plaudit.judgements import scored_comparisons
from plaudit.statistics.bootstrap import Bootstrap
from plaudit.statistics.intervals import NOTHING, ONE_CLUSTER


def compared(gaps, tie=(), prompts=None):
    """Comparisons with these gaps in favour of the better response; indices in `tie` are judged ties."""
    tiers = [((0, 1),) if i in tie else ((0,), (1,)) for i in range(len(gaps))]
    prompts = range(len(gaps)) if prompts is None else prompts
    groups = [
        Group(str(i), f"p{p}", ("a", "b"), (Ranking(t),)) for i, (t, p) in enumerate(zip(tiers, prompts, strict=True))
    ]
    return scored_comparisons(groups, [[gap, 0.0] for gap in gaps])


def simulated(rng, n, sharpened):
    """A Bradley-Terry world whose model gives `sharpened` times the true gaps."""
    true = rng.normal(0, 1.5, n)
    return compared(sharpened * np.where(rng.random(n) < expit(true), true, -true))


def test_it_makes_frequencies_of_gaps():
    # Three of four comparisons with a gap of 1 are won: σ(1 / T) = 3/4.
    found = compared([1.0, 1.0, 1.0, -1.0])
    assert fit_temperature(*found) == pytest.approx(1 / math.log(3), rel=1e-4)
    assert temperature(*found).value == pytest.approx(1 / math.log(3), rel=1e-4)
    assert fit_temperature(*compared([0.0] * 4)) is None


def test_a_tie_is_half_a_win_for_each():
    # One win and two ties of a gap of 1: 2 of 3 wins.
    assert temperature(*compared([1.0, 1.0, 1.0], tie=(1, 2))).value == pytest.approx(1 / math.log(2), rel=1e-4)


@given(st.integers(0, 2**32 - 1))
def test_it_is_scipys_minimum_of_the_log_loss(seed):
    rng = np.random.default_rng(seed)
    gaps = rng.normal(1, 3, 60)
    assume(gaps.mean() > 0.2)  # else no divisor is best
    found = minimize(lambda x: -log_expit(gaps * math.exp(-x[0])).mean(), [math.log(3.0)], method="Nelder-Mead")
    assert fit_temperature(*compared(gaps)) == pytest.approx(math.exp(found.x[0]), rel=1e-3)


def test_which_response_comes_first_does_not_matter():
    gaps, rng = np.random.default_rng(0).normal(0.5, 2, 80), np.random.default_rng(1)
    swapped = rng.random(80) < 0.5
    groups = [
        Group(str(i), f"p{i}", ("a", "b"), (Ranking(((1,), (0,)) if swap else ((0,), (1,))),))
        for i, swap in enumerate(swapped)
    ]
    other = scored_comparisons(
        groups, [[0.0, gap] if swap else [gap, 0.0] for gap, swap in zip(gaps, swapped, strict=True)]
    )
    assert temperature(*other) == temperature(*compared(gaps))


def test_the_interval_is_that_of_refitting_without_each_cluster():
    rng = np.random.default_rng(2)
    gaps, prompts = rng.normal(0.7, 2, 200), np.repeat(np.arange(40), 5)
    found = temperature(*compared(gaps, prompts=prompts))
    whole = math.log(fit_temperature(*compared(gaps)))
    without = [math.log(fit_temperature(*compared(gaps[prompts != p]))) for p in range(40)]
    half = 2.0227 * math.sqrt(39 / 40 * np.square(np.array(without) - whole).sum())  # t of 39 degrees of freedom
    # The tolerance is of the search in each of the 40 fits, and of one Newton step.
    assert (math.log(found.low), math.log(found.high)) == pytest.approx((whole - half, whole + half), abs=0.05 * half)
    again = temperature(*compared(gaps, prompts=prompts), Bootstrap(500))
    assert math.log(again.high / again.low) == pytest.approx(2 * half, rel=0.25)


def test_the_interval_holds_the_truth():
    rng = np.random.default_rng(3)
    found = [temperature(*simulated(rng, 200, 3.0)) for _ in range(60)]
    assert np.mean([m.low <= 3 <= m.high for m in found]) >= 0.88


def test_cross_fitting_mends_overconfidence_and_gains_nothing_from_noise():
    rng = np.random.default_rng(4)
    sharp = simulated(rng, 2_000, 4.0)
    found = at_temperature(*sharp)
    assert tuple(found) == NAMES
    assert found["log_loss_at_temperature"].value < log_loss(*sharp).value - 0.2
    assert found["ece_at_temperature"].value < ece(*sharp).value / 3
    # Few comparisons: the loss at the temperature fitted on all of them is lower than any honest one.
    few = simulated(rng, 30, 1.0)
    fitted = compared(few[0].gaps(few[1]) / fit_temperature(*few))
    assert at_temperature(*few)["log_loss_at_temperature"].value > log_loss(*fitted).value


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (compared([]), NOTHING),
        (compared([0.0, 0.0]), NO_GAPS),
        (compared([1.0, 2.0]), NO_MISTAKES),
        (compared([1.0, -2.0]), NO_ORDER),
        (compared([1.0, -1.0], tie=(0, 1)), NO_ORDER),
    ],
)
def test_where_no_divisor_is_best(found, reason):
    assert {measured.reason for measured in at_temperature(*found).values()} == {reason}
    assert {measured.value for measured in at_temperature(*found).values()} == {None}


def test_one_prompt_and_a_fold_without_mistakes():
    one = at_temperature(*compared([3.0, -1.0, 2.0], prompts=[0, 0, 0]))
    assert one["temperature"].value is not None
    assert one["temperature"].reason == one["log_loss_at_temperature"].reason == ONE_CLUSTER
    single = at_temperature(*compared([3.0, -1.0, 2.0]))
    assert single["ece_at_temperature"].reason.startswith(NO_MISTAKES)
