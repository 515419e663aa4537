"""Dealing: which responses of which groups make up a step.

A group of up to M responses is one hand. A larger one is dealt: each epoch splits its responses into hands, and a step
trains on every comparison inside its hands; the next epoch deals anew, so every comparison is met in time. Fewer
forward passes, more comparisons in each.
"""

from __future__ import annotations

import numpy as np

from plaudit.training.targets import ComparisonTargets

# How much a response that is compared with none of a hand's weighs beside one that is compared with one: small, so that
# sparse graphs are dealt along their edges; not zero, so that every comparison has its chance.
_STRANGER = 0.05


def deal_hands(size: int, comparisons: ComparisonTargets, most: int, numbers: np.random.Generator) -> list[list[int]]:
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
    if not len(comparisons):
        return [sorted(hand.tolist()) for hand in np.array_split(numbers.permutation(size), -(-size // most))]
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
