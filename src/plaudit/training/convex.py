"""Fits that have one best answer: a linear score of fixed features, by Bradley-Terry or by least squares.

A response's features are multiplied once, however many comparisons it stands in: the loss is a function of the R
scores, and its gradient goes back through the features. The penalty is chosen by cross-validation across prompts.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from plaudit.data import deal_folds
from plaudit.model import Matrix

# Relative to the spread of the features, from "learns next to nothing" to "fits everything".
_PENALTIES = tuple(10.0**-step for step in range(7))
# Where nothing can be held out (one prompt): a gap of two or three at most between usual responses.
_PENALTY_UNSEEN = 0.1
_FOLDS = 4

LinearScores = Float[np.ndarray, " responses"]
Weights = Float[np.ndarray, " features"]
Mask = Bool[np.ndarray, " judgements"]


@dataclass(frozen=True, kw_only=True)
class ConvexObjective(ABC):
    """What is asked of the scores, as N judgements.

    Attributes:
        weight: `[N]`, > 0.
        part: `[N]`, which judgements belong together (those of one prompt) and are held out together.
    """

    weight: Float[np.ndarray, " judgements"]
    part: Shaped[np.ndarray, " judgements"]

    @abstractmethod
    def loss(self, scores: LinearScores) -> tuple[float, LinearScores]:
        """The weighted mean loss of `[R]` scores, and its gradient `[R]`."""

    @abstractmethod
    def intercept(self, scores: LinearScores) -> float:
        """The constant that is best added to the scores; 0 where only differences count."""

    def subset(self, keep: Mask) -> Self:
        """The judgements of a `[N]` mask."""
        return replace(self, **{field.name: getattr(self, field.name)[keep] for field in fields(self)})


@dataclass(frozen=True, kw_only=True)
class BradleyTerry(ConvexObjective):
    """Comparisons: -log sigma(gap), half of it each way for a tie (Bradley & Terry 1952). That is logistic regression
    on differences of features, without an intercept.

    Attributes:
        first, second: `[N]` rows of the two responses.
        won: `[N]`, 1 where the first is better, 0.5 for a tie.
    """

    first: Int[np.ndarray, " judgements"]
    second: Int[np.ndarray, " judgements"]
    won: Float[np.ndarray, " judgements"]

    def loss(self, scores: LinearScores) -> tuple[float, LinearScores]:
        gap = scores[self.first] - scores[self.second]
        share = self.weight / self.weight.sum()
        pull = share * (expit(gap) - self.won)
        size = len(scores)
        gradient = np.bincount(self.first, pull, size) - np.bincount(self.second, pull, size)
        return float(share @ (np.logaddexp(0, gap) - self.won * gap)), gradient

    def intercept(self, scores: LinearScores) -> float:
        return 0.0


@dataclass(frozen=True, kw_only=True)
class LeastSquares(ConvexObjective):
    """Ratings: half the squared error, with an intercept.

    Attributes:
        row: `[N]` rows of the rated responses.
        target: `[N]`.
    """

    row: Int[np.ndarray, " judgements"]
    target: Float[np.ndarray, " judgements"]

    def loss(self, scores: LinearScores) -> tuple[float, LinearScores]:
        share = self.weight / self.weight.sum()
        error = scores[self.row] - self.target
        return float(share @ error**2) / 2, np.bincount(self.row, share * error, len(scores))

    def intercept(self, scores: LinearScores) -> float:
        return float(np.average(self.target - scores[self.row], weights=self.weight))


@dataclass(frozen=True, slots=True)
class LinearFit:
    """The result of a fit.

    Attributes:
        weights: `[F]`.
        intercept: 0 for comparisons.
        penalty: relative to the spread of the features; the one chosen.
        loss: the mean loss of judgements of prompts that were held out, by cross-validation; None with one prompt.
        constant: that of the best constant score, likewise.
    """

    weights: Weights
    intercept: float
    penalty: float
    loss: float | None
    constant: float | None


def fit_convex(features: Matrix, objective: ConvexObjective) -> LinearFit:
    """The best linear scores under a ridge penalty, `loss + penalty * spread / 2 * |weights|²`, the penalty chosen by
    the loss on held-out parts. `spread` is the mean squared distance of two rows, so penalties mean the same whatever
    the features' units; weights count by their shares, so weights of 1e6 are no less penalised than weights of 1."""
    spread = _spread(features)
    folds = _folds(objective.part, objective.weight)
    if len(folds) < 2:
        weights = descend(features, objective, _PENALTY_UNSEEN * spread)
        return LinearFit(weights, objective.intercept(features @ weights), _PENALTY_UNSEEN, None, None)
    starts = [np.zeros(features.shape[1]) for _ in folds]
    losses: list[float] = []
    for penalty in _PENALTIES:
        starts = [
            descend(features, objective.subset(~held_out), penalty * spread, start)
            for held_out, start in zip(folds, starts, strict=True)
        ]
        losses.append(_out_of_fold_loss([features @ weights for weights in starts], objective, folds))
        if losses[-1] > min(losses):
            break  # With a falling penalty the out-of-fold loss falls, then rises.
    best = int(np.argmin(losses))
    weights = descend(features, objective, _PENALTIES[best] * spread)
    constant = _out_of_fold_loss([np.zeros(features.shape[0])] * len(folds), objective, folds)
    return LinearFit(weights, objective.intercept(features @ weights), _PENALTIES[best], losses[best], constant)


def descend(features: Matrix, objective: ConvexObjective, penalty: float, start: Weights | None = None) -> Weights:
    """`[F]` weights that minimise `loss(features @ weights + intercept) + penalty / 2 * |weights|²`, by L-BFGS."""

    def value(weights: Weights) -> tuple[float, Weights]:
        scores = features @ weights
        loss, gradient = objective.loss(scores + objective.intercept(scores))
        return loss + penalty / 2 * float(weights @ weights), features.T @ gradient + penalty * weights

    start = np.zeros(features.shape[1]) if start is None else start
    options = {"maxiter": 500, "ftol": 1e-10, "gtol": 1e-7}
    return np.asarray(minimize(value, start, jac=True, method="L-BFGS-B", options=options).x)


def _out_of_fold_loss(scores: Sequence[LinearScores], objective: ConvexObjective, folds: Sequence[Mask]) -> float:
    """The mean loss over all judgements, each scored by the fit that has not seen it."""
    total = 0.0
    for row, held_out in zip(scores, folds, strict=True):
        constant = objective.subset(~held_out).intercept(row)
        loss, _ = objective.subset(held_out).loss(row + constant)
        total += loss * objective.weight[held_out].sum()
    return float(total / objective.weight.sum())


def _folds(part: Shaped[np.ndarray, " judgements"], weight: Float[np.ndarray, " judgements"]) -> list[Mask]:
    """A mask a fold of what it holds out: whole parts, dealt the heaviest first to the lightest fold."""
    _, part = np.unique(part, return_inverse=True)
    fold_of_part = deal_folds(np.bincount(part, weight).astype(np.float64), _FOLDS)
    return [fold_of_part[part] == fold for fold in range(min(_FOLDS, len(fold_of_part)))]


def _spread(features: Matrix) -> float:
    """The mean squared distance of two random rows; 1 if all rows are equal."""
    values = np.asarray(features.data if sparse.issparse(features) else features)
    centre = np.asarray(features.mean(axis=0)).ravel()
    spread = 2 * (float((values**2).sum()) / features.shape[0] - float(centre @ centre))
    return spread if spread > 1e-12 else 1.0
