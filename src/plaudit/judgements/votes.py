"""Who says what of which two responses: the votes of named annotators, and how far they agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.statistics import Floats, Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Votes:
    """One entry for each annotator of each pair of responses; someone who judged a pair twice speaks once.

    Attributes:
        pair: [voices], which pair it is about.
        vote: [voices], 1 for the response that stands first in the data, -1 for the other, 0 for neither.
        of: [named], the voice that each named comparison is part of.
        named: [n], which comparisons have an annotator's name.
    """

    pair: Ints
    vote: Floats
    of: Ints
    named: Bools


def pairwise_votes(better: Ints, worse: Ints, tie: Bools, annotator: Ints) -> Votes:
    """The voices in comparisons [n] of the response `better` with `worse`; an `annotator` below 0 has no name."""
    named = annotator >= 0
    first, second = np.minimum(better, worse)[named], np.maximum(better, worse)[named]
    pair = numbered(first, second)
    of = numbered(pair, annotator[named])
    votes = np.where(tie, 0.0, np.where(better < worse, 1.0, -1.0))[named]
    pair_of = np.zeros(int(of.max(initial=-1)) + 1, dtype=np.int64)
    pair_of[of] = pair
    return Votes(pair_of, np.sign(np.bincount(of, votes)), of, named)


def votes_of_others(said: Votes, better: Ints, worse: Ints) -> Floats:
    """[n], votes of the other annotators for the better response minus votes for the worse; NaN where no other named
    annotator judged the two."""
    found = np.full(len(better), np.nan)
    if said.named.any():
        votes, heard = np.bincount(said.pair, said.vote), np.bincount(said.pair)
        pair = said.pair[said.of]
        rest = np.where(heard[pair] > 1, votes[pair] - said.vote[said.of], np.nan)
        found[said.named] = rest * np.where(better < worse, 1, -1)[said.named]
    return found


def numbered(high: Ints, low: Ints) -> Ints:
    """[n], a number for each combination of two numbers, 0 and up."""
    return np.unique(high * (int(low.max(initial=0)) + 1) + low, return_inverse=True)[1].astype(np.int64)
