"""From log odds to the probability that a judgement is wrong: models' scales, and one share of flipped judgements.

Held-out gaps of several models become log odds by a logistic regression without intercept and with weights >= 0: for
one model a temperature (Guo et al., ICML 2017), for several a stack. Of judgements whose log odds z are honest, a share
`flipped` was then turned round:

    P(said) = (1 - flipped) sigma(scale z) + flipped sigma(-scale z)
    P(wrong | said) = flipped sigma(-scale z) / P(said)

which is class-conditional noise (Angluin & Laird, Machine Learning 2, 1988; the joint of given and true labels that
confident learning estimates, Northcutt et al. 2021) for the one class that a comparison has. `flipped` shows in
judgements that are contradicted however sure everything else is; where there are none it is 0, and nothing is
suspected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_MOST_FLIPPED = 0.45
_KNOWN_RIGHT = 50.0
"""Judgements known to be right that the share is estimated with: few data, or models that hardly know anything, do not
accuse anyone."""

NO_FLIPS = 1e-6
"""A share below this is none; the fit ends a little above 0, where logarithms are finite."""

_STARTS = (1e-3, 0.05, 0.2)

_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Noise:
    """How honest log odds are scaled, and the share of judgements that were flipped: of those about which the models
    speak alone, and of those where others of the group are heard.

    The two are kept apart, because models alone cannot tell a flip from a judgement that they do not understand: their
    share is of both.
    """

    scales: tuple[float, float]
    flipped: tuple[float, float]

    def said(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability of what was said."""
        flipped = np.where(heard, *self.flipped[::-1])
        return flipped + (1 - 2 * flipped) * self.honest(odds, heard)

    def wrong(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability that what was said is the wrong way round."""
        return np.where(heard, *self.flipped[::-1]) * (1 - self.honest(odds, heard)) / self.said(odds, heard)

    def honest(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability that someone honest would say it."""
        return expit(np.where(heard, *self.scales[::-1]) * odds)


def fit_noise(odds: Floats, heard: Bools, weight: Floats) -> Noise:
    """The most likely scales and shares; where there are no judgements of a kind, a scale of 1 and a share of 0.

    Args:
        odds: [N], log odds of what was said, each given by everything else.
        heard: [N], whether others of the group had a part in them.
        weight: [N].
    """
    alone, others = (_fit(odds[keep], weight[keep]) for keep in (~heard, heard))
    return Noise((alone[0], others[0]), (alone[1], others[1]))


def _fit(odds: Floats, weight: Floats) -> tuple[float, float]:
    """The scale and the share of one kind."""
    if not len(odds):
        return 1.0, 0.0
    share = weight / weight.sum()
    known = 1 / len(odds)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_scale, flipped = parameters
        scaled = np.exp(log_scale) * odds
        right = expit(scaled)
        said = flipped + (1 - 2 * flipped) * right
        value = -float(share @ np.log(said)) + known * (float(log_scale**2) - _KNOWN_RIGHT * np.log1p(-flipped))
        by_scale = -float(share @ ((1 - 2 * flipped) * right * (1 - right) * scaled / said)) + 2 * known * log_scale
        by_flipped = -float(share @ ((1 - 2 * right) / said)) + known * _KNOWN_RIGHT / (1 - flipped)
        return value, np.array([by_scale, by_flipped])

    bounds = [(-4.0, 4.0), (1e-9, _MOST_FLIPPED)]
    tried = [minimize(loss, [0.0, flipped], jac=True, method="L-BFGS-B", bounds=bounds) for flipped in _STARTS]
    log_scale, flipped = min(tried, key=lambda one: one.fun).x
    return float(np.exp(log_scale)), float(flipped)


def fit_stack(gaps: Floats, tie: Bools, weight: Floats) -> Floats:
    """[M] weights >= 0 of the M models' gaps [N, M] in the log odds of what was said; a tie is half right."""
    unit = np.sqrt(np.average(gaps**2, axis=0, weights=weight))
    unit[unit == 0] = np.inf
    scaled, share = gaps / unit, weight / weight.sum()
    won = np.where(tie, 0.5, 1.0)

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = scaled @ weights
        value = -float(share @ (won * log_expit(odds) + (1 - won) * log_expit(-odds)))
        gradient = scaled.T @ (share * (expit(odds) - won))
        return value + _RIDGE / 2 * float(weights @ weights), gradient + _RIDGE * weights

    start = np.full(gaps.shape[1], 0.1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    return np.asarray(found.x / unit)
