"""How reliable each annotator is, estimated while the model learns.

An annotator with reliability β prefers a to b with probability σ(β (r_a - r_b)): 1 / β is their temperature. Someone
who answers at random has β = 0, someone who answers the wrong way round β < 0. This is the item-response model with the
reward as the item's location (for crowds of comparisons: Chen et al. 2013, whose η plays this part).

β is not trained by gradient steps: most annotators are met in a handful of steps, where Adam moves every parameter by
about its learning rate whatever the evidence. Instead model and annotators take turns: after each epoch, every β is
fitted to the rewards as they then are, by maximum likelihood with a prior of N(1, 1/2²), and the next epoch trusts
people accordingly. A model that has just begun has small gaps; so the β are relative to the crowd: one slope for all is
fitted with them, and is left out of the loss.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.special import expit
from torch import nn

from plaudit.training.targets import ComparisonTargets

_PRIOR_PRECISION = 4.0
_ROUNDS = 100
_SETTLED = 1e-6


class AnnotatorReliability(nn.Module):
    """What is believed of each annotator: mean and precision of β. Buffers, so that a checkpoint holds them and a
    resumed run goes on from them."""

    mean: Float[torch.Tensor, " annotators"]
    precision: Float[torch.Tensor, " annotators"]

    def __init__(self, annotators: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.ones(annotators))
        self.register_buffer("precision", torch.full((annotators,), _PRIOR_PRECISION))

    def fit(self, scored: Iterable[tuple[Float[torch.Tensor, " responses"], ComparisonTargets]]) -> None:
        """Fit the reliabilities to the rewards and all comparisons of a data set.

        Args:
            scored: the data set in parts: the rewards of some responses (the mean over heads), and the comparisons
                among these. Ties and comparisons by nobody named say nothing.
        """
        columns: list[tuple[Float[np.ndarray, " _"], Int[np.ndarray, " _"], Float[np.ndarray, " _"]]] = []
        for rewards, comparisons in scored:
            named = comparisons.rows((comparisons.annotator >= 0) & ~comparisons.tie)
            values = rewards.double().cpu().numpy()
            columns.append((values[named.better] - values[named.worse], named.annotator, named.weight))
        gap, annotator, weight = map(np.concatenate, zip(*columns, strict=True))
        mean, precision = fit_reliability(gap, annotator, weight, annotators=len(self.mean))
        self.mean.copy_(torch.from_numpy(mean))
        self.precision.copy_(torch.from_numpy(precision))


def fit_reliability(
    gap: Float[np.ndarray, " comparisons"],
    annotator: Int[np.ndarray, " comparisons"],
    weight: Float[np.ndarray, " comparisons"],
    annotators: int,
) -> tuple[Float[np.ndarray, " annotators"], Float[np.ndarray, " annotators"]]:
    """The most likely reliabilities: the maximum over β and a slope c common to all of
    Σ w log σ(β_a c gap) - Σ 2 (β_a - 1)², by Newton steps in turn.

    Args:
        gap: reward of what was preferred minus reward of the other.
        annotator: numbers below `annotators`.
        weight: of each comparison.

    Returns:
        Mean and precision (the inverse variance, at the fitted slope) of each β; the prior's of whoever judged nothing.
    """
    beta, slope = np.ones(annotators), 1.0
    precision = np.full(annotators, _PRIOR_PRECISION)
    if not (gap != 0).any():
        return beta, precision
    slope = 1 / np.sqrt(np.average(gap**2, weights=weight))
    for _ in range(_ROUNDS):
        before = beta.copy()
        wrong = expit(-beta[annotator] * slope * gap)
        curvature = weight * wrong * (1 - wrong)
        # The slope has a weak prior too, or a crowd that is always right would send it to infinity.
        step = np.sum(weight * wrong * beta[annotator] * gap) - 1e-3 * slope
        slope = max(slope + step / (np.sum(curvature * (beta[annotator] * gap) ** 2) + 1e-3), slope / 10)
        x = slope * gap
        wrong = expit(-beta[annotator] * x)
        information = np.bincount(annotator, weight * wrong * (1 - wrong) * x**2, annotators)
        precision = _PRIOR_PRECISION + information
        gradient = np.bincount(annotator, weight * wrong * x, annotators) - _PRIOR_PRECISION * (beta - 1)
        beta = beta + np.clip(gradient / precision, -1, 1)
        if np.abs(beta - before).max() < _SETTLED:
            break
    return beta, precision
