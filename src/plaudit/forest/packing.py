"""Which trees go into one forward pass."""

from __future__ import annotations

from collections.abc import Sequence

from plaudit.forest.trees import Tree


def pack(sizes: Sequence[int], budget: int) -> list[list[int]]:
    """Sort items into as few bins of at most `budget` as first-fit-decreasing finds (Johnson 1973: at most 11/9 of the
    optimum plus a constant). An item larger than the budget gets a bin of its own.

    Args:
        sizes: tokens of each tree.
        budget: tokens of one forward pass, >= 1.

    Returns:
        Bins of indices into `sizes`; every index once, ascending within a bin.

    Raises:
        ValueError: if the budget is below 1.

    Example:
        >>> pack([5, 3, 4, 9], budget=8)
        [[3], [0, 1], [2]]
    """
    if budget < 1:
        raise ValueError(f"a token budget must be at least 1, not {budget}")
    bins: list[list[int]] = []
    room: list[int] = []
    for index in sorted(range(len(sizes)), key=lambda i: (-sizes[i], i)):
        for place, left in enumerate(room):
            if sizes[index] <= left:
                bins[place].append(index)
                room[place] -= sizes[index]
                break
        else:
            bins.append([index])
            room.append(max(budget - sizes[index], 0))
    return [sorted(items) for items in bins]


def pack_evenly(sizes: Sequence[int], costs: Sequence[float], budget: int, ranks: int) -> list[list[list[int]]]:
    """Deal items to ranks that wait for each other: every rank gets the same number of bins, as equal in cost as the
    longest-processing-time rule makes them (Graham 1969: the most expensive item first, into the cheapest bin with
    room). A pure function, so that each rank knows every other's bins without asking.

    Args:
        sizes: tokens of each tree; a larger one than the budget gets a bin of its own.
        costs: arithmetic of each, in any unit.
        budget: tokens of one forward pass, >= 1.
        ranks: processes, >= 1. One waits for nobody, and gets what `pack` gives.

    Returns:
        Of each rank, its bins of indices into `sizes`, in an order in which those that are computed at the same time
        cost about the same; every index once. Bins are empty where there are fewer items than bins.

    Raises:
        ValueError: if the budget is below 1.

    Example:
        >>> pack_evenly([5, 3, 4, 9], costs=[5, 3, 4, 9], budget=12, ranks=2)
        [[[1, 3]], [[0, 2]]]
    """
    if ranks == 1:
        return [pack(sizes, budget)]
    rows = -(-len(pack(sizes, budget)) // ranks)
    order = sorted(range(len(sizes)), key=lambda i: (-costs[i], i))
    while (bins := _fill_evenly(order, sizes, costs, budget, rows * ranks)) is None:
        rows += 1
    bins.sort(key=lambda items: -sum(costs[i] for i in items))
    # To and fro over the ranks, so that no rank has the largest bin of every row.
    rounds = [bins[row * ranks : (row + 1) * ranks][:: -1 if row % 2 else 1] for row in range(rows)]
    return [[row[rank] for row in rounds] for rank in range(ranks)]


def _fill_evenly(
    order: Sequence[int], sizes: Sequence[int], costs: Sequence[float], budget: int, count: int
) -> list[list[int]] | None:
    """Items in this order into so many bins, each into the cheapest with room; None if one fits nowhere."""
    bins: list[list[int]] = [[] for _ in range(count)]
    tokens, load = [0] * count, [0.0] * count
    for index in order:
        fitting = [place for place in range(count) if not bins[place] or tokens[place] + sizes[index] <= budget]
        if not fitting:
            return None
        place = min(fitting, key=load.__getitem__)
        bins[place].append(index)
        tokens[place] += sizes[index]
        load[place] += costs[index]
    return [sorted(items) for items in bins]


def attended_keys(tree: Tree) -> int:
    """How many keys the tokens of a causal tree attend to, all together.

    Example:
        >>> attended_keys(Tree.grow([[5, 6, 7], [5, 6, 8, 9]]))  # a trunk of 1 + 2, and branches of 3 and 3 + 4
        13
    """
    trunk = len(tree.trunk)
    branches = sum(len(branch) * (2 * trunk + len(branch) + 1) for branch in tree.branches)
    return (trunk * (trunk + 1) + branches) // 2
