"""The partition into trees: against every partition into neighbours of a few sequences, and by hand."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from plaudit.forest import Tree, share_prefixes
from plaudit.forest.prefixes import _RUN


def arrays(*sequences):
    return [np.array(sequence, dtype=np.int64) for sequence in sequences]


def computed(sequences, trees):
    return sum(len(Tree.grow([sequences[index] for index in tree])) for tree in trees)


def test_siblings_that_stand_apart_share_their_prompt():
    sequences = arrays([1, 2, 3, 7], [4, 5, 6, 7], [1, 2, 3, 8], [4, 5, 6, 8], [1, 2, 3, 9])
    assert share_prefixes(sequences) == [[0, 2, 4], [1, 3]]


def test_a_short_common_beginning_does_not_cost_the_long_ones():
    # Together: a trunk of 1 token for four saves 3; apart: trunks of 4 for two each save 8.
    sequences = arrays([1, 2, 2, 2, 7], [1, 2, 2, 2, 8], [1, 3, 3, 3, 7], [1, 3, 3, 3, 8])
    assert share_prefixes(sequences) == [[0, 1], [2, 3]]


def test_turns_of_one_conversation_share_what_came_before():
    sequences = arrays([1, 2, 3], [1, 2, 3, 4, 5, 6], [9])
    # The first keeps a token of its own.
    assert share_prefixes(sequences) == [[0, 1], [2]]
    assert computed(sequences, [[0, 1], [2]]) == 2 + 1 + 4 + 1


def test_nothing_and_one_and_what_shares_nothing():
    assert share_prefixes([]) == []
    assert share_prefixes(arrays([5])) == [[0]]
    assert share_prefixes(arrays([5], [5, 6], [7, 8])) == [[0], [1], [2]]


def test_a_batch_beyond_one_search_still_finds_its_trunks():
    count = 3 * _RUN // 2
    sequences = [np.array([index // 3, 1, 2, index % 3], dtype=np.int64) for index in range(count)]
    trees = share_prefixes(sequences)
    assert sorted(index for tree in trees for index in tree) == list(range(count))
    # One prompt at most stands on the seam between two searches.
    assert computed(sequences, trees) <= count // 3 * 6 + 3


def runs(items):
    """Every partition of an order into runs."""
    if not items:
        yield []
        return
    for length in range(1, len(items) + 1):
        for rest in runs(items[length:]):
            yield [items[:length], *rest]


DIFFERENT = st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=5).map(tuple), max_size=6, unique=True)


@given(DIFFERENT)
def test_no_partition_into_neighbours_computes_fewer_tokens(texts):
    sequences = arrays(*texts)
    trees = share_prefixes(sequences)
    assert sorted(index for tree in trees for index in tree) == list(range(len(sequences)))
    order = sorted(range(len(texts)), key=texts.__getitem__)
    assert computed(sequences, trees) <= min(computed(sequences, other) for other in runs(order))


def test_siblings_between_two_others_do_not_part_them():
    # In order 0, 2, 3, 1: the pair with the long trunk stands between the two that share a token.
    assert share_prefixes(arrays([0, 0], [0, 1], [0, 0, 0, 0], [0, 0, 0, 0, 0])) == [[0, 1], [2, 3]]
