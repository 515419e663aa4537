"""The law of over-optimisation, fitted: gold reward = d (alpha - beta d), d = sqrt(KL), and where it turns.

L. Gao, J. Schulman, J. Hilton, "Scaling Laws for Reward Model Overoptimization", 2022, equation 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.evaluation.best_of_n.estimators import n_at_distance
from plaudit.statistics import (
    Measurement,
    PerCluster,
    by_cluster,
    half_width,
    of_sums,
    ratio,
    too_few,
    undefined,
    without_each,
)

FEWEST = 3
"""The least N with which two coefficients can be told apart: n = 2 and n = 3."""

FARTHEST = 1e6
"""The greatest n a peak is reported at: so far out the law is not a measurement."""

TOO_SHORT = f"a fit needs {FEWEST} candidates or more"
NO_RISE = "the fitted curve does not rise"
TOO_FAR = f"the fitted peak, or the end of its interval, is beyond n = {FARTHEST:,.0f}"
NO_TURN = "the fitted curve's bend is not told from none"


@dataclass(frozen=True, slots=True)
class CurveFit:
    """d (alpha - beta d), in the units of the curve.

    Attributes:
        alpha: how steeply gold rises at first.
        beta: how fast the rise is used up.
        peak: the n at which the fitted curve is highest, d = alpha / (2 beta); undefined unless alpha is positive and
            beta's interval lies above 0. It may be beyond the data.
    """

    alpha: Measurement
    beta: Measurement
    peak: Measurement

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name).to_json() for name in ("alpha", "beta", "peak")}


def no_fit(reason: str) -> CurveFit:
    """A fit of nothing."""
    return CurveFit(undefined(reason), undefined(reason), undefined(reason))


def fit_curve(
    distance: Float64[np.ndarray, " points"],
    gains: Float64[np.ndarray, "prompts points"],
    cluster: Int64[np.ndarray, " prompts"],
) -> CurveFit:
    """Weighted least squares through the points of a curve, with intervals over clusters of prompts.

    A point's weight is 1 / d^2: the spread of a gain grows about as d does, so gain / d is about as uncertain
    everywhere, and the fit is an ordinary straight line of gain / d on d. As the weights do not depend on the data, the
    coefficients are means over prompts of each prompt's coefficients. The peak is a ratio of the
    two: its interval is Fieller's (J. R. Stat. Soc. B 16, 1954), which is bounded just where beta's excludes 0.

    Args:
        distance: [points], d of each; those at 0 say nothing.
        gains: [prompts, points], what each prompt gains.
        cluster: [prompts].
    """
    away = distance > 0
    if away.sum() < 2:
        return no_fit(TOO_SHORT)
    d = distance[away]
    line = np.linalg.pinv(np.column_stack([np.ones_like(d), -d]))
    by_prompt = (gains[:, away] / d) @ line.T
    sizes = by_cluster(np.ones(len(gains)), cluster)
    sums = [by_cluster(column, cluster) for column in by_prompt.T]
    alpha, beta = (of_sums(ratio, (total, sizes), sizes, len(gains)) for total in sums)
    if reason := too_few(sizes):
        return CurveFit(alpha, beta, undefined(reason))
    return CurveFit(alpha, beta, _peak(sums[0], sums[1], sizes, len(gains)))


def _peak(in_alpha: PerCluster, in_beta: PerCluster, sizes: PerCluster, n: int) -> Measurement:
    """alpha / (2 beta) with Fieller's interval, carried over to n; from sums over clusters."""
    alpha, slope = float(in_alpha.sum() / sizes.sum()), 2 * float(in_beta.sum() / sizes.sum())
    rest = without_each(sizes)
    alphas, slopes = without_each(in_alpha) / rest, 2 * without_each(in_beta) / rest
    # Squares of half a width are t^2 times a variance; the sum's gives the covariance.
    of_alpha, of_slope, of_sum = (
        half_width(value, without, sizes, 0.0) ** 2
        for value, without in ((alpha, alphas), (slope, slopes), (alpha + slope, alphas + slopes))
    )
    common = (of_sum - of_alpha - of_slope) / 2
    leading = slope**2 - of_slope
    if alpha <= 0:
        return undefined(NO_RISE)
    if slope <= 0 or leading <= 0:
        return undefined(NO_TURN)
    middle = alpha * slope - common
    root = math.sqrt(max(0.0, middle**2 - leading * (alpha**2 - of_alpha)))
    low, high = ((middle + sign * root) / leading for sign in (-1, 1))
    at, first, last = (n_at_distance(max(0.0, d)) for d in (alpha / slope, low, high))
    if last > FARTHEST:
        return Measurement(value=at if at <= FARTHEST else None, low=None, high=None, n=n, reason=TOO_FAR)
    return Measurement(at, first, last, n)
