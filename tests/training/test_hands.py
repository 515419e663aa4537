"""Dealing large groups into hands, and the comparisons that rankings imply."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.groups import Group, Ranking
from plaudit.training.hands import deal_hands
from plaudit.training.targets import ComparisonTargets


def group(size: int, *rankings: Ranking) -> Group:
    return Group("g", "p", tuple(f"r{i}" for i in range(size)), rankings)


def pairs(size: int, edges) -> ComparisonTargets:
    return ComparisonTargets.of(group(size, *(Ranking(((a,), (b,))) for a, b in edges)))


def kept(hands: list[list[int]], compared: ComparisonTargets) -> int:
    return sum(len(compared.subset(hand)) for hand in hands)


def shuffled(size: int, most: int, numbers: np.random.Generator) -> list[list[int]]:
    """The plain deal that `deal` is measured against."""
    return [sorted(part) for part in np.array_split(numbers.permutation(size), -(-size // most))]


def test_a_ranking_of_three_is_three_comparisons_of_a_third():
    compared = ComparisonTargets.of(group(3, Ranking(((2,), (0,), (1,)), strength=2.0)))
    assert list(zip(compared.better, compared.worse, strict=True)) == [(2, 0), (2, 1), (0, 1)]
    assert compared.weight == pytest.approx([1 / 3] * 3)
    assert compared.strength.tolist() == [2.0] * 3
    assert not compared.tie.any()


def test_each_ranking_shares_its_own_weight():
    compared = ComparisonTargets.of(group(3, Ranking(((0,), (1,)), weight=4.0), Ranking(((1,), (0, 2)), weight=0.6)))
    # The second: 1 beats 0, 1 beats 2, and 0 ties with 2; 0.6 / 3 each.
    assert compared.weight == pytest.approx([4.0, 0.2, 0.2, 0.2])
    assert sorted(compared.tie.tolist()) == [False, False, False, True]


def test_ignored_ties_are_not_there_and_leave_their_share_to_the_others():
    compared = ComparisonTargets.of(group(3, Ranking(((1,), (0, 2))), Ranking(((0, 1),))), "ignore")
    assert list(zip(compared.better, compared.worse, strict=True)) == [(1, 0), (1, 2)]
    assert compared.weight == pytest.approx([0.5, 0.5])


def test_a_hand_shares_a_ranking_anew_and_counts_from_zero():
    compared = ComparisonTargets.of(group(6, Ranking(((5,), (0,), (3,))), Ranking(((1, 3),), weight=2.0)))
    hand = compared.subset([1, 3, 5])
    assert list(zip(hand.better, hand.worse, hand.tie, strict=True)) == [(2, 1, False), (0, 1, True)]
    # Of the first ranking's three comparisons one is left, which carries all of its weight.
    assert hand.weight == pytest.approx([1.0, 2.0])


def test_nothing_is_compared():
    compared = ComparisonTargets.of(group(4))
    assert len(compared) == 0
    assert len(compared.weight) == 0
    assert len(compared.subset([0, 2])) == 0
    hands = deal_hands(4, compared, 2, np.random.default_rng(0))
    assert sorted(response for hand in hands for response in hand) == [0, 1, 2, 3]


def test_a_group_that_fits_is_one_hand():
    assert deal_hands(5, pairs(5, [(0, 4)]), 5, np.random.default_rng(0)) == [[0, 1, 2, 3, 4]]


@given(
    st.integers(2, 40).flatmap(
        lambda size: st.tuples(
            st.just(size),
            st.sets(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(lambda e: e[0] != e[1])),
        )
    ),
    st.integers(2, 17),
    st.integers(0, 3),
)
def test_every_response_is_dealt_once_into_hands_of_nearly_one_size(graph, most, seed):
    size, edges = graph
    hands = deal_hands(size, pairs(size, sorted(edges)), most, np.random.default_rng(seed))
    assert sorted(response for hand in hands for response in hand) == list(range(size))
    sizes = [len(hand) for hand in hands]
    assert len(hands) == -(-size // most)
    assert max(sizes) <= most
    assert max(sizes) - min(sizes) <= 1
    assert all(hand == sorted(hand) for hand in hands)


def test_a_deal_is_fixed_by_its_seed():
    compared = pairs(30, [(i, (i + 1) % 30) for i in range(30)])
    first, again, other = (deal_hands(30, compared, 8, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert first == again != other


def test_a_dense_group_is_dealt_evenly():
    size, most, passes = 24, 8, 600
    compared = pairs(size, combinations(range(size), 2))
    numbers = np.random.default_rng(0)
    together = np.zeros((size, size))
    for _ in range(passes):
        for hand in deal_hands(size, compared, most, numbers):
            together[np.ix_(hand, hand)] += 1
    met = together[np.triu_indices(size, 1)] / passes
    # Two of 24 fall into the same hand of 8 with probability 7/23 = 0.304; over 600 passes the figure's standard
    # error is 0.019, so all 276 lie within 4.5 of them.
    assert met.mean() == pytest.approx(7 / 23)
    assert np.abs(met - 7 / 23).max() < 4.5 * 0.019


GRAPHS = {
    "chain": [(i, i + 1) for i in range(59)],
    "star": [(0, i) for i in range(1, 60)],
    "cliques": [edge for start in range(0, 60, 6) for edge in combinations(range(start, start + 6), 2)],
}


# What a plain shuffle of 60 into hands of 15 keeps of any graph: 14/59 = 24% of its comparisons. The chain and the
# cliques can be kept nearly whole; of the star no hand but the hub's can keep any, at most 14 of 59, the shuffle's 24%.
@pytest.mark.parametrize(("name", "times"), [("chain", 2.0), ("star", 0.99), ("cliques", 2.5)])
def test_a_sparse_group_is_dealt_along_its_comparisons(name, times):
    compared = pairs(60, GRAPHS[name])
    numbers = np.random.default_rng(0)
    ours = np.mean([kept(deal_hands(60, compared, 15, numbers), compared) for _ in range(60)])
    plain = np.mean([kept(shuffled(60, 15, numbers), compared) for _ in range(400)])
    assert plain == pytest.approx(len(compared) * 14 / 59, rel=0.1)
    assert ours > times * plain


@pytest.mark.parametrize("name", GRAPHS)
def test_every_comparison_is_met_in_time(name):
    compared = pairs(60, GRAPHS[name])
    numbers = np.random.default_rng(1)
    met = set()
    for _ in range(400):
        for hand in deal_hands(60, compared, 15, numbers):
            inside = np.isin(compared.better, hand) & np.isin(compared.worse, hand)
            met.update(np.flatnonzero(inside).tolist())
    assert len(met) == len(compared)


def test_two_that_are_only_compared_across_a_crowd_still_meet():
    # 0 and 1 are compared with each other once, and each very often with its own crowd of nine.
    crowds = [(0, i) for i in range(2, 11) for _ in range(5)] + [(1, i) for i in range(11, 20) for _ in range(5)]
    compared = pairs(20, [(0, 1), *crowds])
    numbers = np.random.default_rng(2)
    met = sum(any({0, 1} <= set(hand) for hand in deal_hands(20, compared, 4, numbers)) for _ in range(600))
    assert met > 0
