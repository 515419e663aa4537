"""A completion that was cut never pays, whatever the sign and unit of scores."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.scoring import settle_unfinished

scores = st.floats(-1e6, 1e6)
samples = st.lists(st.tuples(scores, st.booleans()), min_size=1, max_size=8)
ways = st.one_of(st.just("lowest"), scores)


@given(samples, ways, st.lists(scores, max_size=3))
def test_to_be_cut_never_pays(rows, unfinished, recent):
    raw, ended = map(list, zip(*rows, strict=True))
    rewards = settle_unfinished(raw, ended, unfinished, recent)
    finished = [reward for reward, whole in zip(rewards, ended, strict=True) if whole]
    assert finished == [score for score, whole in rows if whole]
    for (score, whole), reward in zip(rows, rewards, strict=True):
        assert reward <= score
        if not whole:
            assert reward <= min([*finished, *recent, reward])


@given(samples, st.randoms())
def test_the_order_does_not_matter(rows, random):
    order = list(range(len(rows)))
    random.shuffle(order)
    there = settle_unfinished([rows[n][0] for n in order], [rows[n][1] for n in order])
    here = settle_unfinished(*map(list, zip(*rows, strict=True)))
    assert there == [here[n] for n in order]


@given(st.lists(scores, min_size=1, max_size=8))
def test_where_none_ended_none_is_preferred(raw):
    assert set(settle_unfinished(raw, [False] * len(raw))) == {min(raw)}


@pytest.mark.parametrize(("recent", "expected"), [([], 5.0), ([3.0, -2.0], -2.0), ([9.0], 5.0)])
def test_a_call_of_one_is_compared_with_those_before(recent, expected):
    assert settle_unfinished([5.0], [False], "lowest", recent) == [expected]


def test_scores_may_be_left_as_they_are():
    assert settle_unfinished([5.0, 1.0], [False, True], "score") == [5.0, 1.0]
