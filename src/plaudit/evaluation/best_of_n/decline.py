"""How far a curve's end lies below its maximum, wherever that is: no law, and no luck in choosing the maximum."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from plaudit.statistics import (
    LEVEL,
    NO_VARIATION,
    Floats,
    Ints,
    Measurement,
    by_cluster,
    half_width,
    too_few,
    undefined,
    without_each,
)

ROUNDS = 1_999
"""Random signs of all clusters."""


def fall(gains: Floats, cluster: Ints, seed: int = 0) -> Measurement:
    """The maximum of a curve minus its end, 0 where the end is the maximum.

    The maximum of a noisy curve is too high, because noise helped to choose it. So the interval holds all the points'
    differences from the end at once: each point's own, as wide as the largest of them all, in its standard errors,
    needs (a sup-t band; Montiel Olea & Plagborg-Moller, J. Appl. Econometrics 34, 2019). How large that is by chance
    is found by giving each cluster's deviation from the mean a random sign.

    Args:
        gains: [prompts, points], what each prompt gains, the end last.
        cluster: [prompts].
        seed: of the signs.
    """
    prompts = len(gains)
    sizes = by_cluster(np.ones(prompts), cluster)
    if reason := too_few(sizes):
        return undefined(reason)
    apart = gains[:, :-1] - gains[:, -1:]
    totals = np.column_stack([by_cluster(column, cluster) for column in apart.T])
    values = totals.sum(axis=0) / sizes.sum()
    widths = np.array([_half_width(column, sizes) for column in totals.T])
    value = max(0.0, float(values.max()))
    vary = widths > 0
    if not vary.any():
        return Measurement(value=value, low=None, high=None, n=prompts, reason=NO_VARIATION)
    deviations = (totals - sizes[:, None] * values)[:, vary]
    reach = widths[vary] * _wider(deviations, seed)
    low, high = ((values[vary] + sign * reach).max() for sign in (-1, 1))
    return Measurement(value, max(0.0, float(low)), max(value, float(high)), prompts)


def _half_width(totals: Floats, sizes: Floats) -> float:
    """Of one difference's own interval."""
    return half_width(float(totals.sum() / sizes.sum()), without_each(totals) / without_each(sizes), sizes, 0.0)


def _wider(deviations: Floats, seed: int) -> float:
    """How much wider an interval must be to hold all differences at once; deviations are [clusters, points]."""
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (ROUNDS, len(deviations)))
    largest = np.abs(signs @ deviations / np.sqrt(np.square(deviations).sum(axis=0))).max(axis=1)
    return max(1.0, float(np.quantile(largest, LEVEL) / norm.ppf((1 + LEVEL) / 2)))
