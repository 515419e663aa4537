"""Strengths of the responses of many groups: what a model can see of them, what it cannot, and what was judged.

The strengths of a group are r = F w + u. F are features that a model has of each response, with weights w ~ N(0, s I)
that all groups share: a model's reward as the one feature, which calibrates it; components of a frozen backbone's
embeddings, which fits a linear model to the very judgements that are weighed; or none. u ~ N(0, t I) is what no feature
shows. Evidence is what people said, by Bradley & Terry. The posterior is approximated by a normal distribution around
its mode (Laplace).

s and t are those under which each judgement is likeliest by all others. The marginal likelihood that Laplace's
approximation implies was tried first: where an answer has few judgements it puts t far too low (0.1 for 1 on UKP at
1,600 votes, and 0.81 instead of 0.82 of the pairs right).

w is shared and each u is of one group, so the Hessian is an arrow: every group is eliminated by a matrix of its
responses, and what is left has the size of w. Groups of one size are worked on together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from plaudit.judgements.strengths.evidence import Covariance, Evidence, Strength
from plaudit.judgements.strengths.leaving_out import leave_block_out

Features = Float[np.ndarray, "responses features"]
FeaturesOfGroups = Sequence[Float[np.ndarray, "_ features"]]
Weights = Float[np.ndarray, " features"]
PerPair = Float[np.ndarray, " pairs"]
PairIndices = Int[np.ndarray, " pairs"]
_Stacked = Float[np.ndarray, "groups responses"]
_Matrices = Float[np.ndarray, "groups responses responses"]

_MAX_NEWTON_STEPS = 50
_MAX_MOVE = 4.0
_TOLERANCE = 1e-5
_MOST_FITS = 40
"""Pairs of variances that are tried."""
_TUNING_GROUPS = 1000
"""On whose judgements they are: two numbers need no more."""
_WIDTH = 2.0
"""Of the weak normal prior on the logarithm of each variance, which a handful of judgements would drive anywhere."""


@dataclass(frozen=True, slots=True)
class Strengths:
    """A normal belief about the strengths of a group's K responses.

    Attributes:
        mean: [K].
        covariance: [K, K].

    Example:
        >>> belief = Strengths(np.array([1.0, 0.0]), np.eye(2))
        >>> gap, variance = belief.gaps(np.array([0]), np.array([1]))
        >>> gap.tolist(), variance.tolist(), belief.probability(np.array([0]), np.array([1])).round(3).tolist()
        ([1.0], [2.0], [0.679])
    """

    mean: Strength
    covariance: Covariance

    def gaps(self, first: PairIndices, second: PairIndices) -> tuple[PerPair, PerPair]:
        """[n] means and variances of what the first of each pair is ahead of the second."""
        cov = self.covariance
        variance = cov[first, first] + cov[second, second] - 2 * cov[first, second]
        return np.asarray(self.mean[first] - self.mean[second]), np.maximum(variance, 0)

    def probability(self, first: PairIndices, second: PairIndices) -> PerPair:
        """[n], that a person prefers the first: about sigma(g / sqrt(1 + pi v / 8)) (MacKay 1992)."""
        gap, variance = self.gaps(first, second)
        return np.asarray(expit(gap / np.sqrt(1 + np.pi / 8 * variance)))


@dataclass(frozen=True, slots=True)
class FittedStrengths:
    """What is believed of all groups.

    Attributes:
        groups: one belief each.
        weights: [F], the mode of w.
        weight_covariance: [F, F].
        shared_variance: s, of each weight.
        residual_variance: t, of what no feature shows.

    Example:
        >>> from plaudit.groups import Group
        >>> fit = fit_strengths([Evidence.of(Group("q", "Why?", ("a", "b")))], [np.eye(2)], variances=(1.0, 0.5))
        >>> fit.groups[0].covariance.tolist()
        [[1.5, 0.0], [0.0, 1.5]]
    """

    groups: Sequence[Strengths]
    weights: Weights
    weight_covariance: Float[np.ndarray, "features features"]
    shared_variance: float
    residual_variance: float

    def of_new(self, features: Features, *, with_residual: bool = True) -> Strengths:
        """What is believed of responses that nobody judged; without `with_residual`, of the features' share alone."""
        residual = self.residual_variance * np.eye(len(features)) if with_residual else 0.0
        return Strengths(features @ self.weights, features @ self.weight_covariance @ features.T + residual)


def fit_strengths(
    evidence: Sequence[Evidence],
    features: FeaturesOfGroups | None = None,
    *,
    variances: tuple[float, float] | None = None,
    start: tuple[float, float] = (1.0, 1.0),
) -> FittedStrengths:
    """The posterior of the strengths of all groups.

    Args:
        evidence: of each group, empty where nothing was said.
        features: of each group; centred, and of a spread near 1. None: there is no model.
        variances: s and t; None: those under which judgements are likeliest by the others.
        start: where the search for them starts.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> said = Group("q", "Why?", ("a", "b"), (Ranking(((0,), (1,))),))
        >>> fit = fit_strengths([Evidence.of(said)], variances=(1.0, 1.0))
        >>> fit.groups[0].mean.round(2).tolist()
        [0.34, -0.34]
    """
    rows = [np.zeros((one.n_responses, 0)) for one in evidence] if features is None else features
    posterior = _Posterior(_stacks(evidence, rows), rows[0].shape[1] if len(rows) else 0)
    if variances is None:
        variances = _likeliest(posterior, evidence, start) if posterior.stacks else start
    shared, residual = variances
    believed = posterior.settle(shared, residual)
    fit = FittedStrengths((), posterior.w, posterior.weight_covariance, shared, residual)
    return replace(fit, groups=tuple(believed.get(n) or fit.of_new(row) for n, row in enumerate(rows)))


def _likeliest(posterior: _Posterior, evidence: Sequence[Evidence], start: tuple[float, float]) -> tuple[float, float]:
    """s and t of the largest likelihood of judgements, each left out of what it is predicted by."""
    judged = [number for number, one in enumerate(evidence) if len(one)]
    sample = judged[:: max(1, len(judged) // _TUNING_GROUPS)]

    def loss(logs: Float[np.ndarray, " variances"]) -> float:
        believed = posterior.settle(*_variances(logs))
        likelihood = sum(_left_out(evidence[number], believed[number]) for number in sample)
        return -likelihood + float(logs @ logs) / (2 * _WIDTH**2)

    # Without features there is only t.
    first = np.log(start) if posterior.width else np.log(start[1:])
    corners = np.vstack([first, first + np.eye(len(first))])
    options = {"maxfev": _MOST_FITS, "xatol": 0.2, "fatol": 0.2, "initial_simplex": corners}
    return _variances(minimize(loss, first, method="Nelder-Mead", options=options).x)


def _variances(logs: Float[np.ndarray, " variances"]) -> tuple[float, float]:
    shared, residual = np.exp(np.clip(np.resize(logs, 2), -7, 5))
    return float(shared), float(residual)


def _left_out(evidence: Evidence, belief: Strengths) -> float:
    """Log likelihood of a group's judgements, each by all others."""
    gap, variance = leave_block_out(evidence, belief.mean, belief.covariance)
    odds = evidence.sharpness * gap / np.sqrt(1 + np.pi / 8 * variance)
    won = np.where(evidence.tie, 0.5, 1.0)
    return float(evidence.weight @ (won * log_expit(odds) + (1 - won) * log_expit(-odds)))


@dataclass(frozen=True, slots=True)
class _Stack:
    """The G judged groups of K responses; C comparisons in all.

    Attributes:
        numbers: [G], of the groups.
        features: [G, K, F].
        group, better, worse: [C].
        won: [C], 1, or 1/2 for a tie.
        weight, sharpness: [C].
    """

    numbers: list[int]
    features: Float[np.ndarray, "groups responses features"]
    group: PairIndices
    better: PairIndices
    worse: PairIndices
    won: PerPair
    weight: PerPair
    sharpness: PerPair

    def derivatives(self, strengths: _Stacked) -> tuple[_Stacked, _Matrices]:
        """The log likelihood's gradient by the strengths, and minus its Hessian."""
        g, a, b = self.group, self.better, self.worse
        win = expit(self.sharpness * (strengths[g, a] - strengths[g, b]))
        slope = self.weight * self.sharpness * (self.won - win)
        curvature = self.weight * self.sharpness**2 * win * (1 - win)
        shape = strengths.shape
        flat = [np.ravel_multi_index((g, one), shape) for one in (a, b)]
        size = strengths.size
        gradient = np.bincount(flat[0], slope, size) - np.bincount(flat[1], slope, size)
        count = shape[1]
        cells = [(g * count + one) * count + other for one, other in ((a, a), (b, b), (a, b), (b, a))]
        signed = np.concatenate([curvature, curvature, -curvature, -curvature])
        hessian = np.bincount(np.concatenate(cells), signed, size * count).reshape(*shape, count)
        return gradient.reshape(shape), hessian


class _Posterior:
    """The mode for some variances, found from that for the last ones.

    Attributes:
        w: [F].
        u: [G, K] of each stack.
        inverses: [G, K, K] of each stack, of the evidence's curvature with 1 / t on its diagonal.
        weight_covariance: [F, F].
    """

    def __init__(self, stacks: Sequence[_Stack], width: int) -> None:
        self.stacks, self.width = stacks, width
        self.w = np.zeros(width)
        self.u = [np.zeros(stack.features.shape[:2]) for stack in stacks]
        self.inverses: list[_Matrices] = []
        self.weight_covariance = np.eye(width)

    def settle(self, shared: float, residual: float) -> dict[int, Strengths]:
        """Go to the mode; the belief of each judged group, by its number."""
        for _ in range(_MAX_NEWTON_STEPS):
            by_w, by_u, curved, total = self._derivatives(shared, residual)
            right = by_w.copy()
            for stack, gradient, inverse, bent in zip(self.stacks, by_u, self.inverses, curved, strict=True):
                right -= np.einsum("gkf,gk->f", stack.features, np.einsum("gij,gj->gi", bent @ inverse, gradient))
            step_w = np.linalg.solve(total, right)
            steps = []
            for stack, gradient, inverse, bent in zip(self.stacks, by_u, self.inverses, curved, strict=True):
                moved = np.einsum("gij,gj->gi", bent, stack.features @ step_w)
                steps.append(np.einsum("gij,gj->gi", inverse, gradient - moved))
            largest = [np.abs(s.features @ step_w + u).max() for s, u in zip(self.stacks, steps, strict=True)]
            shrink = max([1.0, *(one / _MAX_MOVE for one in largest)])
            self.w = self.w + step_w / shrink
            self.u = [u + step / shrink for u, step in zip(self.u, steps, strict=True)]
            if max(largest, default=0.0) < _TOLERANCE:
                break
        self.weight_covariance = np.asarray(np.linalg.inv(self._derivatives(shared, residual)[-1]))
        return self._believed(residual)

    def _believed(self, residual: float) -> dict[int, Strengths]:
        believed: dict[int, Strengths] = {}
        for stack, u, inverse in zip(self.stacks, self.u, self.inverses, strict=True):
            # What of w is passed on to the strengths once the group's evidence has had its say.
            passed = inverse @ stack.features / residual
            covariance = inverse + passed @ self.weight_covariance @ passed.transpose(0, 2, 1)
            mean = stack.features @ self.w + u
            believed |= {n: Strengths(mean[g], covariance[g]) for g, n in enumerate(stack.numbers)}
        return believed

    def _derivatives(
        self, shared: float, residual: float
    ) -> tuple[Weights, list[_Stacked], list[_Matrices], Float[np.ndarray, "features features"]]:
        """Gradients of the log posterior by w and u, curvatures of the evidence, and the Hessian of w without u."""
        by_w, by_u, curved = -self.w / shared, [], []
        total = np.eye(self.width) / shared
        self.inverses = []
        for stack, u in zip(self.stacks, self.u, strict=True):
            gradient, bent = stack.derivatives(stack.features @ self.w + u)
            inverse = np.asarray(np.linalg.inv(bent + np.eye(bent.shape[-1]) / residual))
            by_w = by_w + np.einsum("gkf,gk->f", stack.features, gradient)
            by_u.append(gradient - u / residual)
            curved.append(bent)
            self.inverses.append(inverse)
            between = bent @ inverse @ stack.features
            total = total + np.tensordot(stack.features, between, axes=((0, 1), (0, 1))) / residual
        return by_w, by_u, curved, total


def _stacks(evidence: Sequence[Evidence], features: FeaturesOfGroups) -> list[_Stack]:
    """The judged groups, those of one size together."""
    sizes: dict[int, list[int]] = {}
    for number, one in enumerate(evidence):
        if len(one):
            sizes.setdefault(one.n_responses, []).append(number)
    stacks = []
    for numbers in sizes.values():
        members = [evidence[number] for number in numbers]

        def column(name: str, members: Sequence[Evidence] = members) -> Float[np.ndarray, " pairs"]:
            return np.concatenate([getattr(one, name) for one in members]).astype(np.float64)

        stacks.append(
            _Stack(
                numbers=numbers,
                features=np.stack([features[number] for number in numbers]).astype(np.float64),
                group=np.repeat(np.arange(len(numbers)), [len(one) for one in members]),
                better=column("better").astype(np.int64),
                worse=column("worse").astype(np.int64),
                won=np.where(column("tie") > 0, 0.5, 1.0),
                weight=column("weight"),
                sharpness=column("sharpness"),
            )
        )
    return stacks
