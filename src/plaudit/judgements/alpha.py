"""Do named annotators agree, beyond what chance would give? Krippendorff's alpha, with an interval.

Alpha is 1 - observed over expected disagreement ("Computing Krippendorff's Alpha-Reliability", 2011), any number of
annotators a unit, values missing. For nominal and interval data both are functions of a few sums over clusters, so
alpha has the interval of such a function: clusters are prompts, where the usual bootstrap of single units takes
comparisons of one prompt for independent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from plaudit.judgements.comparisons import Comparisons
from plaudit.judgements.ratings import AttributeRatings
from plaudit.judgements.votes import votes_of
from plaudit.statistics import JACKKNIFE, Floats, Intervals, Ints, Measurement, by_cluster, of_sums, undefined

NO_OVERLAP = "no two named annotators judged the same two responses"
ONE_RATER = "no two named annotators rated the same response"
ONE_VALUE = "all annotators always give one value, so nothing shows whether they would agree on others"


def alpha_of_rankings(comparisons: Comparisons, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Nominal alpha of named annotators' verdicts on pairs: the first is better, the second, or neither. `n` is pairs.

    Which response stands first is an accident, so each pair enters both ways round with half the weight, as in
    `plaudit.judgements.agreement`.
    """
    votes = votes_of(comparisons)
    count = np.bincount(votes.pair)
    shared = count > 1
    if not shared.any():
        return undefined(NO_OVERLAP)
    kinds = np.array([np.bincount(votes.pair, votes.value == value, len(count)) for value in (-1, 0, 1)])[:, shared]
    cluster = np.zeros(len(count), dtype=np.int64)
    cluster[votes.pair[votes.of]] = comparisons.cluster[votes.named]
    size = count[shared].astype(np.float64)
    off = (size * (size - 1) - (kinds * (kinds - 1)).sum(axis=0)) / (size - 1)
    return _alpha(_nominal, (size, kinds[1], off), cluster[shared], intervals)


def alpha_of_ratings(rated: AttributeRatings, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Interval alpha of named annotators' ratings of one response; `n` is responses with two raters or more."""
    if not len(rated.rater):
        return undefined(ONE_RATER)
    return interval_alpha(rated.rater, rated.rater_of, rated.cluster, intervals)


def interval_alpha(values: Floats, unit: Ints, cluster: Ints, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Interval alpha: disagreement is the squared difference.

    Args:
        values: [m], what someone gave a unit; two or more a unit.
        unit: [m], its index.
        cluster: [units].
        intervals: how the interval is made.
    """
    units, index, count = np.unique(unit, return_inverse=True, return_counts=True)
    # Centred, for the sums of squares below; alpha knows no zero and no unit.
    centred = values - values.mean()
    size = count.astype(np.float64)
    total, squares = (np.bincount(index, column).astype(np.float64) for column in (centred, np.square(centred)))
    off = 2 * (size * squares - np.square(total)) / (size - 1)
    return _alpha(_interval, (size, total, squares, off), cluster[units], intervals)


def _alpha(
    function: Callable[..., Floats], columns: Sequence[Floats], cluster: Ints, intervals: Intervals
) -> Measurement:
    """Alpha from columns [units], the first of them how many values a unit has."""
    n = len(cluster)
    if np.isnan(function(*(np.array(column.sum()) for column in columns))):
        return undefined(ONE_VALUE)
    sums = [by_cluster(column, cluster) for column in columns]
    return of_sums(function, sums, sums[0], n, (-math.inf, 1.0), intervals=intervals)


def _nominal(n: Floats, ties: Floats, off: Floats) -> Floats:
    """From sums over units of: votes, votes for neither, and coincidences of different votes. Entered both ways round,
    the two responses have half of the other votes each."""
    expected = np.square(n) - np.square(ties) - np.square(n - ties) / 2
    return _one_minus((n - 1) * off, expected, np.square(n))


def _interval(n: Floats, total: Floats, squares: Floats, off: Floats) -> Floats:
    """From sums over units of: values, what they add up to, their squares, and squared differences within units."""
    return _one_minus((n - 1) * off, 2 * (n * squares - np.square(total)), n * squares)


def _one_minus(observed: Floats, expected: Floats, scale: Floats) -> Floats:
    """1 - observed / expected; NaN where nothing was to be expected but rounding."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(expected > 1e-12 * scale, 1 - observed / expected, np.nan))
