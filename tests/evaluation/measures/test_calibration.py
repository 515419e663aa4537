"""Calibration: hand-worked bins, a simulated world with known error, and scikit-learn's Brier score."""

import math
from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.metrics import brier_score_loss

from plaudit.evaluation.measures.calibration import brier, ece, ece_chance
from plaudit.groups import Group, Ranking
from plaudit.judgements import scored_comparisons


def compared(gaps, tie=()):
    """A comparison a prompt, with these gaps in favour of the better response; indices in `tie` are judged ties."""
    tiers = [((0, 1),) if i in tie else ((0,), (1,)) for i in range(len(gaps))]
    groups = [Group(str(i), f"p{i}", ("a", "b"), (Ranking(t),)) for i, t in enumerate(tiers)]
    return scored_comparisons(groups, [[gap, 0.0] for gap in gaps])


def test_by_hand():
    # Confidences 0.9, 0.9 (right, wrong) and 0.6, 0.6 (both right): (2 |0.5 - 0.9| + 2 |1 - 0.6|) / 4 = 0.4.
    sure, unsure = logit(0.9) + 1e-9, logit(0.6) + 1e-9
    found = compared([sure, -sure, unsure, unsure])
    assert ece(*found).value == pytest.approx(0.4)
    assert brier(*found).value == pytest.approx((0.01 + 0.81 + 0.16 + 0.16) / 4)


def test_a_tie_is_half_right():
    found = compared([logit(0.75), 0.0], tie=(0,))
    assert ece(*found).value == pytest.approx((0.25 + 0) / 2)  # 1/2 against 0.75; a gap of 0 is right half the time
    assert brier(*found).value == pytest.approx(((0.25**2 + 0.75**2) / 2 + 0.25) / 2)


def test_the_brier_score_is_scikit_learns_whichever_response_comes_first():
    rng = np.random.default_rng(0)
    gaps, first = rng.normal(size=50), rng.random(50) < 0.5
    expected = brier_score_loss(first, expit(np.where(first, gaps, -gaps)))
    assert brier(*compared(gaps)).value == pytest.approx(expected)


def test_the_ece_is_that_of_plain_bins():
    gaps = np.random.default_rng(1).normal(0.5, 2, 300)
    confidence, right = expit(np.abs(gaps)), gaps > 0
    edges = np.linspace(0.5, 1, 11)
    bins = [(confidence >= low) & (confidence < high) for low, high in pairwise(edges)]
    expected = sum(abs(right[b].mean() - confidence[b].mean()) * b.mean() for b in bins if b.any())
    assert ece(*compared(gaps)).value == pytest.approx(expected)


def simulated(rng, n, sharpened):
    """Comparisons of a Bradley-Terry world whose model gives `sharpened` times the true gaps."""
    true = rng.normal(0, 1.5, n)
    won = rng.random(n) < expit(true)
    return compared(sharpened * np.where(won, true, -true))


def test_a_calibrated_model_shows_what_luck_shows():
    rng = np.random.default_rng(2)
    shown = [ece(*simulated(rng, 200, 1.0)).value for _ in range(60)]
    assert np.mean(shown) == pytest.approx(ece_chance(*simulated(rng, 20_000, 1.0)).value * 10, rel=0.1)


def test_the_interval_holds_the_error_of_an_overconfident_model():
    rng = np.random.default_rng(3)
    truth = ece(*simulated(rng, 100_000, 3.0)).value
    found = [ece(*simulated(rng, 250, 3.0)) for _ in range(100)]
    assert truth > 0.1
    assert np.mean([m.low <= truth <= m.high for m in found]) >= 0.89
    assert all(m.low > ece_chance(*simulated(rng, 250, 3.0)).value / 2 for m in found)


def test_hard_input():
    assert (brier(*compared([0.0, 0.0])).value, ece(*compared([0.0, 0.0])).value) == (0.25, 0.0)
    assert ece(*compared([])).value is brier(*compared([])).value is ece_chance(*compared([])).value is None
    assert brier(*compared([1e308, -1e308])).value == 0.5
    assert math.isclose(ece(*compared([1e308, -1e308])).value, 0.5)
