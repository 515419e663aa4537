"""Intervals of functions of means: against `proportion` for one mean, a bootstrap for several, and by coverage."""

import numpy as np
import pytest

from plaudit.evaluation.suites.composite import ONE_PROMPT, composite, value_of
from plaudit.statistics.intervals import NOTHING, ONE_CLUSTER, mean, proportion


def mean_of_parts(means):
    return means.mean(axis=-1)


def apart(*parts):
    """[items, parts] where each part has its own items."""
    table = np.full((sum(map(len, parts)), len(parts)), np.nan)
    row = 0
    for column, values in enumerate(parts):
        table[row : row + len(values), column] = values
        row += len(values)
    return table


@pytest.mark.parametrize("share", [0.0, 0.1, 0.6, 1.0])
def test_one_mean_is_a_proportion(share):
    rng = np.random.default_rng(0)
    cluster = np.repeat(np.arange(12), rng.integers(1, 9, 12))
    outcome = (rng.random(len(cluster)) < share).astype(float)
    ours = composite(outcome[:, None], cluster, mean_of_parts)
    theirs = proportion(outcome, np.ones(len(cluster)), cluster)
    assert (ours.value, ours.n) == (pytest.approx(theirs.value), theirs.n)
    assert (ours.low, ours.high) == (pytest.approx(theirs.low), pytest.approx(theirs.high))


def test_the_standard_error_of_a_mean_of_parts_is_that_of_a_bootstrap():
    # Parts of 60 and 240 items, one a cluster, with equal weight: plain numpy draws items within each part.
    rng = np.random.default_rng(1)
    parts = [(rng.random(60) < 0.7).astype(float), (rng.random(240) < 0.5).astype(float)]
    ours = composite(apart(*parts), np.arange(300), mean_of_parts)
    draws = [np.mean([rng.choice(part, len(part)).mean() for part in parts]) for _ in range(4000)]
    low, high = np.quantile(draws, [0.025, 0.975])
    assert ours.value == pytest.approx(np.mean([part.mean() for part in parts]))
    assert ours.high - ours.low == pytest.approx(high - low, rel=0.06)


def test_items_of_one_prompt_in_two_parts_stand_together():
    # The same outcome in both parts: the mean of the parts varies as much as one of them.
    rng = np.random.default_rng(2)
    outcome = (rng.random(80) < 0.6).astype(float)
    both = composite(np.stack([outcome, outcome], axis=1), np.arange(80), mean_of_parts)
    one = composite(outcome[:, None], np.arange(80), mean_of_parts)
    assert both.high - both.low == pytest.approx(one.high - one.low, rel=0.02)


def test_outcomes_that_vary_little_have_a_narrow_interval():
    # Areas under a curve, not 0 and 1: about the t interval of their mean.
    outcome = np.random.default_rng(5).normal(0.7, 0.1, 400)
    ours = composite(outcome[:, None], np.arange(400), mean_of_parts)
    theirs = mean(outcome, np.ones(400), np.arange(400))
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.05)


def test_all_right_is_no_certainty():
    all_right = composite(apart(np.ones(20), np.ones(20)), np.arange(40), mean_of_parts)
    assert (all_right.value, all_right.high) == (1, 1)
    assert 0.8 < all_right.low < 0.97


def test_bounds_scale_the_interval():
    outcome = (np.random.default_rng(3).random((40, 1)) < 0.4).astype(float)
    plain = composite(outcome, np.arange(40), mean_of_parts)
    twice = composite(outcome, np.arange(40), lambda means: 2 * mean_of_parts(means) - 1, (-1, 1))
    assert twice.low == pytest.approx(2 * plain.low - 1)
    assert twice.high == pytest.approx(2 * plain.high - 1)


def test_what_has_no_interval_says_why():
    one_prompt = composite(np.ones((3, 1)), np.zeros(3, dtype=np.int64), mean_of_parts)
    assert (one_prompt.value, one_prompt.low, one_prompt.reason) == (1, None, ONE_CLUSTER)
    thin = composite(apart(np.ones(5), np.ones(1)), np.arange(6), mean_of_parts)
    assert (thin.value, thin.low, thin.reason) == (1, None, ONE_PROMPT)
    assert composite(np.full((2, 1), np.nan), np.arange(2), mean_of_parts).reason == NOTHING
    assert value_of(np.full((2, 1), np.nan), mean_of_parts) is None


def test_it_covers():
    # A mean of three parts of 15, 40 and 100 prompts with 0.9, 0.5 and 0.7 right: 95% of intervals should hold 0.7.
    rng = np.random.default_rng(4)
    held = 0
    for _ in range(300):
        parts = [(rng.random(n) < p).astype(float) for n, p in ((15, 0.9), (40, 0.5), (100, 0.7))]
        measured = composite(apart(*parts), np.arange(155), mean_of_parts)
        held += measured.low <= 0.7 <= measured.high
    assert 0.92 <= held / 300 <= 0.99
