"""Pairwise comparisons: everything that rankings imply about two responses, as parallel arrays.

`pairs_of` lists the pairs of one group's rankings by the numbers that responses have there; `Comparisons` lists those
of many groups and says where the two stand among all `Responses`, so that scores stay one array that any figure takes
as an argument: `comparisons.gaps(scores)`. What training and the doctor make of comparisons are views of these two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Ranking
from plaudit.judgements.responses import PerResponse, Responses, Scores, flatten_scores, index_responses

NO_SUBSET = "(no subset)"

NOBODY = -1
"""The annotator's number where nobody is named."""

_OFTEN = 8
"""Rankings of up to this many responses take few forms, so what each implies is worked out once."""

PerComparison = Float64[np.ndarray, " comparisons"]


class RankedPairs(NamedTuple):
    """The pairs that some rankings of one group imply, ranking after ranking.

    Attributes:
        better: [n], number of the response ranked higher; in a tie, of the one named first.
        worse: [n], number of the other.
        tie: [n], whether the two stand in one tier.
        ranking: [n], number of the ranking, from 0. A ranking of one response has a number and no pairs.
    """

    better: Int64[np.ndarray, " pairs"]
    worse: Int64[np.ndarray, " pairs"]
    tie: Bool[np.ndarray, " pairs"]
    ranking: Int64[np.ndarray, " pairs"]


def pairs_of(rankings: Sequence[Ranking]) -> RankedPairs:
    """`Ranking.comparisons` for many rankings at once.

    Example:
        >>> better, worse, tie, ranking = pairs_of([Ranking(((2,), (0, 1)))])
        >>> list(zip(better.tolist(), worse.tolist(), tie.tolist()))
        [(2, 0, False), (2, 1, False), (0, 1, True)]
    """
    parts = [_pairs_of_tiers(ranking.tiers) for ranking in rankings]
    better, worse, tie = np.concatenate([np.zeros((3, 0), dtype=np.int64), *parts], axis=1)
    ranking = np.repeat(np.arange(len(parts)), [part.shape[1] for part in parts])
    return RankedPairs(better, worse, tie.astype(bool), ranking)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparisons:
    """Everything the rankings of some groups imply, one entry a comparison; a group's stand together, and in them a
    ranking's. In a judged tie, better and worse are in no order.

    Attributes:
        group: [n], index of the group.
        ranking: [n], number of the ranking among all rankings of all groups, from 0.
        better: [n], index into `Responses` of the response judged better (or named first, in a tie).
        worse: [n], index of the other.
        tie: [n], whether people judged the two equal.
        weight: [n], the ranking's weight; its comparisons do not share it.
        strength: [n], how far apart the annotator put the two, in their own units; NaN where that is not known.
        annotator: [n], number of the annotator; `NOBODY` where none is named.
        cluster: [n], comparisons that may be alike share one.
        length_gap: [n], characters of the better minus characters of the worse.
        subset: [n], names; `NO_SUBSET` for none.

    Example:
        >>> group = Group("q", "Why?", ("a", "b", "c"), (Ranking(((2,), (0, 1))),))
        >>> comparisons = flatten_comparisons([group])
        >>> comparisons.better.tolist(), comparisons.worse.tolist(), comparisons.tie.tolist()
        ([2, 2, 0], [0, 1, 1], [False, False, True])
        >>> comparisons.decided.gaps(np.array([0.5, -1.0, 2.0])).tolist()
        [1.5, 3.0]
    """

    group: Int64[np.ndarray, " comparisons"]
    ranking: Int64[np.ndarray, " comparisons"]
    better: Int64[np.ndarray, " comparisons"]
    worse: Int64[np.ndarray, " comparisons"]
    tie: Bool[np.ndarray, " comparisons"]
    weight: Float64[np.ndarray, " comparisons"]
    strength: Float64[np.ndarray, " comparisons"]
    annotator: Int64[np.ndarray, " comparisons"]
    cluster: Int64[np.ndarray, " comparisons"]
    length_gap: Float64[np.ndarray, " comparisons"]
    subset: Shaped[np.ndarray, " comparisons"]

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: Bool[np.ndarray, " comparisons"]) -> Comparisons:
        return Comparisons(**{field.name: getattr(self, field.name)[keep] for field in fields(self)})

    @property
    def decided(self) -> Comparisons:
        """Those that people did not judge a tie."""
        return self[~self.tie]

    @property
    def responses(self) -> Int64[np.ndarray, " compared"]:
        """[2n], the index of every response that is compared, as often as it is."""
        return np.asarray(np.concatenate([self.better, self.worse]), dtype=np.int64)

    def gaps(self, scores: PerResponse) -> PerComparison:
        """[n], by how much the better response's score exceeds the worse one's.

        Args:
            scores: of all responses, in the order of `Responses`.
        """
        return np.asarray(scores[self.better] - scores[self.worse])


def credit(gaps: PerComparison) -> PerComparison:
    """[n], what each comparison earns: 1 for preferring the better response, 0 for the worse, 1/2 for neither.

    Example:
        >>> credit(np.array([0.3, -2.0, 0.0])).tolist()
        [1.0, 0.0, 0.5]
    """
    return np.asarray((np.sign(gaps) + 1) / 2)


def flatten_comparisons(groups: Sequence[Group], clusters: str | None = None) -> Comparisons:
    """Every comparison the groups' rankings imply.

    Groups with the same prompt are one cluster; `clusters` names a meta field (a debate, a document) to cluster by
    instead. A group without prompt text is a cluster of its own.

    Raises:
        PlauditError: if a group lacks the field `clusters`.

    Example:
        >>> pair = (Ranking(((0,), (1,))),)
        >>> groups = [Group("a", "Why?", ("x", "y"), pair), Group("b", "Why?", ("z", "x"), pair)]
        >>> comparisons = flatten_comparisons(groups)
        >>> comparisons.better.tolist(), comparisons.worse.tolist(), comparisons.cluster.tolist()
        ([0, 2], [1, 3], [0, 0])
    """
    return comparisons_of(groups, index_responses(groups, clusters))


def scored_comparisons(
    groups: Sequence[Group], scores: Scores, clusters: str | None = None
) -> tuple[Comparisons, PerResponse]:
    """Every comparison the groups' rankings imply, and the scores of all responses [responses].

    Args:
        groups: whose rankings to compare by.
        scores: one list a group, one number a response.
        clusters: as in `flatten_comparisons`.

    Raises:
        PlauditError: if a compared response has no finite score, scores and responses differ in number, or a group
            lacks the field `clusters`.

    Example:
        >>> group = Group("q", "Why?", ("a", "b"), (Ranking(((1,), (0,))),))
        >>> comparisons, scores = scored_comparisons([group], [[0.5, 2.0]])
        >>> comparisons.gaps(scores).tolist()
        [1.5]
    """
    comparisons, row = flatten_comparisons(groups, clusters), flatten_scores(groups, scores)
    check_scored(groups, comparisons, row)
    return comparisons, row


def check_scored(groups: Sequence[Group], comparisons: Comparisons, scores: PerResponse) -> None:
    """Refuse scores of which a comparison needs one that is not finite.

    Args:
        groups: the groups of the comparisons.
        comparisons: of these groups.
        scores: of all responses [responses].

    Raises:
        PlauditError: naming the first such response.

    Example:
        >>> groups = [Group("q", "Why?", ("a", "b"), (Ranking(((0,), (1,))),))]
        >>> check_scored(groups, flatten_comparisons(groups), np.array([0.5, np.nan]))
        Traceback (most recent call last):
        ...
        plaudit.errors.InvalidInputError: 1 of 2 scores are not finite (group 'q', response 1), and ...
    """
    if not np.isfinite(scores[comparisons.responses]).all():
        missing = index_responses(groups).missing(scores, comparisons.responses)
        raise InvalidInputError(f"{missing}, and no comparison may be left out")


def comparisons_of(
    groups: Sequence[Group], responses: Responses, annotators: Mapping[str, int] | None = None
) -> Comparisons:
    """Every comparison the rankings of groups imply whose responses were indexed before.

    Args:
        groups: whose rankings to compare by.
        responses: of these groups, from `index_responses`.
        annotators: name -> number, for all names that are to have one; by default all have, in the order of first
            appearance.

    Example:
        >>> rankings = [Ranking(((0,), (1,)), annotator=name) for name in ("bob", "ann")]
        >>> groups = [Group("q", "Why?", ("a", "b"), rankings)]
        >>> comparisons_of(groups, index_responses(groups), annotators={"ann": 0, "bob": 1}).annotator.tolist()
        [1, 0]
    """
    owner = np.array([g for g, group in enumerate(groups) for _ in group.rankings], dtype=np.int64)
    rankings = [ranking for group in groups for ranking in group.rankings]
    pairs = pairs_of(rankings)
    group = owner[pairs.ranking]
    start = responses.start[group]
    better, worse = start + pairs.better, start + pairs.worse
    weight = np.array([ranking.weight for ranking in rankings], dtype=np.float64)
    strength = np.array([np.nan if r.strength is None else r.strength for r in rankings], dtype=np.float64)
    return Comparisons(
        group=group,
        ranking=pairs.ranking,
        better=better,
        worse=worse,
        tie=pairs.tie,
        weight=weight[pairs.ranking],
        strength=strength[pairs.ranking],
        annotator=_annotators(rankings, annotators)[pairs.ranking],
        cluster=responses.cluster[better],
        length_gap=responses.length[better] - responses.length[worse],
        subset=np.array([one.subset or NO_SUBSET for one in groups], dtype=np.str_)[group],
    )


def _annotators(rankings: Sequence[Ranking], numbers: Mapping[str, int] | None) -> Int64[np.ndarray, " rankings"]:
    """[rankings], the number of each ranking's annotator."""
    named = [ranking.annotator for ranking in rankings]
    if numbers is None:
        numbers = {name: number for number, name in enumerate(dict.fromkeys(n for n in named if n is not None))}
    return np.array([NOBODY if name is None else numbers.get(name, NOBODY) for name in named], dtype=np.int64)


def _pairs_of_tiers(tiers: tuple[tuple[int, ...], ...]) -> Int64[np.ndarray, "3 pairs"]:
    return _pairs_of_form(tiers) if sum(map(len, tiers)) <= _OFTEN else _implied_pairs(tiers)


def _implied_pairs(tiers: tuple[tuple[int, ...], ...]) -> Int64[np.ndarray, "3 pairs"]:
    """[3, n], what `Ranking.comparisons` gives: better, worse, and whether it is a tie."""
    order = np.array([response for tier in tiers for response in tier], dtype=np.int64)
    level = np.repeat(np.arange(len(tiers)), [len(tier) for tier in tiers])
    first, second = np.triu_indices(len(order), 1)
    return np.stack([order[first], order[second], level[first] == level[second]])


_pairs_of_form = lru_cache(maxsize=4096)(_implied_pairs)
