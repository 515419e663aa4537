"""Rankings of three responses or more, flattened once: best of K and NDCG read these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.groups import Group
from plaudit.judgements.responses import Responses
from plaudit.statistics import Floats, Ints, Measurement, mean, proportion, relative, undefined

NO_RANKING = "no ranking is of three responses or more"

Gain = Callable[[Floats], Floats]

GAINS: Mapping[str, Gain] = {
    "linear": lambda grade: grade,
    "exponential": lambda grade: np.exp2(grade) - 1,
}
"""What a response of a grade is worth: the grade itself (Järvelin & Kekäläinen, ACM TOIS 20, 2002), or 2^grade - 1
(Burges et al., ICML 2005), by which little but the top of a ranking counts."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One entry a ranking that judges three responses or more and prefers some to others; and one for each response
    that it judges, ranking after ranking.

    Attributes:
        group: [rankings], index of the group.
        weight: [rankings], how much it counts.
        cluster: [rankings], rankings that may be alike share one.
        of: [n], which ranking.
        at: [n], where the response stands among all responses of all groups.
        grade: [n], how many tiers are below the response's: 0 in the last one.
        top: [n], whether it is in the first tier.
    """

    group: Ints
    weight: Floats
    cluster: Ints
    of: Ints
    at: Ints
    grade: Floats
    top: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: NDArray[np.bool_]) -> Ranked:
        """The rankings that `keep` [rankings] names."""
        rows, number = keep[self.of], np.cumsum(keep) - 1
        return Ranked(
            self.group[keep],
            self.weight[keep],
            self.cluster[keep],
            number[self.of[rows]],
            self.at[rows],
            self.grade[rows],
            self.top[rows],
        )


def index_rankings(groups: Sequence[Group], responses: Responses) -> Ranked:
    """Every ranking of three responses or more that prefers some to others.

    Args:
        groups: what people said.
        responses: of these groups, from `lay_out`.
    """
    found = [
        (g, ranking.weight, ranking.tiers)
        for g, group in enumerate(groups)
        for ranking in group.rankings
        if len(ranking.tiers) > 1 and sum(map(len, ranking.tiers)) > 2
    ]
    group = np.array([g for g, _, _ in found], dtype=np.int64)
    rows = [
        (number, g, response, len(tiers) - 1 - place, place == 0)
        for number, (g, _, tiers) in enumerate(found)
        for place, tier in enumerate(tiers)
        for response in tier
    ]
    of, owner, response, grade, top = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
    return Ranked(
        group=group,
        weight=np.array([weight for _, weight, _ in found], dtype=np.float64),
        cluster=responses.cluster[responses.start[group]],
        of=of,
        at=responses.start[owner] + response,
        grade=grade.astype(np.float64),
        top=top.astype(bool),
    )


def top1(ranked: Ranked, scores: Floats) -> Measurement:
    """How often the highest-scored response is in the top tier, a shared first place counting its share.

    Args:
        ranked: from `index_rankings`.
        scores: of all responses.
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    given = scores[ranked.at]
    best = np.maximum.reduceat(given, _starts(ranked))
    favourite = given == best[ranked.of]
    right = np.bincount(ranked.of, favourite & ranked.top) / np.bincount(ranked.of, favourite)
    return proportion(right, ranked.weight, ranked.cluster)


def top1_chance(ranked: Ranked) -> Measurement:
    """What a uniformly random choice gets: the mean of |top tier| / K."""
    if not len(ranked):
        return undefined(NO_RANKING)
    return _exactly(ranked, np.bincount(ranked.of, ranked.top) / np.bincount(ranked.of))


def ndcg(ranked: Ranked, scores: Floats, gain: str = "linear") -> Measurement:
    """Normalised discounted cumulative gain of the order the scores give: sum of gain / log2(1 + rank), over the most
    there is (Järvelin & Kekäläinen 2002).

    Responses with equal scores earn what they would on average over all orders of them: each the mean discount of the
    ranks they share (McSherry & Najork, ECIR 2008).

    Args:
        ranked: from `index_rankings`.
        scores: of all responses.
        gain: of `GAINS`; a response's grade is the number of tiers below its own.
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    worth, given, discount = GAINS[gain](ranked.grade), scores[ranked.at], _discounts(ranked)
    order = np.lexsort((-given, ranked.of))
    first = np.r_[True, (np.diff(given[order]) != 0) | (np.diff(ranked.of) != 0)]
    level = np.cumsum(first) - 1
    shared = np.bincount(level, discount) / np.bincount(level)
    earned = np.bincount(ranked.of, worth[order] * shared[level])
    return mean(np.clip(earned / _most(ranked, worth, discount), 0, 1), ranked.weight, ranked.cluster, (0.0, 1.0))


def ndcg_chance(ranked: Ranked, gain: str = "linear") -> Measurement:
    """The NDCG that a random order, or a constant score, is expected to have: each response earns the mean discount."""
    if not len(ranked):
        return undefined(NO_RANKING)
    worth, discount = GAINS[gain](ranked.grade), _discounts(ranked)
    earned = np.bincount(ranked.of, worth) * np.bincount(ranked.of, discount) / np.bincount(ranked.of)
    return _exactly(ranked, earned / _most(ranked, worth, discount))


def _starts(ranked: Ranked) -> Ints:
    return np.flatnonzero(np.r_[True, np.diff(ranked.of) != 0])


def _discounts(ranked: Ranked) -> Floats:
    """[n], 1 / log2(1 + rank), the ranks of each ranking running from 1."""
    rank = np.arange(len(ranked.of)) - _starts(ranked)[ranked.of] + 1
    return np.asarray(1 / np.log2(1 + rank))


def _most(ranked: Ranked, worth: Floats, discount: Floats) -> Floats:
    """[rankings], the gain of people's own order, in which the responses stand."""
    return np.bincount(ranked.of, worth * discount).astype(np.float64)


def _exactly(ranked: Ranked, values: Floats) -> Measurement:
    """A mean over these rankings [rankings] that is no estimate."""
    value = float(np.average(values, weights=relative(ranked.weight)))
    return Measurement(value, value, value, len(ranked))
