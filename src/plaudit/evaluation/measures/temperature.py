"""One number that makes score gaps probabilities, and how good they are then.

The gap over a temperature T is the log-odds of the response that people preferred (Guo et al., ICML 2017). T is fitted
by the log loss of `measurements.log_loss`: which response is called the first does not matter to it, and a judged tie
is half a win for each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from plaudit.evaluation.measures.calibration import ece
from plaudit.evaluation.measures.preferences import log_loss
from plaudit.judgements import Comparisons
from plaudit.statistics import (
    NOTHING,
    ONE_CLUSTER,
    Floats,
    Measurement,
    Measurements,
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


def fit_temperature(compared: Comparisons) -> float | None:
    """The T > 0 that makes -log σ(gap / T) least on these comparisons; a tie is half a win for each. None if there is
    nothing to fit on.

    Scores that order people's choices no better than chance get the largest T there is: probabilities of a half.
    """
    if not len(compared) or not compared.gap.any():
        return None
    weight, gap, tie = relative(compared.weight), compared.gap, compared.tie

    def loss(log_temperature: float) -> float:
        scaled = gap / math.exp(log_temperature)
        # -log σ(-x) is x more than -log σ(x), so a tie costs half a gap more than a win.
        return float(weight @ (np.logaddexp(0, -scaled) + tie * scaled / 2))

    # The loss is convex in 1 / T, so it has one valley in log T too.
    unit = math.log(float(np.abs(gap).max()))
    most = math.log(_MOST)
    return math.exp(minimize_scalar(loss, bounds=(unit - most, unit + most), method="bounded").x)


def at_temperature(compared: Comparisons) -> Measurements:
    """The temperature that fits best, and the log loss and ECE of gaps over a temperature that was fitted on other
    clusters (`FOLDS`-fold cross-fitting), so that neither gains from having been fitted."""
    return {
        "temperature": temperature(compared),
        "log_loss_at_temperature": _cross_fitted(compared, log_loss),
        "ece_at_temperature": _cross_fitted(compared, ece),
    }


def temperature(compared: Comparisons) -> Measurement:
    """The divisor of gaps that fits best. Its interval is that of log T, carried back: what is left out or drawn again
    moves log T by one Newton step, the sum of the loss's slopes over the sum of its curvatures."""
    if no_best := _no_best(compared):
        return undefined(no_best)
    fitted = fit_temperature(compared)
    assert fitted is not None
    weight, scaled = relative(compared.weight), compared.gap / fitted
    wrong = expit(-scaled) - compared.tie / 2
    slope = by_cluster(weight * scaled * wrong, compared.cluster)
    bend = np.square(scaled) * expit(scaled) * expit(-scaled) - scaled * wrong
    curvature = by_cluster(weight * bend, compared.cluster)

    def log_temperature(slope: Floats, curvature: Floats) -> Floats:
        return np.asarray(math.log(fitted) - slope / curvature)

    sizes = by_cluster(weight, compared.cluster)
    log = of_sums(log_temperature, (slope, curvature), sizes, len(compared))
    if log.low is None or log.high is None:
        return Measurement(fitted, None, None, log.n, log.reason)
    # The fit is as good as its search was told to be; the interval is of that value.
    return Measurement(fitted, min(math.exp(log.low), fitted), max(math.exp(log.high), fitted), log.n)


def _cross_fitted(compared: Comparisons, measure: Callable[[Comparisons], Measurement]) -> Measurement:
    if no_best := _no_best(compared):
        return undefined(no_best)
    numbers = np.unique(compared.cluster, return_inverse=True)[1]
    folds = min(FOLDS, int(numbers.max()) + 1)
    if folds < 2:
        return undefined(ONE_CLUSTER)
    divisor = np.ones(len(compared))
    for fold in range(folds):
        held = numbers % folds == fold
        if (no_best := _no_best(compared[~held])) in (NO_GAPS, NO_MISTAKES):
            return undefined(f"{no_best} (without one fold of {folds})")
        divisor[held] = fit_temperature(compared[~held])
    return measure(replace(compared, better=compared.better / divisor, worse=compared.worse / divisor))


def _no_best(compared: Comparisons) -> str | None:
    """Why no temperature fits best; None if one does."""
    if not len(compared):
        return NOTHING
    gap, decided = compared.gap, ~compared.tie
    if not gap.any():
        return NO_GAPS
    if (gap[decided] >= 0).all() and not gap[~decided].any():
        return NO_MISTAKES
    return NO_ORDER if (relative(compared.weight) * gap)[decided].sum() <= 0 else None
