"""Dealing: which responses of which groups make up a step.

A group of up to M responses is one hand. A larger one is dealt: each pass splits its responses into hands, and a step
trains on every comparison inside its hands; the next pass deals anew, so every comparison is met in time. Fewer forward
passes, more comparisons in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.groups import Group

# How much a response that is compared with none of a hand's weighs beside one that is compared with one: small, so that
# sparse graphs are dealt along their edges; not zero, so that every comparison has its chance.
_STRANGER = 0.05


@dataclass(frozen=True, slots=True)
class Comparisons:
    """What a group's rankings imply, as arrays of one length C.

    Attributes:
        better, worse: response indices; for a tie, the two in either order.
        tie: bool.
        strength: 0 where none was given.
        ranking: the index of the ranking each comes from.
        judgement: that ranking's weight.
    """

    better: np.ndarray
    worse: np.ndarray
    tie: np.ndarray
    strength: np.ndarray
    ranking: np.ndarray
    judgement: np.ndarray

    @classmethod
    def of(cls, group: Group, ties: str = "half") -> Comparisons:
        """All comparisons of all of a group's rankings; without the ties, if `ties` is `ignore`."""
        rows = [
            (better, worse, tie, ranking.strength or 0.0, number, ranking.weight)
            for number, ranking in enumerate(group.rankings)
            for better, worse, tie in ranking.comparisons()
            if not (tie and ties == "ignore")
        ]
        columns = np.array(rows, dtype=float).reshape(-1, 6).T
        return cls(
            *(column.astype(kind) for column, kind in zip(columns, (int, int, bool, float, int, float), strict=True))
        )

    def among(self, keep: Sequence[int]) -> Comparisons:
        """Those inside a hand, renumbered to positions in `keep` (ascending)."""
        inside = np.isin(self.better, keep) & np.isin(self.worse, keep)
        return Comparisons(
            np.searchsorted(keep, self.better[inside]),
            np.searchsorted(keep, self.worse[inside]),
            self.tie[inside],
            self.strength[inside],
            self.ranking[inside],
            self.judgement[inside],
        )

    def at_no_weight(self) -> Comparisons:
        """The same, all at weight 0."""
        return replace(self, judgement=np.zeros_like(self.judgement))

    @property
    def weight(self) -> np.ndarray:
        """`[C]`: each ranking's weight, shared equally among its comparisons here (Ouyang et al. 2022: all pairs of one
        ranking are one example)."""
        return self.judgement / np.bincount(self.ranking)[self.ranking] if len(self) else self.judgement

    def __len__(self) -> int:
        return len(self.better)


def deal(size: int, comparisons: Comparisons, most: int, numbers: np.random.Generator) -> list[list[int]]:
    """Split a group's responses into hands of at most `most`, of nearly equal size.

    A hand starts with a random response and grows by responses drawn in proportion to how often they are compared with
    those already in it: in a dense group that is a plain shuffle, in a sparse one it keeps comparisons together.

    Args:
        size: number of responses, K.
        comparisons: the group's.
        most: M >= 2.
        numbers: source of randomness.

    Returns:
        ceil(K / M) hands of ascending response indices; every response in exactly one.
    """
    if size <= most:
        return [list(range(size))]
    edges = np.zeros((size, size))
    np.add.at(edges, (comparisons.better, comparisons.worse), 1.0)
    edges += edges.T
    left = np.ones(size, dtype=bool)
    hands = []
    for wanted in (len(part) for part in np.array_split(np.arange(size), -(-size // most))):
        hand: list[int] = []
        ties_to_hand = np.zeros(size)
        while len(hand) < wanted:
            chance = np.where(left, ties_to_hand + _STRANGER, 0.0)
            drawn = int(numbers.choice(size, p=chance / chance.sum()))
            hand.append(drawn)
            left[drawn] = False
            ties_to_hand += edges[drawn]
        hands.append(sorted(hand))
    return hands
