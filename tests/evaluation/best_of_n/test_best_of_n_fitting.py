"""The law: recovered where it holds, its turn with an interval that means what it says."""

import numpy as np
import pytest
from scipy.stats import t as student

from plaudit.evaluation.best_of_n import best_of_n_kl
from plaudit.evaluation.best_of_n.estimators import curve_points
from plaudit.evaluation.best_of_n.fitting import NO_RISE, NO_TURN, TOO_FAR, TOO_SHORT, fit_curve

N = np.array(curve_points(64))
D = np.sqrt(best_of_n_kl(N))


def law(alpha, beta):
    return D * (alpha - beta * D)


def prompts(alphas, betas):
    gains = np.array([law(a, b) for a, b in zip(alphas, betas, strict=True)])
    return gains, np.arange(len(gains))


def test_an_exact_law_is_recovered():
    gains, cluster = prompts([1.0, 2.0, 3.0], [0.9, 1.0, 1.1])
    found = fit_curve(D, gains, cluster)
    assert found.alpha.value == pytest.approx(2.0)
    assert found.beta.value == pytest.approx(1.0)
    # The mean of three draws: t(2) = 4.3027 times the standard error, 1 / sqrt(3) and 0.1 / sqrt(3).
    assert found.alpha.high == pytest.approx(2.0 + 4.302653 / np.sqrt(3))
    assert found.beta.low == pytest.approx(1.0 - 0.4302653 / np.sqrt(3))
    # d* = 2 / (2 * 1) = 1, and KL = 1 where log n + 1 / n = 2, near n = 6.3054 (by bisection).
    assert found.peak.value == pytest.approx(6.3054, abs=1e-3)


def test_coefficients_of_other_curves_are_least_squares_of_the_gain_over_the_distance():
    random = np.random.default_rng(1)
    gains, cluster = random.normal(size=(5, len(N))), np.arange(5)
    found = fit_curve(D, gains, cluster)
    slope, intercept = np.polyfit(D[1:], gains.mean(axis=0)[1:] / D[1:], 1)
    assert (found.alpha.value, found.beta.value) == pytest.approx((intercept, -slope))


def test_fieller_by_search():
    """The interval holds just the ratios that a t test of alpha - 2 rho beta does not reject."""
    random = np.random.default_rng(2)
    alphas, betas = random.normal(1.5, 0.4, 12), random.normal(0.7, 0.3, 12)
    found = fit_curve(D, *prompts(alphas, betas))
    grid = np.linspace(0.2, 3.0, 28_001)
    apart = alphas[:, None] - 2 * grid * betas[:, None]
    t = apart.mean(axis=0) / (apart.std(axis=0, ddof=1) / np.sqrt(12))
    kept = grid[np.abs(t) <= student.ppf(0.975, 11)]
    ends = [float(np.sqrt(best_of_n_kl(n))) for n in (found.peak.low, found.peak.high)]
    assert ends == pytest.approx([kept.min(), kept.max()], abs=2e-4)


@pytest.mark.parametrize(
    ("alphas", "betas", "reason"),
    [
        ([-1.0, -1.2, -0.9], [0.5, 0.6, 0.4], NO_RISE),
        ([1.0, 1.2, 0.9], [0.1, -0.1, 0.02], NO_TURN),
        ([1.0, 1.2, 0.9], [-0.5, -0.4, -0.6], NO_TURN),
        ([1.0, 1.02, 0.99], [0.01, 0.0101, 0.0099], TOO_FAR),
    ],
)
def test_where_there_is_no_peak_to_speak_of(alphas, betas, reason):
    found = fit_curve(D, *prompts(alphas, betas))
    assert (found.peak.low, found.peak.reason) == (None, reason)


def test_too_little():
    assert fit_curve(D[:2], np.zeros((3, 2)), np.arange(3)).alpha.reason == TOO_SHORT
    gains, _ = prompts([1.0, 2.0], [0.5, 0.5])
    alone = fit_curve(D, gains, np.array([0, 0]))
    assert alone.alpha.value == pytest.approx(1.5)
    assert (alone.alpha.low, alone.peak.value) == (None, None)
