"""Which trees go into one forward pass."""

from __future__ import annotations

from collections.abc import Sequence


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
