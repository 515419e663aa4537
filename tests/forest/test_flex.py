"""FlexAttention's mask and lists of blocks are the layout's, whatever the layout; one graph serves all lengths."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch._dynamo.utils import counters

from plaudit.forest import Forest, Tree, forest_attention
from plaudit.forest.attentions.flex import BLOCK, FlexForestAttention, block_mask, visited_blocks
from plaudit.forest.attentions.protocols import LayerOptions
from plaudit.forest.attentions.trial import dense_attention, who_sees_whom

# For each tree: tokens of the trunk, and of each branch. Some fill blocks, some stand in several.
shapes = st.lists(
    st.tuples(st.sampled_from([0, 0, 1, 60, 128, 300]), st.lists(st.integers(1, 200), min_size=1, max_size=4)),
    min_size=1,
    max_size=4,
)
windows = st.sampled_from([None, 1, 30, 128, 150, 400])


def plant(shape, causal=True):
    trees = []
    for trunk, branches in shape:
        parts = tuple(np.zeros(length, dtype=np.int64) for length in branches)
        trees.append(Tree(np.zeros(trunk if causal else 0, dtype=np.int64), parts))
    return Forest.plant(trees, causal=causal, multiple=BLOCK)


def in_blocks(sees):
    """`[blocks, blocks, 128 * 128]`."""
    blocks = len(sees) // BLOCK
    return sees.reshape(blocks, BLOCK, blocks, BLOCK).swapaxes(1, 2).reshape(blocks, blocks, -1)


@settings(max_examples=50)
@given(shapes, st.booleans(), windows)
def test_mask_and_visited_blocks_are_the_layout_s(shape, causal, window):
    forest = plant(shape, causal)
    sees = who_sees_whom(forest, window).numpy()
    length = len(sees)
    mask = block_mask(forest, window)
    assert mask.seq_lengths == (length, length)
    # Nobody's row is empty, padding's neither.
    places = torch.arange(length)
    dense = mask.mask_mod(0, 0, places[:, None], places[None, :])
    assert dense.any(1).all()
    real = len(forest.order)
    assert np.array_equal(dense.numpy()[:real], sees[:real])
    partial, full = visited_blocks(forest, window)
    blocks = in_blocks(dense.numpy())
    assert np.array_equal(partial | full, blocks.any(2))
    assert not (partial & full).any()
    # Blocks that one segment sees whole; those that several fill together are looked at by the mask.
    assert not (full & ~blocks.all(2)).any()
    assert np.array_equal(mask.to_dense().bool()[0, 0].numpy(), partial | full)
    for lists, counts, which in (
        (mask.kv_indices, mask.kv_num_blocks, partial),
        (mask.full_kv_indices, mask.full_kv_num_blocks, full),
    ):
        visited = [set(row[:count].tolist()) for row, count in zip(lists[0, 0], counts[0, 0], strict=True)]
        assert visited == [set(np.flatnonzero(row).tolist()) for row in which]


def test_the_blocks_of_a_long_tree():
    # A trunk of three blocks, two branches of one and of two: every block is full or on the diagonal.
    partial, full = visited_blocks(plant([(384, [128, 256])]), None)
    assert full.astype(int).tolist() == [
        [0, 0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],
        [1, 1, 1, 0, 1, 0],
    ]
    assert np.array_equal(partial, np.eye(6, dtype=bool))
    # Of a window of 200, a token's own block and the one before are left, by position: the second branch begins
    # where the first does, behind the trunk.
    partial, full = visited_blocks(plant([(384, [128, 256])]), 200)
    assert not full.any()
    assert [np.flatnonzero(row).tolist() for row in partial] == [
        [0],
        [0, 1],
        [0, 1, 2],
        [1, 2, 3],
        [1, 2, 4],
        [2, 4, 5],
    ]


def test_a_row_of_whole_blocks_is_wanted():
    with pytest.raises(ValueError, match="a row of 3 tokens is not of whole blocks"):
        visited_blocks(Forest.plant([Tree.grow([[1, 2, 3]])]), None)


@pytest.mark.filterwarnings("ignore:Dynamo does not know")
def test_ten_lengths_are_one_graph():
    """Fresh forests, windows and caps, all that is new in every step, compiled once."""
    attend = FlexForestAttention(compiled=True)
    counters.clear()
    torch.manual_seed(0)
    # Rows of 5 to 15 blocks: torch takes axes of equal size for one axis, and others are of 1, 2, 4 and 16.
    for number in range(1, 11):
        forest = plant([(100 + number, [60, 300 + 128 * number]), (0, [40 + number])])
        length = forest.tokens.shape[1]
        query, key, value = (torch.randn(1, heads, length, 16) for heads in (4, 2, 2))
        options = LayerOptions(0.3, window=90 + number, softcap=1.0 + number)
        with torch.no_grad():
            out, _ = forest_attention(
                torch.nn.Module(), query, key, value, None, forest=forest, attend=attend, scaling=options.scale,
                sliding_window=options.window, softcap=options.softcap,
            )  # fmt: skip
        expected = dense_attention(query, key, value, who_sees_whom(forest, options.window), options)
        torch.testing.assert_close(out[:, forest.order], expected[:, forest.order], rtol=0, atol=1e-5)
    assert counters["stats"]["unique_graphs"] == 1
