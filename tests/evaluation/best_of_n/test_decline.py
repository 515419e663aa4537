"""The fall: its value by hand, its interval against a single difference's, and how often chance alone shows one."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from plaudit.evaluation.best_of_n.estimators import decline
from plaudit.statistics.intervals import NO_VARIATION, ONE_CLUSTER


def test_by_hand():
    # Means 0, 3, 2: the maximum lies 1 above the end.
    gains = np.array([[0.0, 4.0, 1.0], [0.0, 2.0, 3.0], [0.0, 3.0, 2.0]])
    assert decline(gains, np.arange(3)).value == pytest.approx(1)


def test_of_two_points_it_is_a_t_interval_cut_at_zero():
    random = np.random.default_rng(0)
    gains = np.column_stack([random.normal(1.0, 1.0, 25), np.zeros(25)])
    interval = ttest_1samp(gains[:, 0], 0).confidence_interval()
    found = decline(gains, np.arange(25))
    # Random signs of 25 numbers are nearly, not quite, normal; never narrower.
    assert found.low == pytest.approx(interval.low, abs=0.03)
    assert found.high == pytest.approx(interval.high, abs=0.03)


def test_more_points_to_choose_from_widen_it():
    random = np.random.default_rng(1)
    one = random.normal(0.3, 1.0, (40, 1))
    others = random.normal(-1.0, 1.0, (40, 20))
    end = np.zeros((40, 1))
    few, many = (decline(np.hstack(columns), np.arange(40)) for columns in ([one, end], [others, one, end]))
    assert few.value == pytest.approx(many.value)
    assert many.high - few.high > 0.1


def test_a_rising_curve_has_none():
    random = np.random.default_rng(2)
    gains = np.cumsum(1 + 0.1 * random.normal(size=(10, 5)), axis=1)
    found = decline(gains, np.arange(10))
    assert (found.value, found.low, found.high) == (0.0, 0.0, 0.0)


def test_flat_curves_seldom_show_one():
    random = np.random.default_rng(3)
    shown = [decline(random.normal(size=(30, 12)), np.arange(30)).low > 0 for _ in range(300)]
    # At most 5% wanted; 300 rounds of that would exceed 9.5% in less than one in a thousand.
    assert np.mean(shown) < 0.095


def test_what_shows_nothing():
    assert decline(np.zeros((3, 4)), np.array([0, 0, 0])).reason == ONE_CLUSTER
    assert decline(np.zeros((3, 4)), np.arange(3)).reason == NO_VARIATION


def test_prompts_that_gain_the_same_do_not_vary_by_rounding():
    gains = np.tile([0.0, 0.1, 0.3], (10, 1))  # sums of ten 0.1 are not 1
    assert decline(gains, np.arange(10)).reason == NO_VARIATION
