"""Rankings of three responses or more, flattened once: best of K and NDCG read these."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from plaudit.groups import Group
from plaudit.judgements.responses import PerResponse, Responses
from plaudit.statistics import (
    JACKKNIFE,
    Intervals,
    Measurement,
    mean,
    proportion,
    relative,
    undefined,
)

NO_RANKING = "no ranking is of three responses or more"

Gain = Callable[[Float64[np.ndarray, " ranked"]], Float64[np.ndarray, " ranked"]]

GAINS: Mapping[str, Gain] = {
    "linear": lambda grade: grade,
    "exponential": lambda grade: np.exp2(grade) - 1,
}
"""What a response of a grade is worth: the grade itself (Järvelin & Kekäläinen, ACM TOIS 20, 2002), or 2^grade - 1
(Burges et al., ICML 2005), by which little but the top of a ranking counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedLists:
    """Rankings that judge three responses or more and prefer some to others, one entry a ranking; and one for each
    response that they judge, ranking after ranking, best tier first.

    Attributes:
        group: [rankings], index of the group.
        weight: [rankings], how much it counts.
        cluster: [rankings], rankings that may be alike share one.
        ranking: [n], which of these rankings.
        response: [n], index into `Responses`.
        grade: [n], how many tiers are below the response's: 0 in the last one.
        top: [n], whether it is in the first tier.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> groups = [Group("q", "Why?", ("a", "b", "c"), (Ranking(((2,), (0, 1))),))]
        >>> ranked = index_rankings(groups, index_responses(groups))
        >>> ranked.response.tolist(), ranked.grade.tolist(), ranked.top.tolist()
        ([2, 0, 1], [1.0, 0.0, 0.0], [True, False, False])
    """

    group: Int64[np.ndarray, " rankings"]
    weight: Float64[np.ndarray, " rankings"]
    cluster: Int64[np.ndarray, " rankings"]
    ranking: Int64[np.ndarray, " ranked"]
    response: Int64[np.ndarray, " ranked"]
    grade: Float64[np.ndarray, " ranked"]
    top: Bool[np.ndarray, " ranked"]

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: Bool[np.ndarray, " rankings"]) -> RankedLists:
        """The rankings that `keep` [rankings] names, renumbered."""
        rows, number = keep[self.ranking], np.cumsum(keep) - 1
        return RankedLists(
            group=self.group[keep],
            weight=self.weight[keep],
            cluster=self.cluster[keep],
            ranking=number[self.ranking[rows]],
            response=self.response[rows],
            grade=self.grade[rows],
            top=self.top[rows],
        )


def index_rankings(groups: Sequence[Group], responses: Responses) -> RankedLists:
    """Every ranking of three responses or more that prefers some to others.

    Args:
        groups: whose rankings.
        responses: of these groups, from `index_responses`.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> rankings = (Ranking(((0,), (1,), (2,))), Ranking(((0,), (1,))))  # a pair is no list
        >>> groups = [Group("q", "Why?", ("a", "b", "c"), rankings)]
        >>> len(index_rankings(groups, index_responses(groups)))
        1
    """
    lists = [
        (g, ranking.weight, ranking.tiers)
        for g, group in enumerate(groups)
        for ranking in group.rankings
        if len(ranking.tiers) > 1 and sum(map(len, ranking.tiers)) > 2
    ]
    group = np.array([g for g, _, _ in lists], dtype=np.int64)
    rows = [
        (number, g, response, len(tiers) - 1 - level, level == 0)
        for number, (g, _, tiers) in enumerate(lists)
        for level, tier in enumerate(tiers)
        for response in tier
    ]
    ranking, owner, response, grade, top = np.array(rows, dtype=np.int64).reshape(len(rows), 5).T
    return RankedLists(
        group=group,
        weight=np.array([weight for _, weight, _ in lists], dtype=np.float64),
        cluster=responses.cluster[responses.start[group]],
        ranking=ranking,
        response=responses.start[owner] + response,
        grade=grade.astype(np.float64),
        top=top.astype(bool),
    )


def top1(ranked: RankedLists, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """How often the highest-scored response is in the top tier, a shared first place counting its share.

    Args:
        ranked: from `index_rankings`.
        scores: of all responses.
        intervals: how the interval is made.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> groups = [Group("q", "Why?", ("a", "b", "c"), (Ranking(((0,), (1,), (2,))),))]
        >>> ranked = index_rankings(groups, index_responses(groups))
        >>> top1(ranked, np.array([2.0, 1.0, 2.0])).value  # the best shares the first place
        0.5
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    ranked_scores = scores[ranked.response]
    best = np.maximum.reduceat(ranked_scores, _starts(ranked))
    favourite = ranked_scores == best[ranked.ranking]
    right = np.bincount(ranked.ranking, favourite & ranked.top) / np.bincount(ranked.ranking, favourite)
    return proportion(right, ranked.weight, ranked.cluster, intervals=intervals)


def top1_chance(ranked: RankedLists) -> Measurement:
    """What a uniformly random choice gets: the mean of |top tier| / K.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> groups = [Group("q", "Why?", ("a", "b", "c", "d"), (Ranking(((0,), (1, 2, 3))),))]
        >>> top1_chance(index_rankings(groups, index_responses(groups))).value
        0.25
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    return _exactly(ranked, np.bincount(ranked.ranking, ranked.top) / np.bincount(ranked.ranking))


def ndcg(
    ranked: RankedLists, scores: PerResponse, gain: str = "linear", intervals: Intervals = JACKKNIFE
) -> Measurement:
    """Normalised discounted cumulative gain of the order the scores give: sum of gain / log2(1 + rank), over the most
    there is (Järvelin & Kekäläinen 2002).

    Responses with equal scores earn what they would on average over all orders of them: each the mean discount of the
    ranks they share (McSherry & Najork, ECIR 2008).

    Args:
        ranked: from `index_rankings`.
        scores: of all responses.
        gain: of `GAINS`; a response's grade is the number of tiers below its own.
        intervals: how the interval is made.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> groups = [Group("q", "Why?", ("a", "b", "c"), (Ranking(((0,), (1,), (2,))),))]
        >>> ranked = index_rankings(groups, index_responses(groups))
        >>> [round(ndcg(ranked, np.array(scores)).value, 2) for scores in ([3.0, 2.0, 1.0], [2.0, 3.0, 1.0])]
        [1.0, 0.86]
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    worth, ranked_scores, discount = GAINS[gain](ranked.grade), scores[ranked.response], _discounts(ranked)
    order = np.lexsort((-ranked_scores, ranked.ranking))
    first = np.r_[True, (np.diff(ranked_scores[order]) != 0) | (np.diff(ranked.ranking) != 0)]
    level = np.cumsum(first) - 1
    shared = np.bincount(level, discount) / np.bincount(level)
    earned = np.bincount(ranked.ranking, worth[order] * shared[level])
    share = np.clip(earned / _most(ranked, worth, discount), 0, 1)
    return mean(share, ranked.weight, ranked.cluster, (0.0, 1.0), intervals=intervals)


def ndcg_chance(ranked: RankedLists, gain: str = "linear") -> Measurement:
    """The NDCG that a random order, or a constant score, is expected to have: each response earns the mean discount.

    Example:
        >>> from plaudit import Ranking
        >>> from plaudit.judgements import index_responses
        >>> groups = [Group("q", "Why?", ("a", "b", "c"), (Ranking(((0,), (1,), (2,))),))]
        >>> round(ndcg_chance(index_rankings(groups, index_responses(groups))).value, 2)
        0.81
    """
    if not len(ranked):
        return undefined(NO_RANKING)
    worth, discount = GAINS[gain](ranked.grade), _discounts(ranked)
    earned = np.bincount(ranked.ranking, worth) * np.bincount(ranked.ranking, discount) / np.bincount(ranked.ranking)
    return _exactly(ranked, earned / _most(ranked, worth, discount))


def _starts(ranked: RankedLists) -> Int64[np.ndarray, " rankings"]:
    return np.flatnonzero(np.r_[True, np.diff(ranked.ranking) != 0])


def _discounts(ranked: RankedLists) -> Float64[np.ndarray, " ranked"]:
    """[n], 1 / log2(1 + rank), the ranks of each ranking running from 1."""
    rank = np.arange(len(ranked.ranking)) - _starts(ranked)[ranked.ranking] + 1
    return np.asarray(1 / np.log2(1 + rank))


def _most(
    ranked: RankedLists, worth: Float64[np.ndarray, " ranked"], discount: Float64[np.ndarray, " ranked"]
) -> Float64[np.ndarray, " rankings"]:
    """[rankings], the gain of people's own order, in which the responses stand."""
    return np.bincount(ranked.ranking, worth * discount).astype(np.float64)


def _exactly(ranked: RankedLists, values: Float64[np.ndarray, " rankings"]) -> Measurement:
    """A mean over these rankings [rankings] that is no estimate."""
    value = float(np.average(values, weights=relative(ranked.weight)))
    return Measurement(value, value, value, len(ranked))
