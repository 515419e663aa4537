"""Label noise: from the log odds of a judgement to the probability that it is the wrong way round.

Out-of-fold score gaps of several models become log odds z by logistic regression without intercept and with
non-negative weights: temperature scaling for one model (Guo et al., ICML 2017), stacking for several. A judgement drawn
with those odds is then flipped with a probability e, the flip rate:

    P(observed) = (1 - e) sigma(s z) + e sigma(-s z)
    P(flipped | observed) = e sigma(-s z) / P(observed)

This is class-conditional noise (Angluin & Laird, Machine Learning 2, 1988), with the joint distribution of observed and
true labels that confident learning estimates (Northcutt et al., 2021), for the one class that a comparison has. The
flip rate shows in judgements that are contradicted with near certainty. Where there are none it is 0, and nothing is
suspected.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.optimize import minimize
from scipy.special import expit, log_expit

Floats = Float[np.ndarray, " comparisons"]
Bools = Bool[np.ndarray, " comparisons"]

NO_FLIPS = 1e-6
"""A flip rate below this counts as 0: the fit ends a little above 0, where logarithms are finite."""

_MAX_FLIP_RATE = 0.45
_PRIOR_COUNT = 50.0
"""Pseudo-count of judgements known to be right, a Beta prior on the flip rate: few data, or models that hardly know
anything, accuse nobody."""

_STARTS = (1e-3, 0.05, 0.2)
"""Flip rates the fit starts from; the likelihood may have several modes."""

_RIDGE = 1e-3


@dataclass(frozen=True, slots=True)
class LabelNoise:
    """The noise of one kind of judgement.

    Attributes:
        scale: s, the factor from the log odds to those of a judgement without flips.
        flip_rate: e, the share of judgements that were flipped.
    """

    scale: float = 1.0
    flip_rate: float = 0.0

    def clean_probability(self, odds: Floats) -> Floats:
        """[n], the probability of the judgement without flips: sigma(s z)."""
        return np.asarray(expit(self.scale * odds))

    def observed_probability(self, odds: Floats) -> Floats:
        """[n], the probability of the judgement as observed, flipped or not."""
        return np.asarray(self.flip_rate + (1 - 2 * self.flip_rate) * self.clean_probability(odds))

    def flip_probability(self, odds: Floats) -> Floats:
        """[n], the probability that the observed judgement was flipped, by Bayes' rule."""
        flipped = self.flip_rate * (1 - self.clean_probability(odds))
        return np.asarray(flipped / self.observed_probability(odds))


@dataclass(frozen=True, slots=True)
class NoiseModel:
    """The noise of judgements that only models speak to, and of those that other votes of the group speak to as well.

    The two are fitted separately, because models alone cannot tell a flipped judgement from one that they do not
    understand: their flip rate is the share of both.

    Every method takes the log odds `[n]` and the mask `[n]` of judgements with other votes.
    """

    models_only: LabelNoise = LabelNoise()
    with_votes: LabelNoise = LabelNoise()

    def clean_probability(self, odds: Floats, has_other_votes: Bools) -> Floats:
        return self._by_kind("clean_probability", odds, has_other_votes)

    def observed_probability(self, odds: Floats, has_other_votes: Bools) -> Floats:
        return self._by_kind("observed_probability", odds, has_other_votes)

    def flip_probability(self, odds: Floats, has_other_votes: Bools) -> Floats:
        return self._by_kind("flip_probability", odds, has_other_votes)

    def _by_kind(self, quantity: str, odds: Floats, has_other_votes: Bools) -> Floats:
        result = np.empty(len(odds))
        for noise, mask in ((self.models_only, ~has_other_votes), (self.with_votes, has_other_votes)):
            result[mask] = getattr(noise, quantity)(odds[mask])
        return result


def fit_noise(odds: Floats, has_other_votes: Bools, weight: Floats) -> NoiseModel:
    """The maximum a posteriori noise; of a kind without judgements, the noise that changes nothing.

    Args:
        odds: [n], log odds of the observed judgements, each predicted without the judgement itself.
        has_other_votes: [n], whether other votes of the group entered the odds.
        weight: [n].
    """
    models_only, with_votes = (_fit_kind(odds[mask], weight[mask]) for mask in (~has_other_votes, has_other_votes))
    return NoiseModel(models_only, with_votes)


def _fit_kind(odds: Floats, weight: Floats) -> LabelNoise:
    if not len(odds):
        return LabelNoise()
    share = weight / weight.sum()
    prior = 1 / len(odds)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        """Negative log posterior of (log s, e) a judgement, and its gradient."""
        log_scale, flip_rate = parameters
        scaled = np.exp(log_scale) * odds
        clean = expit(scaled)
        observed = flip_rate + (1 - 2 * flip_rate) * clean
        value = -float(share @ np.log(observed)) + prior * (float(log_scale**2) - _PRIOR_COUNT * np.log1p(-flip_rate))
        by_scale = -float(share @ ((1 - 2 * flip_rate) * clean * (1 - clean) * scaled / observed))
        by_flip_rate = -float(share @ ((1 - 2 * clean) / observed))
        gradient = by_scale + 2 * prior * log_scale, by_flip_rate + prior * _PRIOR_COUNT / (1 - flip_rate)
        return value, np.array(gradient)

    bounds = [(-4.0, 4.0), (1e-9, _MAX_FLIP_RATE)]
    fits = [minimize(loss, [0.0, start], jac=True, method="L-BFGS-B", bounds=bounds) for start in _STARTS]
    log_scale, flip_rate = min(fits, key=lambda fit: fit.fun).x
    return LabelNoise(float(np.exp(log_scale)), float(flip_rate))


def fit_stack(
    gaps: Float[np.ndarray, "comparisons members"], tie: Bools, weight: Floats
) -> Float[np.ndarray, " members"]:
    """[M] non-negative weights of M models' score gaps in the log odds of the observed judgements.

    A tie counts as half a win.

    Args:
        gaps: [n, M], score of the response judged better minus score of the other, by each model.
        tie: [n].
        weight: [n].
    """
    # The ridge penalty must not depend on a model's units, so gaps are brought to a root mean square of 1. A model that
    # never tells two responses apart gets the weight 0.
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
    fit = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(start))
    return np.asarray(fit.x / unit)
