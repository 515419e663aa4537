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
_PRIOR = 10.0
"""Judgements known to be right that the share is estimated with: few data do not accuse anyone."""

_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class Noise:
    """How honest log odds are scaled (where others of the group are not heard, and where they are), and the share of
    judgements that were flipped."""

    scales: tuple[float, float]
    flipped: float

    def said(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability of what was said."""
        return self.flipped + (1 - 2 * self.flipped) * self.honest(odds, heard)

    def wrong(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability that what was said is the wrong way round."""
        return self.flipped * (1 - self.honest(odds, heard)) / self.said(odds, heard)

    def honest(self, odds: Floats, heard: Bools) -> Floats:
        """[N], the probability that someone honest would say it."""
        return expit(np.where(heard, self.scales[1], self.scales[0]) * odds)


def fit_noise(odds: Floats, heard: Bools, weight: Floats) -> Noise:
    """The most likely scales and share.

    Args:
        odds: [N], log odds of what was said, each given by everything else.
        heard: [N], whether others of the group had a part in them.
        weight: [N].
    """
    share = weight / weight.sum()
    which = heard.astype(int)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        log_scales, flipped = parameters[:2], parameters[2]
        scaled = np.exp(log_scales)[which] * odds
        right = expit(scaled)
        said = flipped + (1 - 2 * flipped) * right
        prior = _PRIOR / len(odds)
        value = -float(share @ np.log(said)) - prior * np.log1p(-flipped) + _RIDGE * float(log_scales @ log_scales)
        by_scaled = -share * (1 - 2 * flipped) * right * (1 - right) * scaled / said
        by_scales = np.bincount(which, by_scaled, 2) + 2 * _RIDGE * log_scales
        by_flipped = -share @ ((1 - 2 * right) / said) + prior / (1 - flipped)
        return value, np.append(by_scales, by_flipped)

    bounds = [(-4.0, 4.0), (-4.0, 4.0), (1e-9, _MOST_FLIPPED)]
    starts = [np.array([0.0, 0.0, flipped]) for flipped in (1e-3, 0.05, 0.2)]
    tried = [minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
    found = min(tried, key=lambda one: one.fun).x
    alone, together = np.exp(found[:2])
    return Noise((float(alone), float(together)), float(found[2]))


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
