"""Votes of named annotators on pairs of responses, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from plaudit.judgements.comparisons import Comparisons, PerComparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """One vote for each annotator of each pair of responses; someone who judged a pair twice votes once.

    Attributes:
        pair: [votes], which pair it is about.
        value: [votes], 1 for the response that stands first in the data, -1 for the other, 0 for neither.
        of: [named], the vote that each comparison with a named annotator is part of.
        named: [n], which comparisons have a named annotator.
    """

    pair: Int64[np.ndarray, " votes"]
    value: Float64[np.ndarray, " votes"]
    of: Int64[np.ndarray, " named"]
    named: Bool[np.ndarray, " comparisons"]


def votes_of(comparisons: Comparisons) -> Votes:
    """The votes that the comparisons [n] of named annotators amount to."""
    named = comparisons.annotator >= 0
    better, worse = comparisons.better, comparisons.worse
    first, second = np.minimum(better, worse)[named], np.maximum(better, worse)[named]
    pair = numbered(first, second)
    vote = numbered(pair, comparisons.annotator[named])
    # Of several judgements of one pair by one annotator, the sign of the sum counts.
    signs = np.where(comparisons.tie, 0.0, np.where(better < worse, 1.0, -1.0))[named]
    pair_of_vote = np.zeros(int(vote.max(initial=-1)) + 1, dtype=np.int64)
    pair_of_vote[vote] = pair
    return Votes(pair=pair_of_vote, value=np.sign(np.bincount(vote, signs).astype(np.float64)), of=vote, named=named)


def votes_of_others(comparisons: Comparisons) -> PerComparison:
    """[n], votes of the other annotators for the better response minus votes for the worse; NaN where no other named
    annotator judged the two.

    Example:
        >>> from plaudit import Group, Ranking
        >>> from plaudit.judgements import flatten_comparisons
        >>> best = {"ann": ((0,), (1,)), "bob": ((0,), (1,)), "cid": ((1,), (0,))}
        >>> rankings = [Ranking(tiers, annotator=name) for name, tiers in best.items()]
        >>> votes_of_others(flatten_comparisons([Group("q", "Why?", ("a", "b"), rankings)])).tolist()
        [0.0, 0.0, -2.0]
    """
    votes, lead = votes_of(comparisons), np.full(len(comparisons), np.nan)
    if votes.named.any():
        total, count = np.bincount(votes.pair, votes.value), np.bincount(votes.pair)
        pair = votes.pair[votes.of]
        rest = np.where(count[pair] > 1, total[pair] - votes.value[votes.of], np.nan)
        lead[votes.named] = rest * np.where(comparisons.better < comparisons.worse, 1, -1)[votes.named]
    return lead


def numbered(high: Int64[np.ndarray, " n"], low: Int64[np.ndarray, " n"]) -> Int64[np.ndarray, " n"]:
    """[n], a number for each combination of two numbers, 0 and up.

    Example:
        >>> numbered(np.array([0, 5, 0]), np.array([1, 1, 1])).tolist()
        [0, 1, 0]
    """
    _, number = np.unique(high * (int(low.max(initial=0)) + 1) + low, return_inverse=True)
    return np.asarray(number, dtype=np.int64)
