"""Correlations of two columns, and their intervals when rows come in clusters.

A rank correlation is no mean of anything a cluster could own a part of, so its interval recomputes it with clusters
left out. With many clusters that is done for blocks of them (the delete-a-group jackknife, Kott, J. Official Statistics
17, 2001). Why a jackknife and not a bootstrap, and how well it covers: docs/evaluation.md.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float64
from scipy.stats import kendalltau

from plaudit.statistics.arrays import Floats, Ints
from plaudit.statistics.bootstrap import JACKKNIFE, Intervals, bca
from plaudit.statistics.intervals import (
    LEVEL,
    NO_VARIATION,
    ONE_CLUSTER,
    half_width,
    jackknife,
)
from plaudit.statistics.measurement import Measurement, undefined

MOST_BLOCKS = 40
"""Recomputations an interval may cost. With as many blocks Student's t is 3% wider than the normal."""

PAIRWISE = 512
"""Rows up to which Kendall's correlation compares all pairs at once."""

SMALL = 32
"""Groups of up to this many responses are compared pair by pair, all groups of one size at once."""

FIXED_VALUES = "every human value is the same"
FIXED_SCORES = "every score is the same"
PERFECT = "the correlation is perfect, so nothing shows how much it varies"
FIXED_REST = "without one of the clusters every value is the same, so nothing shows how much clusters differ"


Statistic = Callable[[Floats], float]
"""The weights of the rows [n], how often each counts -> a statistic of them; NaN where it is not defined."""


@dataclass(frozen=True, slots=True)
class Correlation:
    """How two columns are correlated.

    Attributes:
        of: [n] and [n], neither constant -> the coefficient in [-1, 1] as a function of the rows' weights. What does
            not depend on the weights is done once.
        independent: the variance of its Fisher z, times n - 3, for n independent draws from a bivariate normal.
        quick: up to how many rows a thousand recomputations are cheap, as a bootstrap needs them.
    """

    of: Callable[[Floats, Floats], Statistic]
    independent: float
    quick: float = math.inf


def pearson(x: Floats, y: Floats) -> Statistic:
    """The product-moment correlation."""
    a, b = _unit(x), _unit(y)

    def of(weight: Floats) -> float:
        return _product_moment(a, b, weight)

    return of


def spearman(x: Floats, y: Floats) -> Statistic:
    """Pearson's of the ranks, tied values having their mean rank. Which values are tied, and their order, is the same
    whatever the weights."""
    a, b = _levels(x), _levels(y)

    def of(weight: Floats) -> float:
        ranks_a, in_a = _ranks(a, weight)
        ranks_b, in_b = _ranks(b, weight)
        return _coefficient(float(weight @ (ranks_a[a] * ranks_b[b])), in_a, in_b, 0.0)

    return of


def kendall(x: Floats, y: Floats) -> Statistic:
    """Kendall's tau-b. Weights are whole numbers.

    Few rows are compared pair by pair, once: whatever the weights w, tau is then w'Aw / sqrt(w'Xw w'Yw), A saying which
    pairs agree, X and Y which are not tied. Many are sorted, each time.
    """
    if len(x) <= PAIRWISE:
        return _kendall_of_pairs(x, y)
    a, b = _levels(x), _levels(y)
    # In the order of one of them: to sort what is sorted is quick.
    order = np.lexsort((a, b))
    a, b = a[order], b[order]

    def of(weight: Floats) -> float:
        times = weight[order].astype(np.int64)
        return tau(np.repeat(a, times), np.repeat(b, times))

    return of


def _kendall_of_pairs(x: Floats, y: Floats) -> Statistic:
    in_x, in_y = (np.sign(column[:, None] - column) for column in (x, y))
    agree, untied_x, untied_y = in_x * in_y, np.abs(in_x), np.abs(in_y)

    def of(weight: Floats) -> float:
        both, x_pairs, y_pairs = (float(weight @ pairs @ weight) for pairs in (agree, untied_x, untied_y))
        return _coefficient(both, x_pairs, y_pairs, 0.0)

    return of


def tau(x: Floats | Ints, y: Floats | Ints) -> float:
    """Kendall's tau-b of two columns; NaN where one is constant."""
    # The exact p-value of few values is never used; two values have no other.
    return float(kendalltau(x, y, method="asymptotic" if len(x) > 2 else "auto").statistic)


CORRELATIONS: Mapping[str, Correlation] = {
    "pearson": Correlation(pearson, 1.0),
    "spearman": Correlation(spearman, 1.06),
    "kendall": Correlation(kendall, 0.437, quick=PAIRWISE),
}
"""The variances are Fieller, Hartley & Pearson's (Biometrika 44, 1957)."""


def correlation(
    which: Correlation, scores: Floats, human: Floats, cluster: Ints, *, intervals: Intervals = JACKKNIFE
) -> Measurement:
    """A correlation with a jackknife t interval on Fisher's z = atanh(r), which keeps it inside (-1, 1).

    Clusters that happen to agree do not make it surer than independent draws would. The interval is a bootstrap's where
    `intervals` is one and the correlation is quick to recompute.

    Args:
        which: from `CORRELATIONS`.
        scores: [n].
        human: [n].
        cluster: [n], which cluster each row belongs to.
        intervals: how the interval is made.

    Example:
        >>> scores, human = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0])  # 5 of 6 pairs agree
        >>> round(correlation(CORRELATIONS["kendall"], scores, human, cluster=np.arange(4)).value, 3)
        0.667
    """
    if constant := _constant(human, scores):
        return undefined(constant)
    statistic, n = which.of(scores, human), len(human)
    value = statistic(np.ones(n))
    if len(np.unique(cluster)) < 2:
        return Measurement(value, None, None, n, ONE_CLUSTER)
    if abs(value) > 1 - 1e-12:
        return Measurement(value, None, None, n, PERFECT)
    without, sizes = _left_out(statistic, cluster)
    if not np.isfinite(without).all():
        return Measurement(value, None, None, n, FIXED_REST)
    if (replicates := _replicates(which, statistic, cluster, intervals)) is not None:
        return Measurement(value, *bca(value, replicates, without, LEVEL), n)
    with np.errstate(divide="ignore"):
        half = half_width(math.atanh(value), np.arctanh(without), sizes, which.independent / max(1, n - 3))
    # Rounding of tanh(atanh(r)) must not put an end on the wrong side.
    low, high = (math.tanh(math.atanh(value) + side) for side in (-half, half))
    return Measurement(value, min(value, low), max(value, high), n)


def difference(
    which: Correlation,
    scores: Floats,
    baseline: Floats,
    human: Floats,
    cluster: Ints,
    *,
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """The correlation of `scores` [n] with people minus a baseline's on the same rows, with the interval of the
    difference.

    Example:
        >>> human, scores = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.0, 4.0, 3.0])  # 5 of 6 pairs agree,
        >>> baseline = np.array([2.0, 1.0, 4.0, 3.0])  # and here 4: 4/6 - 2/6
        >>> round(difference(CORRELATIONS["kendall"], scores, baseline, human, cluster=np.arange(4)).value, 3)
        0.333
    """
    if constant := _constant(human, scores, baseline):
        return undefined(constant)
    of_scores, of_baseline = which.of(scores, human), which.of(baseline, human)

    def lead(weight: Floats) -> float:
        return of_scores(weight) - of_baseline(weight)

    n = len(human)
    value = lead(np.ones(n))
    if len(np.unique(cluster)) < 2:
        return Measurement(value, None, None, n, ONE_CLUSTER)
    without, sizes = _left_out(lead, cluster)
    if not np.isfinite(without).all():
        return Measurement(value, None, None, n, FIXED_REST)
    if np.ptp(without) == 0:
        return Measurement(value, None, None, n, NO_VARIATION)
    if (replicates := _replicates(which, lead, cluster, intervals)) is not None:
        return Measurement(value, *bca(value, replicates, without, LEVEL), n)
    return jackknife(value, without, sizes, n, (-2.0, 2.0))


def kendall_by_group(x: Floats, y: Floats, group: Ints) -> Float64[np.ndarray, " groups"]:
    """[groups], tau-b among the rows of each group that occurs, ascending; NaN where x or y is constant there.

    Example:
        >>> x, y = np.array([1.0, 2.0, 5.0, 4.0]), np.array([3.0, 6.0, 7.0, 8.0])
        >>> kendall_by_group(x, y, group=np.array([0, 0, 1, 1])).tolist()
        [1.0, -1.0]
    """
    order = np.argsort(group, kind="stable")
    starts, sizes = np.unique(group[order], return_index=True, return_counts=True)[1:]
    taus = np.full(len(sizes), np.nan)
    for size in np.unique(sizes[sizes > 1]):
        which = np.flatnonzero(sizes == size)
        rows = order[starts[which][:, None] + np.arange(size)]
        taus[which] = _tau_of_rows(x[rows], y[rows]) if size <= SMALL else _one_by_one(x[rows], y[rows])
    return taus


def _tau_of_rows(
    x: Float64[np.ndarray, "groups members"], y: Float64[np.ndarray, "groups members"]
) -> Float64[np.ndarray, " groups"]:
    """[m], tau-b of each row of x and y [m, K]: (concordant - discordant) / sqrt(untied in x * untied in y)."""
    agree, in_x, in_y = np.zeros((3, len(x)))
    for i, j in combinations(range(x.shape[1]), 2):
        a, b = np.sign(x[:, i] - x[:, j]), np.sign(y[:, i] - y[:, j])
        agree, in_x, in_y = agree + a * b, in_x + np.abs(a), in_y + np.abs(b)
    with np.errstate(invalid="ignore"):
        return np.asarray(agree / np.sqrt(in_x * in_y))


def _one_by_one(
    x: Float64[np.ndarray, "groups members"], y: Float64[np.ndarray, "groups members"]
) -> Float64[np.ndarray, " groups"]:
    return np.array([math.nan if _constant(b, a) else tau(a, b) for a, b in zip(x, y, strict=True)])


def _left_out(
    statistic: Statistic, cluster: Ints
) -> tuple[Float64[np.ndarray, " blocks"], Float64[np.ndarray, " blocks"]]:
    """The statistic of the rows outside each block of clusters; and the rows in each block.

    Blocks are dealt clusters in order of size, so that they are about equal; few clusters are a block each.
    """
    _, index, count = np.unique(cluster, return_inverse=True, return_counts=True)
    place = np.argsort(np.argsort(-count, kind="stable"), kind="stable")
    block = (place % MOST_BLOCKS)[index]
    sizes = np.bincount(block).astype(np.float64)
    return np.array([statistic((block != b).astype(np.float64)) for b in range(len(sizes))]), sizes


def _replicates(
    which: Correlation, statistic: Statistic, cluster: Ints, intervals: Intervals
) -> Float64[np.ndarray, " rounds"] | None:
    """[rounds], the statistic of each bootstrap round; None where the jackknife makes the interval: because nothing
    else is asked for, because rounds would take too long, or because one of them leaves the statistic undefined."""
    return intervals.recomputed(statistic, cluster) if len(cluster) <= which.quick else None


def _constant(human: Floats, *scores: Floats) -> str | None:
    """Why a correlation is undefined; None if it is not."""
    if np.ptp(human) == 0:
        return FIXED_VALUES
    return FIXED_SCORES if any(np.ptp(column) == 0 for column in scores) else None


def _levels(x: Floats) -> Ints:
    """[n], the number of each value among the different ones, in ascending order."""
    return np.unique(x, return_inverse=True)[1].astype(np.int64)


def _ranks(level: Ints, weight: Floats) -> tuple[Float64[np.ndarray, " levels"], float]:
    """[levels], the mean rank of each level minus that of all rows, each row [n] counting as often as its weight says;
    and the sum of its squares over the rows."""
    mass = np.bincount(level, weight)
    ranks = np.cumsum(mass) - (mass + mass.sum()) / 2
    return ranks, float(mass @ np.square(ranks))


def _product_moment(a: Floats, b: Floats, weight: Floats) -> float:
    """Pearson's correlation of two columns from `_unit`, under weights; NaN where one is constant but for rounding."""
    n = float(weight.sum())
    # A round of a bootstrap may draw no cluster at all.
    if n == 0:
        return math.nan
    a, b = a - weight @ a / n, b - weight @ b / n
    weighed = weight * a
    in_a, in_b = float(weighed @ a), float(weight @ np.square(b))
    return _coefficient(float(weighed @ b), in_a, in_b, 1e-20 * n)


def _coefficient(both: float, in_a: float, in_b: float, least: float) -> float:
    """A sum of products over the root of two sums of squares; NaN where one of those is no more than the `least`."""
    # Rounding must not put it beyond 1.
    return max(-1.0, min(1.0, both / math.sqrt(in_a * in_b))) if min(in_a, in_b) > least else math.nan


def _unit(x: Floats) -> Floats:
    """Centred, the largest value being 1 or -1: squares of huge values overflow."""
    centred = x - x.mean()
    return np.asarray(centred / np.abs(centred).max())
