"""Intervals that respect clusters: judgements of one prompt are alike, so it is prompts that count, not judgements.

Everything here is a weighted mean of outcomes, or a statistic recomputed with each cluster left out, and its 95%
interval. Why these methods, and how well they cover with few clusters: docs/evaluation.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from scipy.stats import t as student

from plaudit.statistics.arrays import Floats, Ints, PerCluster, Sums
from plaudit.statistics.bootstrap import JACKKNIFE, Intervals, bca
from plaudit.statistics.measurement import Measurement, undefined

LEVEL = 0.95
"""The coverage every interval in the house is built for."""

PRIOR_CLUSTERS = 0.5
"""How many average clusters at chance a proportion's effective sample size is estimated with (see `proportion`)."""

REALS = (-math.inf, math.inf)

NOTHING = "there is nothing to measure"
ONE_CLUSTER = "one cluster cannot show how much clusters differ"
ALL_IN_ONE = "one cluster has all the weight, so nothing shows how much clusters differ"
UNDEFINED_REST = "without one of the clusters it is undefined, so nothing shows how much clusters differ"
NO_VARIATION = "every value is the same, so nothing shows how much they vary"


def proportion(outcome: Floats, weight: Floats, cluster: Ints, *, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Weighted mean of outcomes in [0, 1] with a cluster-robust Wilson interval, which never leaves [0, 1].

    The effective sample size is the one at which independent draws would vary as much as the clusters do, p(1-p)/V
    with V the delete-one-cluster jackknife variance, and at most Kish's (sum w)^2 / sum w^2 (Korn & Graubard, Survey
    Methodology 24, 1998, with Wilson's interval in place of Clopper-Pearson; see Franco, Little, Louis & Slud,
    J. Surv. Stat. Methodol. 7, 2019). Outcomes that are all right would give V = 0 and a false certainty, so p and V in
    that ratio (not the reported value) are estimated with half an average cluster at chance added. Student's t takes
    the normal's place, with Kish's effective number of clusters minus one as its degrees of freedom.

    Args:
        outcome: [n], each in [0, 1].
        weight: [n], each > 0.
        cluster: [n], which cluster each belongs to.
        intervals: how the interval is made; a bootstrap's rounds take the place of all this.

    Example:
        >>> right = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0])
        >>> alone, in_twos = (proportion(right, np.ones(8), cluster) for cluster in (np.arange(8), np.arange(8) // 2))
        >>> alone.value, alone.low > in_twos.low  # comparisons of one prompt say less than as many of different prompts
        (0.75, True)
    """
    n = len(outcome)
    if not n:
        return undefined(NOTHING)
    weight = relative(weight)
    totals, sizes = by_cluster(outcome * weight, cluster), by_cluster(weight, cluster)
    p = float(np.clip(totals.sum() / sizes.sum(), 0, 1))
    if no_interval := too_few(sizes):
        return Measurement(p, None, None, n, no_interval)
    if (replicates := intervals.replicates(ratio, (totals, sizes))) is not None:
        return Measurement(p, *bca(p, replicates, without_each(totals) / without_each(sizes), LEVEL), n)
    prior = PRIOR_CLUSTERS * sizes.mean()
    totals_with, sizes_with = np.append(totals, prior / 2), np.append(sizes, prior)
    p_with = totals_with.sum() / sizes_with.sum()
    variance = jackknife_variance(p_with, without_each(totals_with) / without_each(sizes_with))
    most = kish(weight)
    effective = min(most, p_with * (1 - p_with) / variance) if variance > 0 else most
    low, high = wilson(p, effective, sizes)
    return Measurement(p, low, high, n)


def wilson(p: float, effective: float, sizes: PerCluster) -> tuple[float, float]:
    """Wilson's score interval at an effective sample size, with Student's t for clusters of weight `sizes`.

    Example:
        >>> low, high = wilson(0.5, effective=10.0, sizes=np.ones(10))
        >>> round(low, 2), round(high, 2)
        (0.21, 0.79)
    """
    t = _t(sizes)
    centre = (p + t**2 / (2 * effective)) / (1 + t**2 / effective)
    half = t * math.sqrt(p * (1 - p) / effective + t**2 / (4 * effective**2)) / (1 + t**2 / effective)
    # At p = 0 and 1 an end equals the value in exact arithmetic; rounding must not put it on the wrong side.
    return float(max(0, min(centre - half, p))), float(min(1, max(centre + half, p)))


def mean(
    outcome: Floats,
    weight: Floats,
    cluster: Ints,
    bounds: tuple[float, float] = REALS,
    *,
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """Weighted mean of any outcomes with a jackknife t interval; `bounds` are the values a mean can take.

    Clusters that happen to agree do not make it surer than independent draws would, as in `proportion`.

    Example:
        >>> print(mean(np.array([0.0, 1.0, 2.0]), np.ones(3), np.arange(3)))  # 1 ± 4.303 * sqrt(1 / 3)
        1.000 [-1.484, 3.484] (n = 3)
    """
    if not len(outcome):
        return undefined(NOTHING)
    weight = relative(weight)
    totals, sizes = by_cluster(outcome * weight, cluster), by_cluster(weight, cluster)
    value = float(totals.sum() / sizes.sum())
    independent = float((weight * np.square(outcome - value)).sum() / weight.sum() / kish(weight))
    same = bool(np.ptp(outcome) == 0)
    return of_sums(
        ratio,
        (totals, sizes),
        sizes,
        len(outcome),
        bounds,
        least_variance=independent,
        same=same,
        intervals=intervals,
    )


def ratio(totals: Sums, sizes: Sums) -> Sums:
    """The mean, from totals and weights; inputs of any one shape.

    Example:
        >>> ratio(np.array([3.0, 1.0]), np.array([4.0, 2.0])).tolist()
        [0.75, 0.5]
    """
    return np.asarray(totals / sizes)


def of_sums(
    function: Callable[..., Sums],
    sums: Sequence[PerCluster],
    sizes: PerCluster,
    n: int,
    bounds: tuple[float, float] = REALS,
    *,
    least_variance: float = 0.0,
    same: bool = False,
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """A smooth function of sums over clusters, with its interval, a jackknife's or a bootstrap's. Either is the
    function at other sums, so neither looks at a row again.

    Args:
        function: takes the totals, arrays of one shape, and gives the statistic in that shape.
        sums: each [clusters].
        sizes: [clusters], the weight in each.
        n: what the statistic is computed from.
        bounds: the least and greatest value it can take.
        least_variance: a bound below which a jackknife's variance is not believed.
        same: whether all that it is computed from is the same, so that nothing shows how much it varies.
        intervals: how the interval is made.

    Example:
        >>> right, decided = np.array([3.0, 1.0, 2.0]), np.array([4.0, 2.0, 2.0])  # in three clusters
        >>> of_sums(ratio, (right, decided), decided, n=8, bounds=(0, 1)).value
        0.75
    """
    value = float(function(*(np.array(total.sum()) for total in sums)))
    if no_interval := too_few(sizes) or (NO_VARIATION if same else None):
        return Measurement(value, None, None, n, no_interval)
    with np.errstate(divide="ignore", invalid="ignore"):
        without = function(*map(without_each, sums))
        if not np.isfinite(without).all():
            return Measurement(value, None, None, n, UNDEFINED_REST)
    if (replicates := intervals.replicates(function, sums)) is not None:
        return Measurement(value, *bca(value, replicates, without, LEVEL), n)
    return jackknife(value, without, sizes, n, bounds, least_variance)


def jackknife(
    value: float,
    without: PerCluster,
    sizes: PerCluster,
    n: int,
    bounds: tuple[float, float] = REALS,
    least_variance: float = 0.0,
) -> Measurement:
    """An interval for any statistic from its values with each cluster left out.

    The delete-one-cluster jackknife is the linearised cluster-robust variance when clusters are of one size, and errs
    on the wide side when a few of them dominate (MacKinnon, Nielsen & Webb, J. Appl. Econometrics 38, 2023).

    Args:
        value: the statistic over all clusters.
        without: [clusters], two or more: the statistic with each one left out.
        sizes: [clusters], the weight in each.
        n: what the statistic is computed from.
        bounds: the least and greatest value the statistic can take.
        least_variance: a bound below which the variance is not believed.

    Example:
        >>> without = np.array([1.5, 1.0, 0.5])  # the mean of 0, 1 and 2 without each of them
        >>> print(jackknife(1.0, without, np.ones(3), n=3, bounds=(0, 10)))
        1.000 [0.000, 3.484] (n = 3)
    """
    half = half_width(value, without, sizes, least_variance)
    return Measurement(value, max(bounds[0], value - half), min(bounds[1], value + half), n)


def half_width(value: float, without: PerCluster, sizes: PerCluster, least_variance: float) -> float:
    """Half the width of `jackknife`'s interval, for a statistic that is carried over to another scale afterwards.

    Example:
        >>> without = np.array([1.5, 1.0, 0.5])  # the mean of 0, 1 and 2 without each of them
        >>> round(half_width(1.0, without, np.ones(3), least_variance=0.0), 3)  # 4.303 * sqrt(1 / 3)
        2.484
    """
    return _t(sizes) * math.sqrt(max(least_variance, jackknife_variance(value, without)))


def _t(sizes: PerCluster) -> float:
    """Student's quantile, for Kish's effective number of clusters minus one degrees of freedom, and at least one."""
    return _quantile(max(1.0, kish(sizes) - 1))


@lru_cache(maxsize=1024)
def _quantile(freedom: float) -> float:
    return float(student.ppf((1 + LEVEL) / 2, freedom))


def kish(weight: Floats) -> float:
    """How many equal weights vary as much: (sum w)^2 / sum w^2."""
    return float(weight.sum() ** 2 / np.square(weight).sum())


def jackknife_variance(value: float, without: PerCluster) -> float:
    """The variance of a statistic from its values with each cluster left out [clusters].

    Example:
        >>> without = np.array([1.5, 1.0, 0.5])  # the mean of 0, 1 and 2 without each of them
        >>> round(jackknife_variance(1.0, without), 3)  # their variance, 1, by their number, 3
        0.333
    """
    return float((len(without) - 1) / len(without) * np.square(without - value).sum())


def relative(weight: Floats) -> Floats:
    """Weights over the largest of them: nothing here depends on their unit, and no square of them overflows.

    Example:
        >>> relative(np.array([1.0, 2.0, 4.0])).tolist()
        [0.25, 0.5, 1.0]
    """
    return np.asarray(weight / weight.max())


def too_few(sizes: PerCluster) -> str | None:
    """Why clusters of these weights [clusters] have no interval; None if they have one.

    Example:
        >>> too_few(np.array([5.0])), too_few(np.array([2.0, 3.0]))
        ('one cluster cannot show how much clusters differ', None)
    """
    if len(sizes) < 2:
        return ONE_CLUSTER
    return None if (without_each(sizes) > 0).all() else ALL_IN_ONE


def by_cluster(values: Floats, cluster: Ints) -> PerCluster:
    """[clusters], the sum of `values` [n] in each cluster that occurs, in ascending order of `cluster` [n].

    Example:
        >>> by_cluster(np.array([1.0, 2.0, 3.0]), np.array([7, 5, 7])).tolist()
        [2.0, 4.0]
    """
    return np.bincount(np.unique(cluster, return_inverse=True)[1], values).astype(np.float64)


def without_each(totals: PerCluster) -> PerCluster:
    """[clusters], the sum over all other clusters. Never by subtraction: the rest of a huge total would be lost.

    Example:
        >>> without_each(np.array([1.0, 2.0, 4.0])).tolist()
        [6.0, 5.0, 3.0]
    """
    nothing = np.zeros(1)
    before = np.concatenate([nothing, np.cumsum(totals)[:-1]])
    after = np.concatenate([np.cumsum(totals[::-1])[:-1][::-1], nothing])
    return np.asarray(before + after)
