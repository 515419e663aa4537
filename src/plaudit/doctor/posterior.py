"""What everyone else said: the log odds of a judgement from the other judgements of its group and from the models.

A group's rewards r are given the models' scores m as a prior, r ~ N(m, tau^2 I), and its comparisons as evidence, by
Bradley & Terry (1952): P(a beats b) = sigma(r_a - r_b). Through shared responses a comparison is thus contradicted or
borne out by all others of its group, by the same pair judged by someone else most of all. The posterior is taken as
normal around its mode (Laplace), and a judgement is left out of it by one Newton step back (approximate leave-one-out:
Rad & Maleki, J. R. Stat. Soc. B 82, 2020), exact where it is the only one. tau says how far people's rewards lie from
the models'; with tau = 0 nobody else is heard.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from plaudit.groups import Group
from plaudit.training import ComparisonTargets

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MOST_RESPONSES = 256
"""Of larger groups others are not heard: the posterior would need a matrix of all their responses."""

_ROUNDS = 50
_SETTLED = 1e-8


@dataclass(frozen=True)
class Evidence:
    """The C comparisons of one group of K responses.

    Attributes:
        better, worse: [C], responses.
        tie: [C].
        ranking: [C], the ranking each comes from.
        weight: [C]. A ranking of n responses has n (n - 1) / 2 comparisons but n - 1 places to be wrong about: each
            counts 2 / n of the ranking's weight.
        block: [C], comparisons that are left out together: those of a ranking, and those of the same ranking said again
            by the same annotator, who is no witness to themselves.
        size: K.
    """

    better: Ints
    worse: Ints
    tie: NDArray[np.bool_]
    ranking: Ints
    weight: Floats
    block: Ints
    size: int

    @classmethod
    def of(cls, group: Group) -> Evidence:
        said = ComparisonTargets.of(group)
        members = np.array([sum(map(len, ranking.tiers)) for ranking in group.rankings], dtype=float)
        first: dict[object, int] = {}
        block = [
            number if one.annotator is None else first.setdefault((one.annotator, one.tiers), number)
            for number, one in enumerate(group.rankings)
        ]
        return cls(
            said.better,
            said.worse,
            said.tie,
            said.ranking,
            said.judgement * 2 / members[said.ranking] if len(said) else said.judgement,
            np.array(block, dtype=np.int64)[said.ranking],
            len(group.responses),
        )

    def __len__(self) -> int:
        return len(self.better)

    @property
    def heard(self) -> bool:
        """Whether there are others to be heard, few enough for the posterior."""
        return self.size <= MOST_RESPONSES and len(np.unique(self.block)) > 1


def log_odds(evidence: Evidence, prior: Floats, tau: float, trust: float = 1.0) -> Floats:
    """[C], log odds of what each comparison says, by everything but its own block.

    A normal belief about the gap, with mean g and variance v, has sigma(g / sqrt(1 + pi v / 8)) as its probability
    (MacKay, Neural Computation 4, 1992). The prior is widened likewise, so that tau leaves a comparison that nobody
    else speaks to where the models put it.

    Args:
        evidence: of one group.
        prior: [K], the models' calibrated scores.
        tau: standard deviation of the rewards around the models' scores, >= 0.
        trust: the share of the models' gaps that is believed where others are heard.
    """
    alone = prior[evidence.better] - prior[evidence.worse]
    if tau == 0 or not evidence.heard:
        return alone
    rewards, covariance = _posterior(evidence, trust * prior * np.sqrt(1 + np.pi * tau**2 / 4), tau)
    gap, variance = _left_out(evidence, rewards, covariance)
    return gap / np.sqrt(1 + np.pi / 8 * variance)


def _posterior(evidence: Evidence, prior: Floats, tau: float) -> tuple[Floats, Floats]:
    """Mode [K] and covariance [K, K], by Newton steps; the posterior is log-concave."""
    rewards = prior.copy()
    for _ in range(_ROUNDS):
        pull, curvature = _slopes(evidence, rewards)
        gradient = _spread(evidence, pull) - (rewards - prior) / tau**2
        step = np.linalg.solve(_precision(evidence, curvature, tau), gradient)
        # A full step from far away may overshoot; gaps need never move by more than a few units at once.
        rewards = rewards + step / max(1.0, np.abs(step).max() / 4)
        if np.abs(step).max() < _SETTLED:
            break
    covariance = np.linalg.inv(_precision(evidence, _slopes(evidence, rewards)[1], tau))
    return rewards, np.asarray(covariance, dtype=np.float64)


def _left_out(evidence: Evidence, rewards: Floats, covariance: Floats) -> tuple[Floats, Floats]:
    """[C] means and variances of the gaps without each comparison's own block."""
    pull, curvature = _slopes(evidence, rewards)
    gap = rewards[evidence.better] - rewards[evidence.worse]
    own = _between(evidence, covariance, np.arange(len(evidence)))
    left = 1 - own * curvature
    mean, variance = gap - own * pull / left, own / left
    sizes = np.bincount(evidence.block)
    for block in np.flatnonzero(sizes > 1):
        rows = np.flatnonzero(evidence.block == block)
        among = _design(evidence, rows) @ covariance @ _design(evidence, rows).T
        without = np.linalg.solve(np.eye(len(rows)) - among * curvature[rows], among)
        mean[rows], variance[rows] = gap[rows] - without @ pull[rows], np.diag(without)
    return mean, np.clip(variance, 0, None)


def _slopes(evidence: Evidence, rewards: Floats) -> tuple[Floats, Floats]:
    """[C] first derivative of each log likelihood by its gap, and minus the second. A tie is half a win each way."""
    won = expit(rewards[evidence.better] - rewards[evidence.worse])
    return evidence.weight * (np.where(evidence.tie, 0.5, 1.0) - won), evidence.weight * won * (1 - won)


def _spread(evidence: Evidence, pull: Floats) -> Floats:
    """[K], what the gaps' derivatives are for the rewards."""
    spread: Floats = np.bincount(evidence.better, pull, evidence.size).astype(float)
    return spread - np.bincount(evidence.worse, pull, evidence.size)


def _precision(evidence: Evidence, curvature: Floats, tau: float) -> Floats:
    precision: Floats = np.diag(
        1 / tau**2
        + np.bincount(evidence.better, curvature, evidence.size)
        + np.bincount(evidence.worse, curvature, evidence.size)
    )
    np.subtract.at(precision, (evidence.better, evidence.worse), curvature)
    np.subtract.at(precision, (evidence.worse, evidence.better), curvature)
    return precision


def _between(evidence: Evidence, covariance: Floats, rows: Ints) -> Floats:
    """The variances of the gaps of some comparisons."""
    a, b = evidence.better[rows], evidence.worse[rows]
    return covariance[a, a] + covariance[b, b] - 2 * covariance[a, b]


def _design(evidence: Evidence, rows: Ints) -> Floats:
    """[rows, K] of +1 at the better and -1 at the worse."""
    design = np.zeros((len(rows), evidence.size))
    design[np.arange(len(rows)), evidence.better[rows]] += 1
    design[np.arange(len(rows)), evidence.worse[rows]] -= 1
    return design
