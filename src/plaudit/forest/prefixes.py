"""Which token sequences grow on one trunk, so that few tokens are computed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Int, Int64

Sequences = Sequence[Int64[np.ndarray, " _"]]
"""Token ids, one array a response; each has its own length."""

# The search is quadratic in the sequences it looks at together; sorted neighbours further apart than this share little
# that nearer ones do not.
_RUN = 1024


def share_prefixes(sequences: Sequences) -> list[list[int]]:
    """Part token sequences into trees, so that few tokens are computed.

    A tree of n sequences with a trunk of t tokens saves (n − 1) t. In lexicographic order sequences that begin alike
    stand side by side, so trees are runs of that order: the best partition into runs, found by dynamic programming over
    where the last run begins. What it leaves alone is parted once more, since a run of siblings may stand between two
    sequences that share less. No prompts are needed: requests that arrive apart, turns of one conversation and texts
    that begin alike are found all the same.

    Args:
        sequences: of at least one token each.

    Returns:
        Trees of indices into `sequences`; every index once, ascending within a tree, trees by their first index.

    Example:
        >>> a, b, c, d = (np.array(ids) for ids in ([7, 8, 9, 1], [5, 5], [7, 8, 9, 2], [7, 8, 9, 3]))
        >>> share_prefixes([a, b, c, d])
        [[0, 2, 3], [1]]
    """
    # Big-endian bytes sort as the numbers do.
    keys = [np.asarray(sequence).astype(">i8").tobytes() for sequence in sequences]
    order = sorted(range(len(sequences)), key=keys.__getitem__)
    trees = _best_runs(sequences, order)
    alone = [tree[0] for tree in trees if len(tree) == 1]
    return sorted([*(tree for tree in trees if len(tree) > 1), *_best_runs(sequences, alone)])


def _best_runs(sequences: Sequences, order: Sequence[int]) -> list[list[int]]:
    """The best partition into runs of an order."""
    trees: list[list[int]] = []
    for start in range(0, len(order), _RUN):
        run = order[start : start + _RUN]
        begins = _best_begins(_common_with_next([sequences[index] for index in run]))
        trees.extend(sorted(run[a:b]) for a, b in zip(begins, [*begins[1:], len(run)], strict=True))
    return trees


def _common_with_next(ordered: Sequences) -> Int[np.ndarray, " pairs"]:
    """How many tokens each sequence shares with its right neighbour, leaving each a token of its own."""
    shared = np.zeros(len(ordered) - 1, dtype=np.int64)
    for place, (one, other) in enumerate(pairwise(ordered)):
        most = min(len(one), len(other)) - 1
        differs = np.flatnonzero(one[:most] != other[:most])
        shared[place] = differs[0] if len(differs) else most
    return shared


def _best_begins(common: Int[np.ndarray, " pairs"]) -> list[int]:
    """Where the runs of the best partition begin.

    With s(j) the most tokens that the first j sequences can save, and m(i, j) the prefix that all of i … j − 1 share,
    s(j) = max over i < j of s(i) + (j − 1 − i) m(i, j). Of equal partitions the one with the shortest last run is
    taken: trees that save nothing stay apart.
    """
    count = len(common) + 1
    saved = np.zeros(count + 1, dtype=np.int64)
    begin = np.zeros(count + 1, dtype=np.int64)
    # Of the runs that end here and begin at i: the prefix they share.
    prefix = np.empty(count, dtype=np.int64)
    for j in range(1, count + 1):
        prefix[j - 1] = 0
        if j > 1:
            prefix[j - 2] = common[j - 2]
            np.minimum(prefix[: j - 2], common[j - 2], out=prefix[: j - 2])
        worth = saved[:j] + np.arange(j - 1, -1, -1) * prefix[:j]
        best = j - 1 - int(worth[::-1].argmax())
        saved[j], begin[j] = worth[best], best
    begins = []
    end = count
    while end:
        end = int(begin[end])
        begins.append(end)
    return begins[::-1]
