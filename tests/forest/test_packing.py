from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.forest import pack


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(1, 40))
def test_every_item_once_and_no_bin_over_budget(sizes, budget):
    bins = pack(sizes, budget)
    assert sorted(index for items in bins for index in items) == list(range(len(sizes)))
    assert all(items == sorted(items) for items in bins)
    assert all(sum(sizes[i] for i in items) <= budget or len(items) == 1 for items in bins)
    # First fit never leaves two bins that would fit in one.
    loads = sorted(sum(sizes[i] for i in items) for items in bins)
    assert len(loads) < 2 or loads[0] + loads[1] > budget


@given(st.data())
def test_within_eleven_ninths_of_the_optimum(data):
    # Full bins, cut at random: the optimum is known. First-fit-decreasing needs at most 11/9 of it + 6/9 (Dósa 2007).
    budget, bins = 24, data.draw(st.integers(1, 8))
    sizes = []
    for _ in range(bins):
        cuts = sorted({0, budget, *data.draw(st.lists(st.integers(1, budget - 1), max_size=4))})
        sizes += [b - a for a, b in pairwise(cuts)]
    assert len(pack(data.draw(st.permutations(sizes)), budget)) <= 11 / 9 * bins + 6 / 9


def test_by_hand():
    # Decreasing: 7 opens a bin, 5 a second, 4 fits beside 5, 3 beside 7, and 1 beside 5 and 4.
    assert pack([4, 3, 7, 1, 5], 10) == [[1, 2], [0, 3, 4]]


def test_an_item_over_the_budget_stands_alone():
    assert pack([3, 50, 3], 10) == [[1], [0, 2]]


def test_nothing():
    assert pack([], 10) == []


def test_a_budget_of_nothing():
    with pytest.raises(ValueError, match="at least 1"):
        pack([1], 0)
