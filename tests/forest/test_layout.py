"""Trees and forests against layouts worked out by hand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plaudit.forest import Forest, Tree
from plaudit.forest.layout import RowSegment, look_bias

sequence = st.lists(st.integers(0, 2), min_size=1, max_size=8)
LIKE = torch.zeros(0, dtype=torch.float64)
X = float("-inf")


def lists(arrays):
    return [array.tolist() for array in arrays]


@pytest.mark.parametrize(
    ("sequences", "trunk", "branches"),
    [
        ([[1, 2, 3], [1, 2, 4, 5]], [1, 2], [[3], [4, 5]]),
        ([[1, 2], [3, 4]], [], [[1, 2], [3, 4]]),
        ([[1, 2, 3]], [], [[1, 2, 3]]),  # alone, there is nobody to share with
        ([[1, 2], [1, 2, 3]], [1], [[2], [2, 3]]),  # a prefix keeps one token of its own
        ([[1, 2], [1, 2]], [1], [[2], [2]]),  # so do twins
        ([[1], [1, 2]], [], [[1], [1, 2]]),
        ([[1, 2, 3, 9], [1, 2, 4, 9], [1, 5, 4, 9]], [1], [[2, 3, 9], [2, 4, 9], [5, 4, 9]]),
    ],
)
def test_the_trunk_is_the_longest_common_prefix(sequences, trunk, branches):
    tree = Tree.grow([np.array(s) for s in sequences])
    assert tree.trunk.tolist() == trunk
    assert lists(tree.branches) == branches
    assert len(tree) == len(trunk) + sum(map(len, branches))


@given(st.lists(sequence, min_size=1, max_size=5), st.booleans())
def test_growing_loses_nothing(sequences, share):
    tree = Tree.grow([np.array(s) for s in sequences], share=share)
    assert lists(tree.sequences) == sequences
    assert all(len(branch) >= 1 for branch in tree.branches)
    if not share:
        assert len(tree.trunk) == 0


@pytest.mark.parametrize("sequences", [[], [np.array([], dtype=int)], [np.array([1]), np.array([], dtype=int)]])
def test_a_tree_has_tokens(sequences):
    with pytest.raises(ValueError, match="at least one"):
        Tree.grow(sequences)


@given(st.lists(sequence, min_size=1, max_size=6), st.integers(1, 20))
def test_splitting_keeps_every_response_in_order(sequences, budget):
    types = [np.full(len(s), i) for i, s in enumerate(sequences)]
    tree = Tree.grow([np.array(s) for s in sequences], share=False, types=types)
    for whole in (tree, Tree.grow([np.array(s) for s in sequences])):
        parts = whole.split(budget)
        assert [s for part in parts for s in lists(part.sequences)] == sequences
        assert all(len(part) <= budget or len(part.branches) == 1 for part in parts)
    assert [t.tolist() for part in tree.split(budget) for t in part.types] == lists(types)


def test_a_tree_within_the_budget_stays_whole():
    tree = Tree.grow([np.array([1, 2, 3]), np.array([1, 2, 4, 5])])
    assert tree.split(5) == [tree]
    assert [part.branches[0].tolist() for part in tree.split(4)] == [[3], [4, 5]]
    assert all(part.trunk.tolist() == [1, 2] for part in tree.split(4))


def test_a_planted_forest():
    # Tree one: trunk 1 2, branches 3 | 4 5. Tree two: no trunk, one branch 7 8 9. Tree three: trunk 6, branches 6 | 5.
    trees = [Tree.grow(rows) for rows in ([[1, 2, 3], [1, 2, 4, 5]], [[7, 8, 9]], [[6, 6], [6, 5]])]
    forest = Forest.plant(trees, multiple=4)
    # Trunks, their branches, the sequence without a trunk, padding.
    assert forest.tokens.tolist() == [[1, 2, 6, 3, 4, 5, 6, 5, 7, 8, 9, 0]]
    assert forest.positions.tolist() == [[0, 1, 0, 2, 2, 3, 1, 1, 0, 1, 2, 0]]
    assert forest.leaves.tolist() == [3, 5, 10, 6, 7]  # the last tokens 3, 5, 9, 6 and 5: by tree, then by branch
    assert forest.order.tolist() == [0, 1, 3, 4, 5, 8, 9, 10, 2, 6, 7]
    assert forest.tokens[0, forest.order].tolist() == [1, 2, 3, 4, 5, 7, 8, 9, 6, 6, 5]
    assert forest.segments == (
        *(RowSegment(0, None, 0, 2, 0), RowSegment(2, None, 2, 1, 0)),
        *(RowSegment(0, 0, 3, 1, 2), RowSegment(0, 1, 4, 2, 2), RowSegment(2, 0, 6, 1, 1), RowSegment(2, 1, 7, 1, 1)),
        *(RowSegment(1, 0, 8, 3, 0), RowSegment(None, None, 11, 1, 0)),
    )
    assert forest.types is None
    assert (forest.trunks, forest.sharing, forest.longest) == (3, 8, 4)
    ends = {name: getattr(forest, name) for name in ("all_segments", "trunk_segments", "branches_of_trunks")}
    assert {name: (row.cu_seqlens.tolist(), row.max_seqlen) for name, row in ends.items()} == {
        "all_segments": ([0, 2, 3, 4, 6, 7, 8, 11, 12], 3),
        "trunk_segments": ([0, 2, 3], 2),
        "branches_of_trunks": ([0, 3, 5], 3),
    }
    assert ends["all_segments"].cu_seqlens.dtype == torch.int32
    assert "11 tokens" in repr(forest)


def test_the_mean_is_of_whole_responses():
    # States are the tokens: (1 + 2 + 3) / 3, (1 + 2 + 4 + 5) / 4 and (7 + 8) / 2; padding is in none.
    trees = [Tree.grow([[7, 8]]), Tree.grow([[1, 2, 3], [1, 2, 4, 5]])]
    forest = Forest.plant(trees, multiple=8)
    states = forest.tokens[0, :, None].double()
    states[7:] = 100
    assert forest.mean(states).tolist() == [[7.5], [2.0], [3.0]]


def test_a_planted_forest_for_an_encoder():
    rows, types = [np.array([1, 2, 3]), np.array([1, 4])], [np.array([0, 0, 1]), np.array([0, 1])]
    forest = Forest.plant(
        [Tree.grow(rows, share=False, types=types), Tree.grow(rows[:1], types=types[:1])], causal=False
    )
    assert forest.tokens.tolist() == [[1, 2, 3, 1, 4, 1, 2, 3]]
    assert forest.positions.tolist() == [[0, 1, 2, 0, 1, 0, 1, 2]]
    assert forest.types.tolist() == [[0, 0, 1, 0, 1, 0, 0, 1]]
    assert forest.lengths == [3, 2, 3]
    assert forest.leaves.tolist() == [0, 3, 5]  # the first tokens


def test_an_encoder_shares_no_trunk():
    with pytest.raises(ValueError, match="cannot share a trunk"):
        Forest.plant([Tree.grow([np.array([1, 2]), np.array([1, 3])])], causal=False)


@pytest.mark.parametrize(
    ("before", "length", "causal", "window", "expected"),
    [
        (0, 3, True, None, [[0, X, X], [0, 0, X], [0, 0, 0]]),
        # One token of trunk: the branch's rows are positions 1 and 2.
        (1, 2, True, None, [[0, 0, X], [0, 0, 0]]),
        # A window of two sees itself and one back.
        (0, 3, True, 2, [[0, X, X], [0, 0, X], [X, 0, 0]]),
        (2, 2, True, 2, [[X, 0, 0, X], [X, X, 0, 0]]),
        # Both ways: distance < 2 on either side.
        (0, 3, False, 2, [[0, 0, X], [0, 0, 0], [X, 0, 0]]),
    ],
)
def test_who_may_look_where(before, length, causal, window, expected):
    assert look_bias(before, length, causal, window, LIKE).tolist() == expected


@pytest.mark.parametrize("window", [None, 3, 4])
def test_no_mask_where_all_may_look(window):
    assert look_bias(0, 3, False, window, LIKE) is None


def test_shorter_branches_use_the_corner():
    # Branches of 1 and 3 tokens after a trunk of 1: the bias is for the longest, [3, 1 + 3].
    forest = Forest.plant([Tree.grow([np.array([1, 2]), np.array([1, 3, 4, 5])])])
    bias = forest.bias(0, None, LIKE)
    assert bias.tolist() == [[0, 0, X, X], [0, 0, 0, X], [0, 0, 0, 0]]
    assert torch.equal(bias[:1, :2], look_bias(1, 1, True, None, LIKE))
    assert forest.bias(0, None, LIKE) is bias  # made once a forest
    assert forest.bias(0, 2, LIKE).tolist() == [[0, 0, X, X], [X, 0, 0, X], [X, X, 0, 0]]
