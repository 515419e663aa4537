"""One number that makes score gaps probabilities, and how good they are then.

The gap over a temperature T is the log-odds of the response that people preferred (Guo et al., ICML 2017). T is fitted
by the log loss of `preferences.log_loss`: which response is called the first does not matter to it, and a judged tie
is half a win for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from plaudit.evaluation.measures.calibration import ece
from plaudit.evaluation.measures.preferences import log_loss
from plaudit.judgements import Comparisons, PerComparison, PerResponse
from plaudit.statistics import (
    JACKKNIFE,
    NOTHING,
    ONE_CLUSTER,
    Intervals,
    Measurement,
    Measurements,
    Sums,
    by_cluster,
    of_sums,
    relative,
    undefined,
)

FOLDS = 5

NAMES = ("temperature", "log_loss_at_temperature", "ece_at_temperature")

NO_GAPS = "every gap is 0, whatever it is divided by"
NO_MISTAKES = "no judgement contradicts the scores, so the smaller the divisor of the gaps, the better"
NO_ORDER = "the scores order people's choices no better than chance, so the larger the divisor of the gaps, the better"

# Gaps may be off by this factor either way; judgements that the scores order without a mistake would ask for more.
_MOST = 1e4


def fit_temperature(comparisons: Comparisons, scores: PerResponse) -> float | None:
    """The T > 0 that makes -log σ(gap / T) least on these comparisons; a tie is half a win for each. None if there is
    nothing to fit on.

    Scores that order people's choices no better than chance get the largest T there is: probabilities of a half.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> from plaudit.judgements import flatten_comparisons
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(4)]
        >>> scores = np.array([1.0, 0.0] * 3 + [0.0, 1.0])  # right in 3 of 4, so 1 / T should be log 3
        >>> round(fit_temperature(flatten_comparisons(groups), scores), 3)
        0.91
    """
    return _fit(comparisons, comparisons.gaps(scores))


def _fit(comparisons: Comparisons, gaps: PerComparison) -> float | None:
    if not len(comparisons) or not gaps.any():
        return None
    weight, tie = relative(comparisons.weight), comparisons.tie

    def loss(log_temperature: float) -> float:
        scaled = gaps / math.exp(log_temperature)
        # -log σ(-x) is x more than -log σ(x), so a tie costs half a gap more than a win.
        return float(weight @ (np.logaddexp(0, -scaled) + tie * scaled / 2))

    # The loss is convex in 1 / T, so it has one valley in log T too.
    unit = math.log(float(np.abs(gaps).max()))
    most = math.log(_MOST)
    return math.exp(minimize_scalar(loss, bounds=(unit - most, unit + most), method="bounded").x)


def at_temperature(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurements:
    """The temperature that fits best, and the log loss and ECE of gaps over a temperature that was fitted on other
    clusters (`FOLDS`-fold cross-fitting), so that neither gains from having been fitted."""
    return {
        "temperature": temperature(comparisons, scores, intervals),
        "log_loss_at_temperature": _cross_fitted(comparisons, scores, log_loss, intervals),
        "ece_at_temperature": _cross_fitted(comparisons, scores, ece, intervals),
    }


def temperature(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """The divisor of gaps that fits best. Its interval is that of log T, carried back: what is left out or drawn again
    moves log T by one Newton step, the sum of the loss's slopes over the sum of its curvatures."""
    gaps = comparisons.gaps(scores)
    if no_best := _no_best(comparisons, gaps):
        return undefined(no_best)
    fitted = _fit(comparisons, gaps)
    assert fitted is not None
    weight, scaled = relative(comparisons.weight), gaps / fitted
    wrong = expit(-scaled) - comparisons.tie / 2
    slope = by_cluster(weight * scaled * wrong, comparisons.cluster)
    bend = np.square(scaled) * expit(scaled) * expit(-scaled) - scaled * wrong
    curvature = by_cluster(weight * bend, comparisons.cluster)

    def log_temperature(slope: Sums, curvature: Sums) -> Sums:
        return np.asarray(math.log(fitted) - slope / curvature)

    sizes = by_cluster(weight, comparisons.cluster)
    log = of_sums(log_temperature, (slope, curvature), sizes, len(comparisons), intervals=intervals)
    if log.low is None or log.high is None:
        return Measurement(fitted, None, None, log.n, log.reason)
    # The fit is as good as its search was told to be; the interval is of that value.
    return Measurement(fitted, min(math.exp(log.low), fitted), max(math.exp(log.high), fitted), log.n)


def _cross_fitted(
    comparisons: Comparisons,
    scores: PerResponse,
    measure: Callable[[Comparisons, PerResponse, Intervals], Measurement],
    intervals: Intervals,
) -> Measurement:
    gaps = comparisons.gaps(scores)
    if no_best := _no_best(comparisons, gaps):
        return undefined(no_best)
    numbers = np.unique(comparisons.cluster, return_inverse=True)[1]
    folds = min(FOLDS, int(numbers.max()) + 1)
    if folds < 2:
        return undefined(ONE_CLUSTER)
    divisor = np.ones(len(scores))
    for fold in range(folds):
        held_out = numbers % folds == fold
        rest, rest_gaps = comparisons[~held_out], gaps[~held_out]
        if (no_best := _no_best(rest, rest_gaps)) in (NO_GAPS, NO_MISTAKES):
            return undefined(f"{no_best} (without one fold of {folds})")
        # All comparisons of a response are in one cluster, so each response has one divisor.
        divisor[comparisons[held_out].responses] = _fit(rest, rest_gaps)
    return measure(comparisons, scores / divisor, intervals)


def _no_best(comparisons: Comparisons, gaps: PerComparison) -> str | None:
    """Why no temperature fits best; None if one does."""
    if not len(comparisons):
        return NOTHING
    decided = ~comparisons.tie
    if not gaps.any():
        return NO_GAPS
    if (gaps[decided] >= 0).all() and not gaps[~decided].any():
        return NO_MISTAKES
    return NO_ORDER if (relative(comparisons.weight) * gaps)[decided].sum() <= 0 else None
