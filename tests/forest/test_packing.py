from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.forest import Tree, attended_keys, pack, pack_evenly


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


# --- over several ranks -----------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 30), max_size=60), st.integers(1, 40), st.integers(1, 5))
def test_every_rank_has_as_many_forests(sizes, budget, ranks):
    dealt = pack_evenly(sizes, [size**1.1 for size in sizes], budget, ranks)
    assert len(dealt) == ranks
    assert len({len(forests) for forests in dealt}) == 1
    assert sorted(index for forests in dealt for items in forests for index in items) == list(range(len(sizes)))
    assert all(sum(sizes[i] for i in items) <= budget or len(items) == 1 for forests in dealt for items in forests)


def test_one_rank_gets_what_it_would_alone():
    sizes = [4, 3, 7, 1, 5]
    assert pack_evenly(sizes, sizes, 10, ranks=1) == [pack(sizes, 10)]


def test_two_ranks_by_hand():
    # 20 tokens in forests of 10 are two, one a rank. By cost: 7 | 5 | 5 and 4 | 7 and 3 | and 1 where less is.
    assert pack_evenly([4, 3, 7, 1, 5], [4, 3, 7, 1, 5], 10, ranks=2) == [[[1, 2]], [[0, 3, 4]]]
    # Three of 6 do not go into two forests of 10: each rank has two, and one of them nothing to do.
    assert pack_evenly([6, 6, 6], [6, 6, 6], 10, ranks=2) == [[[0], []], [[1], [2]]]


def test_keys_by_hand():
    # Alone: 1 + 2 + 3. With a trunk of two (1 + 2) and branches of one and two: 3, and 3 + 4.
    assert attended_keys(Tree.grow([[1, 2, 3]])) == 6
    assert attended_keys(Tree.grow([[1, 2, 3], [1, 2, 4, 5]])) == 3 + 3 + 7


# Trunk and branch of lognormal length (mean and sigma of the logarithm), responses a group, groups a step: like pairs
# of HH, the four of UltraFeedback, and lists of eight.
@pytest.mark.parametrize(
    ("trunk", "branch", "responses", "groups"),
    [(60, 90, 2, 64), (60, 90, 2, 256), (184, 343, 4, 32), (184, 343, 4, 128), (279, 590, 8, 64)],
)
def test_eight_ranks_wait_little_for_the_slowest(trunk, branch, responses, groups):
    numbers = np.random.default_rng(0)
    computed = waited = 0.0
    for _ in range(10):
        trunks = np.ceil(numbers.lognormal(np.log(trunk) - 0.32, 0.8, groups)).astype(int)
        branches = np.ceil(numbers.lognormal(np.log(branch) - 0.25, 0.7, (groups, responses))).astype(int)
        sizes = trunks + branches.sum(1)
        # A token sees on average half of its sequence; a key costs an 8B model 1 / 27,000 of a token's arithmetic.
        costs = sizes * (1 + (trunks + branches.mean(1)) / 2 / 27_000)
        dealt = pack_evenly(sizes.tolist(), costs.tolist(), 16_384, ranks=8)
        loads = np.array([[costs[items].sum() for items in forests] for forests in dealt])
        # In lock step, every forest waits for the slowest rank's.
        computed, waited = computed + loads.mean(0).sum(), waited + loads.max(0).sum()
    assert computed / waited >= 0.95
