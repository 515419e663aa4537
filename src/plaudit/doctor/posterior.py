"""Leave-one-out log odds of a judgement, given the models and the other judgements of its group.

The K rewards r of a group have the models' scores m as their prior, r ~ N(m, tau^2 I), and its comparisons as evidence,
by Bradley & Terry (1952): P(a beats b) = sigma(r_a - r_b). Through shared responses, a comparison is confirmed or
contradicted by all others of its group, by those of the same pair most of all.

The posterior is approximated by a normal distribution around its mode (Laplace). A judgement is left out of it by one
Newton step back (approximate leave-one-out: Rad & Maleki, J. R. Stat. Soc. B 82, 2020), which is exact where it is the
only one. tau says how far people's rewards lie from the models' scores; with tau = 0 only the models count.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit

from plaudit.groups import Group
from plaudit.judgements import pairs_of

PerComparison = Float[np.ndarray, " comparisons"]
PerResponse = Float[np.ndarray, " responses"]
Covariance = Float[np.ndarray, "responses responses"]
Indices = Int[np.ndarray, " comparisons"]

MAX_RESPONSES = 256
"""In larger groups only the models count: the posterior would need a matrix of all responses by all."""

_MAX_NEWTON_STEPS = 50
_MAX_MOVE = 4.0
"""Rewards that one Newton step may move: a full step from far away may overshoot."""
_TOLERANCE = 1e-8


@dataclass(frozen=True)
class Evidence:
    """The C comparisons of one group of K responses.

    Attributes:
        better, worse: [C], responses.
        tie: [C].
        ranking: [C], the ranking each comes from.
        weight: [C]. A ranking of n responses has n (n - 1) / 2 comparisons but only n - 1 independent ones, so each
            counts 2 / n of the ranking's weight.
        block: [C], comparisons that are left out together: those of a ranking, and of rankings that repeat it by the
            same annotator, which are no independent votes.
        n_responses: K.
    """

    better: Indices
    worse: Indices
    tie: Bool[np.ndarray, " comparisons"]
    ranking: Indices
    weight: PerComparison
    block: Indices
    n_responses: int

    @classmethod
    def of(cls, group: Group) -> Evidence:
        pairs = pairs_of(group.rankings)
        ranked = np.array([sum(map(len, ranking.tiers)) for ranking in group.rankings], dtype=np.float64)
        weight = np.array([ranking.weight for ranking in group.rankings], dtype=np.float64)
        first: dict[object, int] = {}
        block = [
            number if ranking.annotator is None else first.setdefault((ranking.annotator, ranking.tiers), number)
            for number, ranking in enumerate(group.rankings)
        ]
        return cls(
            better=pairs.better,
            worse=pairs.worse,
            tie=pairs.tie,
            ranking=pairs.ranking,
            weight=weight[pairs.ranking] * 2 / ranked[pairs.ranking],
            block=np.array(block, dtype=np.int64)[pairs.ranking],
            n_responses=len(group.responses),
        )

    def __len__(self) -> int:
        return len(self.better)

    @property
    def has_other_votes(self) -> bool:
        """Whether each comparison has others beside its own block, in a group small enough for the posterior."""
        return self.n_responses <= MAX_RESPONSES and len(np.unique(self.block)) > 1


def log_odds(evidence: Evidence, prior: PerResponse, tau: float, trust: float = 1.0) -> PerComparison:
    """[C], log odds of each observed comparison, given everything but its own block.

    With a normal belief about the gap, of mean g and variance v, the probability of a win is about
    sigma(g / sqrt(1 + pi v / 8)) (MacKay, Neural Computation 4, 1992). The prior is widened by the same factor, with
    v = 2 tau^2, so that a comparison without other votes keeps the log odds of the models whatever tau is.

    Args:
        evidence: of one group.
        prior: [K], the models' calibrated scores.
        tau: standard deviation of the rewards around the models' scores, >= 0.
        trust: factor of the models' gaps in [0, 1], where there are other votes.
    """
    by_models: PerComparison = prior[evidence.better] - prior[evidence.worse]
    if tau == 0 or not evidence.has_other_votes:
        return by_models
    rewards, covariance = _laplace(evidence, trust * prior * np.sqrt(1 + np.pi * tau**2 / 4), tau)
    gap, variance = _leave_block_out(evidence, rewards, covariance)
    return np.asarray(gap / np.sqrt(1 + np.pi / 8 * variance))


def _laplace(evidence: Evidence, prior: PerResponse, tau: float) -> tuple[PerResponse, Covariance]:
    """Mode and covariance of the posterior, by Newton's method; it is log-concave."""
    rewards = prior.copy()
    for _ in range(_MAX_NEWTON_STEPS):
        slope, curvature = _gap_derivatives(evidence, rewards)
        gradient = _sum_by_response(evidence, slope) - (rewards - prior) / tau**2
        step = np.linalg.solve(_precision(evidence, curvature, tau), gradient)
        rewards = rewards + step / max(1.0, np.abs(step).max() / _MAX_MOVE)
        if np.abs(step).max() < _TOLERANCE:
            break
    covariance = np.linalg.inv(_precision(evidence, _gap_derivatives(evidence, rewards)[1], tau))
    return rewards, np.asarray(covariance, dtype=np.float64)


def _leave_block_out(
    evidence: Evidence, rewards: PerResponse, covariance: Covariance
) -> tuple[PerComparison, PerComparison]:
    """[C] means and variances of the gaps in the posterior without each comparison's own block.

    For a block with design matrix X, slopes u and curvatures W, V = X S X' is the covariance of its gaps g. Without the
    block it is V' = (I - V W)^-1 V, and one Newton step moves the gaps to g - V' u. For a block of one comparison these
    are numbers: v' = v / (1 - v w), with the leverage v w in the denominator.
    """
    slope, curvature = _gap_derivatives(evidence, rewards)
    gap = rewards[evidence.better] - rewards[evidence.worse]
    variance = _gap_variance(evidence, covariance)
    remaining = 1 - variance * curvature
    mean_without, variance_without = gap - variance * slope / remaining, variance / remaining
    sizes = np.bincount(evidence.block)
    for block in np.flatnonzero(sizes > 1):
        rows = np.flatnonzero(evidence.block == block)
        design = _design_matrix(evidence, rows)
        block_covariance = design @ covariance @ design.T
        without = np.linalg.solve(np.eye(len(rows)) - block_covariance * curvature[rows], block_covariance)
        mean_without[rows], variance_without[rows] = gap[rows] - without @ slope[rows], np.diag(without)
    return mean_without, np.clip(variance_without, 0, None)


def _gap_derivatives(evidence: Evidence, rewards: PerResponse) -> tuple[PerComparison, PerComparison]:
    """[C], first derivative of each log likelihood by its gap, and minus the second. A tie is half a win each way."""
    win = expit(rewards[evidence.better] - rewards[evidence.worse])
    return evidence.weight * (np.where(evidence.tie, 0.5, 1.0) - win), evidence.weight * win * (1 - win)


def _sum_by_response(evidence: Evidence, slope: PerComparison) -> PerResponse:
    """[K], the gradient by the rewards from the derivatives by the gaps: X' u."""
    total: PerResponse = np.bincount(evidence.better, slope, evidence.n_responses).astype(float)
    return total - np.bincount(evidence.worse, slope, evidence.n_responses)


def _precision(evidence: Evidence, curvature: PerComparison, tau: float) -> Covariance:
    """I / tau^2 + X' W X, the negative Hessian of the log posterior."""
    precision: Covariance = np.diag(
        1 / tau**2
        + np.bincount(evidence.better, curvature, evidence.n_responses)
        + np.bincount(evidence.worse, curvature, evidence.n_responses)
    )
    np.subtract.at(precision, (evidence.better, evidence.worse), curvature)
    np.subtract.at(precision, (evidence.worse, evidence.better), curvature)
    return precision


def _gap_variance(evidence: Evidence, covariance: Covariance) -> PerComparison:
    """[C], the diagonal of X S X'."""
    a, b = evidence.better, evidence.worse
    return np.asarray(covariance[a, a] + covariance[b, b] - 2 * covariance[a, b])


def _design_matrix(evidence: Evidence, rows: Int[np.ndarray, " rows"]) -> Float[np.ndarray, "rows responses"]:
    """Rows of X: +1 at the better response and -1 at the worse."""
    design = np.zeros((len(rows), evidence.n_responses))
    design[np.arange(len(rows)), evidence.better[rows]] += 1
    design[np.arange(len(rows)), evidence.worse[rows]] -= 1
    return design
