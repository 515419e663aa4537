"""Leave-one-out log odds of a judgement, given the models and the other judgements of its group.

The K rewards r of a group have the models' scores m as their prior, r ~ N(m, tau^2 I), and its comparisons as evidence,
by Bradley & Terry (1952): P(a beats b) = sigma(r_a - r_b). Through shared responses, a comparison is confirmed or
contradicted by all others of its group, by those of the same pair most of all.

The posterior is approximated by a normal distribution around its mode (Laplace). A judgement is left out of it by one
Newton step back (approximate leave-one-out: Rad & Maleki, J. R. Stat. Soc. B 82, 2020), which is exact where it is the
only one. tau says how far people's rewards lie from the models' scores; with tau = 0 only the models count.
"""

from __future__ import annotations

import numpy as np

from plaudit.judgements.strengths.evidence import Covariance, Evidence, PerComparison, Strength

_MAX_NEWTON_STEPS = 50
_MAX_MOVE = 4.0
"""Rewards that one Newton step may move: a full step from far away may overshoot."""
_TOLERANCE = 1e-8


def log_odds(evidence: Evidence, prior: Strength, tau: float, trust: float = 1.0) -> PerComparison:
    """[C], log odds of each observed comparison, given everything but its own block.

    With a normal belief about the gap, of mean g and variance v, the probability of a win is about
    sigma(g / sqrt(1 + pi v / 8)) (MacKay, Neural Computation 4, 1992). The prior is widened by the same factor, with
    v = 2 tau^2, so that a comparison without other votes keeps the log odds of the models whatever tau is.

    Args:
        evidence: of one group.
        prior: [K], the models' calibrated scores.
        tau: standard deviation of the rewards around the models' scores, >= 0.
        trust: factor of the models' gaps in [0, 1], where there are other votes.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> twice = Group("q", "Why?", ("a", "b"), (Ranking(((0,), (1,))), Ranking(((0,), (1,)))))
        >>> log_odds(Evidence.of(twice), np.zeros(2), tau=1.0).round(2).tolist()  # each borne out by the other
        [0.53, 0.53]
    """
    by_models = evidence.gaps(prior)
    if tau == 0 or not evidence.has_other_votes:
        return by_models
    rewards, covariance = _laplace(evidence, trust * prior * np.sqrt(1 + np.pi * tau**2 / 4), tau)
    gap, variance = leave_block_out(evidence, rewards, covariance)
    return np.asarray(gap / np.sqrt(1 + np.pi / 8 * variance))


def _laplace(evidence: Evidence, prior: Strength, tau: float) -> tuple[Strength, Covariance]:
    """Mode and covariance of the posterior, by Newton's method; it is log-concave."""
    rewards = prior.copy()
    for _ in range(_MAX_NEWTON_STEPS):
        slope, curvature = evidence.derivatives(evidence.gaps(rewards))
        gradient = _sum_by_response(evidence, slope) - (rewards - prior) / tau**2
        step = np.linalg.solve(_precision(evidence, curvature, tau), gradient)
        rewards = rewards + step / max(1.0, np.abs(step).max() / _MAX_MOVE)
        if np.abs(step).max() < _TOLERANCE:
            break
    covariance = np.linalg.inv(_precision(evidence, evidence.derivatives(evidence.gaps(rewards))[1], tau))
    return rewards, np.asarray(covariance, dtype=np.float64)


def leave_block_out(
    evidence: Evidence, rewards: Strength, covariance: Covariance
) -> tuple[PerComparison, PerComparison]:
    """[C] means and variances of the gaps in the posterior without each comparison's own block.

    For a block with design matrix X, slopes u and curvatures W, V = X S X' is the covariance of its gaps g. Without the
    block it is V' = (I - V W)^-1 V, and one Newton step moves the gaps to g - V' u. For a block of one comparison these
    are numbers: v' = v / (1 - v w), with the leverage v w in the denominator.
    """
    gap = evidence.gaps(rewards)
    slope, curvature = evidence.derivatives(gap)
    variance = evidence.gap_variance(covariance)
    remaining = 1 - variance * curvature
    mean_without, variance_without = gap - variance * slope / remaining, variance / remaining
    sizes = np.bincount(evidence.block)
    for block in np.flatnonzero(sizes > 1):
        rows = np.flatnonzero(evidence.block == block)
        design = evidence.design(rows)
        block_covariance = design @ covariance @ design.T
        without = np.linalg.solve(np.eye(len(rows)) - block_covariance * curvature[rows], block_covariance)
        mean_without[rows], variance_without[rows] = gap[rows] - without @ slope[rows], np.diag(without)
    return mean_without, np.clip(variance_without, 0, None)


def _sum_by_response(evidence: Evidence, slope: PerComparison) -> Strength:
    """[K], the gradient by the rewards from the derivatives by the gaps: X' u."""
    total: Strength = np.bincount(evidence.better, slope, evidence.n_responses).astype(float)
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
