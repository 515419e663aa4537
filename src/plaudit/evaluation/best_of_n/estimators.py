"""Estimators of best-of-n: the expected best of n draws, its distance from the policy, ensembles, and decline.

They are pure functions of arrays; `curves.py` makes measurements of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float64, Int64, Real
from scipy.special import lambertw
from scipy.stats import norm

from plaudit.statistics import (
    LEVEL,
    NO_VARIATION,
    Measurement,
    PerCluster,
    by_cluster,
    half_width,
    too_few,
    undefined,
    without_each,
)


def expected_best(
    scores: Float64[np.ndarray, " candidates"], truth: Float64[np.ndarray, " candidates"], draws: Sequence[int]
) -> Float64[np.ndarray, " points"]:
    """The expected truth of the highest-scored of n candidates drawn without replacement from K, [draws].

    Exact over the C(K, n) draws, and so, where the K candidates are independent samples of a policy, an unbiased
    estimate of what best-of-n sampling from that policy gives (Nakano et al., "WebGPT", 2021, appendix; the same
    argument as pass@k of Chen et al., "Evaluating Large Language Models Trained on Code", 2021). Equal scores are
    ordered by a coin, so each of them counts with their mean truth.

    Args:
        scores: [K], what picks.
        truth: [K], what values.
        draws: each n, from 1 to K.

    Example:
        >>> expected_best(np.array([0.1, 0.9, 0.5]), np.array([0.0, 1.0, 2.0]), [1, 3]).tolist()
        [1.0, 1.0]
    """
    _, level = np.unique(-scores, return_inverse=True)
    mean_truth = np.bincount(level, truth) / np.bincount(level)
    return _chances(tuple(draws), len(scores)) @ mean_truth[np.sort(level)]


@lru_cache(maxsize=64)
def _chances(draws: tuple[int, ...], candidates: int) -> Float64[np.ndarray, "points candidates"]:
    """[draws, place], the probability that the best of n drawn stands at a place, counted from the top.

    C(K - 1 - i, n - 1) / C(K, n) at place i; by the ratio of neighbouring places, because the binomials of a thousand
    candidates are larger than a float.
    """
    place, n = np.arange(candidates - 1), np.array(draws)[:, None]
    ratios = np.maximum(candidates - place - n, 0) / (candidates - 1 - place)
    return np.cumprod(np.hstack([n / candidates, ratios]), axis=1)


# ---- the distance from the policy

PER_DOUBLING = 4
"""Points of a curve between n and 2n, where there is room for as many."""

_NO_DISTANCE = 1e-6
"""A distance at which n is 1 as far as floats can tell; Lambert's W is not defined on the wrong side of it."""


def best_of_n_kl(n: Real[np.ndarray, "*points"] | float) -> Float64[np.ndarray, "*points"]:
    """log n - (n - 1) / n, in nats (Stiennon et al., "Learning to summarize from human feedback", 2020, appendix G).

    It is the divergence of the best of n from the policy where no two candidates are alike, and an upper bound where
    some are (Beirami et al., "Theoretical guarantees on the best-of-n alignment policy", 2024).

    Example:
        >>> [round(float(best_of_n_kl(n)), 3) for n in (1, 2, 4, 64)]
        [0.0, 0.193, 0.636, 3.175]
    """
    n = np.asarray(n, dtype=np.float64)
    return np.asarray(np.log(n) - (n - 1) / n)


def n_at_distance(d: float) -> float:
    """The n, as a real number, whose best-of-n is at the distance d = sqrt(KL): the inverse of `best_of_n_kl`.

    With u = 1 / n the definition reads u - log u = KL + 1, so -u is Lambert's W of -exp(-(KL + 1)). Infinite where no
    float holds it.
    """
    if d < _NO_DISTANCE:
        return 1.0
    inverse = float(-lambertw(-np.exp(-(d**2 + 1))).real)
    return 1 / inverse if inverse > 0 else float("inf")


def curve_points(most: int) -> tuple[int, ...]:
    """The n of a curve: each whole number while they are few, then `PER_DOUBLING` a doubling, and `most`."""
    steps = np.arange(int(np.log2(most) * PER_DOUBLING) + 1) / PER_DOUBLING
    return tuple(sorted({*map(int, np.rint(2**steps)), most}))


# ---- ensembles

PENALTY = 0.5
"""Lambda: what one unit of the members' variance costs, in units of their standardised rewards."""


def combine(
    members: Float64[np.ndarray, "members candidates"], penalty: float = PENALTY
) -> dict[str, Float64[np.ndarray, " candidates"]]:
    """The rewards of several models combined, in ways that distrust what they disagree on, by name: [K] each.

    T. Coste, U. Anwar, R. Kirk, D. Krueger, "Reward Model Ensembles Help Mitigate Overoptimization", 2023, section 3.

    Args:
        members: [M, K], each member's rewards, standardised: rewards are comparable within a prompt only, so a
            member's zero is its mean over the prompt's candidates, and its unit its spread within prompts.
        penalty: lambda of the variance penalty. The variance is the population's (divided by M), as in the paper.
    """
    return {
        "mean": members.mean(axis=0),
        "worst case (min)": members.min(axis=0),
        f"mean - {penalty:g} variance": members.mean(axis=0) - penalty * np.var(members, axis=0),
    }


# ---- decline

ROUNDS = 1_999
"""Random signs of all clusters."""

_ROUNDING = 1e-12
"""Deviations below this, in standard deviations, are sums that are zero in exact arithmetic."""


def decline(
    gains: Float64[np.ndarray, "prompts points"], cluster: Int64[np.ndarray, " prompts"], seed: int = 0
) -> Measurement:
    """The maximum of a curve minus its end, 0 where the end is the maximum.

    The maximum of a noisy curve is too high, because noise helped to choose it. So the interval holds the differences
    of all points from the end at once: each is widened, in its standard errors, by as much as the largest of them needs
    (a sup-t band; Montiel Olea & Plagborg-Moller, J. Appl. Econometrics 34, 2019). How large that is by chance is found
    by giving each cluster's deviation from the mean a random sign.

    Args:
        gains: [prompts, points], what each prompt gains, the end last.
        cluster: [prompts].
        seed: of the signs.

    Example:
        >>> gains = np.array([[0.0, 1.0, 0.5], [0.0, 1.2, 0.4], [0.0, 1.1, 0.6], [0.0, 0.9, 0.5]])
        >>> fall = decline(gains, np.arange(4))
        >>> round(fall.value, 2), fall.above(0)
        (0.55, True)
    """
    prompts = len(gains)
    sizes = by_cluster(np.ones(prompts), cluster)
    if reason := too_few(sizes):
        return undefined(reason)
    above_end = gains[:, :-1] - gains[:, -1:]
    totals = np.column_stack([by_cluster(column, cluster) for column in above_end.T])
    values = totals.sum(axis=0) / sizes.sum()
    widths = np.array([_half_width(column, sizes) for column in totals.T])
    value = max(0.0, float(values.max()))
    deviations = totals - sizes[:, None] * values
    vary = np.abs(deviations).max(axis=0) > _ROUNDING
    if not vary.any():
        return Measurement(value=value, low=None, high=None, n=prompts, reason=NO_VARIATION)
    reach = widths[vary] * _widening(deviations[:, vary], seed)
    low, high = ((values[vary] + sign * reach).max() for sign in (-1, 1))
    return Measurement(value, max(0.0, float(low)), max(value, float(high)), prompts)


def _half_width(totals: PerCluster, sizes: PerCluster) -> float:
    """Half the width of the interval of one difference by itself."""
    return half_width(float(totals.sum() / sizes.sum()), without_each(totals) / without_each(sizes), sizes, 0.0)


def _widening(deviations: Float64[np.ndarray, "clusters points"], seed: int) -> float:
    """How much wider an interval must be to hold all differences at once; deviations are [clusters, points]."""
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (ROUNDS, len(deviations)))
    largest = np.abs(signs @ deviations / np.sqrt(np.square(deviations).sum(axis=0))).max(axis=1)
    return max(1.0, float(np.quantile(largest, LEVEL) / norm.ppf((1 + LEVEL) / 2)))
