"""How often each annotator agrees with the majority of the others, and who does so less often than other people do."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy.stats import fisher_exact

from plaudit.statistics import Measurement, benjamini_hochberg, proportion

FALSE_DISCOVERIES = 0.01
"""Of the annotators who are named for a habit, the share expected to be named wrongly."""

MIN_SHARED = 5
"""Annotators with fewer shared comparisons cannot be told from the crowd, and are not tested."""


@dataclass(frozen=True, slots=True)
class WithOthers:
    """How often one annotator agrees with the majority of the others.

    Attributes:
        rate: of the comparisons on which both have an opinion; clusters are prompts.
        crowd: the share for other people: on comparisons that this annotator did not vote on (of two who differ, nobody
            knows who is wrong); on the same, where the annotator voted on nearly all. None: not tested.
        p: how often so low a rate comes about by chance: Fisher's exact test, one-sided. None: not tested.
        q: the same over all annotators (Benjamini & Hochberg).

    Example:
        >>> from plaudit.statistics import Measurement
        >>> WithOthers(Measurement(0.5, 0.4, 0.6, 100), crowd=0.8, p=1e-9, q=1e-8).named
        True
    """

    rate: Measurement
    crowd: float | None = None
    p: float | None = None
    q: float | None = None

    @property
    def named(self) -> bool:
        """Whether the annotator agrees less often than other people, beyond chance."""
        return self.q is not None and self.q <= FALSE_DISCOVERIES


@dataclass(frozen=True, slots=True, kw_only=True)
class PairVotes:
    """One vote of each annotator on each pair of responses.

    Attributes:
        pair: [votes], its number, from 0.
        voter: [votes], the annotator's number, from 0.
        sign: [votes], 1 or -1 for one response or the other, 0 for neither.
        cluster: [votes], the prompt.

    Example:
        >>> zero = np.zeros(2, dtype=np.int64)
        >>> votes = PairVotes(pair=zero, voter=np.arange(2), sign=np.ones(2), cluster=zero)
        >>> agreement_with_others(votes)[0].rate.value
        1.0
    """

    pair: Int64[np.ndarray, " votes"]
    voter: Int64[np.ndarray, " votes"]
    sign: Float64[np.ndarray, " votes"]
    cluster: Int64[np.ndarray, " votes"]

    def against_majority(self) -> tuple[Bool[np.ndarray, " votes"], Float64[np.ndarray, " votes"]]:
        """Where a vote and the majority of the others both have an opinion, and whether it is the same."""
        rest = np.bincount(self.pair, self.sign)[self.pair] - self.sign
        return (self.sign != 0) & (rest != 0), (self.sign == np.sign(rest)).astype(np.float64)


def agreement_with_others(votes: PairVotes) -> dict[int, WithOthers]:
    """For each annotator with a vote that can be compared, how often it is that of the others.

    Example:
        >>> pair, voter = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
        >>> sign = np.where(voter == 3, -1.0, 1.0)  # the last says the contrary every time
        >>> told = agreement_with_others(PairVotes(pair=pair, voter=voter, sign=sign, cluster=pair))
        >>> told[3].rate.value, told[3].named
        (0.0, True)
    """
    if not len(votes.pair):
        return {}
    shared, agreed = votes.against_majority()
    per_pair = np.array([np.bincount(votes.pair, shared * agreed), np.bincount(votes.pair, shared)])
    rows = np.array([shared * agreed, shared], dtype=np.float64)
    elsewhere = per_pair[:, votes.pair] - rows
    count = int(votes.voter.max()) + 1
    mine, others = (
        np.array([np.bincount(votes.voter, row, count) for row in table]).round() for table in (rows, elsewhere)
    )
    tallies = mine.sum(axis=1, keepdims=True) - mine - others
    crowd = np.where(tallies[1] >= MIN_SHARED, tallies, others)
    tested = np.flatnonzero((mine[1] >= MIN_SHARED) & (crowd[1] > 0))
    p_values: dict[str, float | None] = {str(one): _less(mine[:, one], crowd[:, one]) for one in tested}
    q_values = benjamini_hochberg(p_values)
    told: dict[int, WithOthers] = {}
    order = np.argsort(votes.voter[shared], kind="stable")
    agreed, cluster = agreed[shared][order], votes.cluster[shared][order]
    ends = np.cumsum(mine[1]).astype(int)
    for one in np.flatnonzero(mine[1]):
        here = slice(ends[one] - int(mine[1, one]), ends[one])
        rate = proportion(agreed[here], np.ones(here.stop - here.start), cluster[here])
        key = str(one)
        share = float(crowd[0, one] / crowd[1, one]) if key in p_values else None
        told[int(one)] = WithOthers(rate, share, p_values.get(key), q_values.get(key))
    return told


def _less(tally: Float64[np.ndarray, " 2"], crowd: Float64[np.ndarray, " 2"]) -> float:
    table = [[tally[0], tally[1] - tally[0]], [crowd[0], crowd[1] - crowd[0]]]
    return float(fisher_exact(np.array(table, dtype=int), alternative="less").pvalue)
