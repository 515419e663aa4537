"""Rankings of three or more: best of K and NDCG by hand, against scikit-learn, and over every order of tied scores."""

import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from plaudit.groups import Group, Ranking
from plaudit.judgements.rankings import NO_RANKING, index_rankings, ndcg, ndcg_chance, top1, top1_chance
from plaudit.judgements.responses import flatten_scores, index_responses
from plaudit.statistics.intervals import NO_VARIATION

RESPONSES = ("a", "b", "c", "d")


def ranked(*tiers, weight=1.0):
    """A prompt of four responses for each ranking."""
    groups = [Group(str(i), f"p{i}", RESPONSES, (Ranking(t, weight=weight),)) for i, t in enumerate(tiers)]
    return index_rankings(groups, index_responses(groups))


def row(*scores):
    return np.array(scores, dtype=float).ravel()


def test_best_of_k_by_hand():
    found = ranked(
        ((3,), (0, 1), (2,)),  # favourite 3: right; by luck 1/4
        ((0, 1), (2,)),  # favourites 1 and 2 tied: 1/2; by luck 2/3
        ((0,), (1,)),  # two responses: a pair, not a choice
        ((0, 1, 2),),  # nothing is better than anything
    )
    scores = row([0, 1, 2, 3], [0, 2, 2, 9], [1] * 4, [1] * 4)
    assert (top1(found, scores).value, top1(found, scores).n) == (0.75, 2)
    assert top1_chance(found).value == pytest.approx((1 / 4 + 2 / 3) / 2)
    assert (top1_chance(found).low, top1_chance(found).high) == (top1_chance(found).value,) * 2


def test_ndcg_by_hand():
    # Tiers 2 > 0 = 1 > 3 are grades 2, 1, 1, 0. Scores put 0 first, 2 second, then 3 and 1.
    found, scores = ranked(((2,), (0, 1), (3,))), row([9, 1, 8, 7])
    discounts = [1, 1 / math.log2(3), 1 / 2, 1 / math.log2(5)]
    assert ndcg(found, scores).value == pytest.approx(
        (1 + 2 * discounts[1] + discounts[3]) / (2 + discounts[1] + discounts[2])
    )
    assert ndcg(found, scores, "exponential").value == pytest.approx(
        (1 + 3 * discounts[1] + discounts[3]) / (3 + discounts[1] + discounts[2])
    )
    # A random order gives each response the mean discount.
    assert ndcg_chance(found).value == pytest.approx(sum(discounts) / (2 + discounts[1] + discounts[2]))


orders = (
    st.permutations(range(4))
    .flatmap(
        lambda order: st.lists(st.integers(1, 3), unique=True, max_size=3).map(
            lambda cuts: tuple(tuple(order[a:b]) for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 4], strict=True))
        )
    )
    .filter(lambda tiers: len(tiers) > 1)
)
few = st.lists(st.integers(0, 3), min_size=4, max_size=4)


@given(orders, few)
def test_ndcg_is_scikit_learns(tiers, scores):
    grades = np.zeros((1, 4))
    for place, tier in enumerate(tiers):
        grades[0, list(tier)] = len(tiers) - 1 - place
    found = ranked(tiers)
    assert ndcg(found, row(scores)).value == pytest.approx(ndcg_score(grades, [scores]))
    assert ndcg(found, row(scores), "exponential").value == pytest.approx(ndcg_score(2**grades - 1, [scores]))


@given(orders)
def test_chance_is_the_mean_over_all_orders_and_what_a_constant_score_gets(tiers):
    found = ranked(tiers)
    every = [ndcg(found, row(order)).value for order in permutations(range(4))]
    assert ndcg_chance(found).value == pytest.approx(np.mean(every))
    assert ndcg(found, row([7] * 4)).value == pytest.approx(ndcg_chance(found).value)
    assert max(every) == pytest.approx(1)


def test_equal_scores_earn_the_mean_over_their_orders():
    found = ranked(((0,), (1,), (2,), (3,)))
    either = [ndcg(found, row(scores)).value for scores in ([4, 2, 3, 1], [4, 3, 2, 1])]
    assert ndcg(found, row([4, 2, 2, 1])).value == pytest.approx(np.mean(either))


def test_rankings_weigh_and_have_intervals():
    groups = [
        Group("x", "p", RESPONSES, (Ranking(((0,), (1,), (2,)), weight=3.0),)),
        Group("y", "q", RESPONSES, (Ranking(((0,), (1,), (2,))),)),
    ]
    found = index_rankings(groups, index_responses(groups))
    scores = flatten_scores(groups, [[3.0, 2.0, 1.0, 9.0], [1.0, 2.0, 3.0, 9.0]])
    worst = ndcg(found[np.array([False, True])], scores).value
    assert ndcg(found, scores).value == pytest.approx((3 + worst) / 4)
    assert 0 <= ndcg(found, scores).low < ndcg(found, scores).value < ndcg(found, scores).high <= 1
    assert ndcg(found, flatten_scores(groups, [[3.0, 2.0, 1.0, 0.0]] * 2)).reason == NO_VARIATION


def test_a_part_of_the_rankings_is_as_good_as_the_whole():
    tiers, scores = (((0,), (1, 2), (3,)), ((2,), (0,)), ((3,), (1,), (0,))), row([1, 2, 3, 4], [1] * 4, [2, 1, 0, 1])
    both, last = ranked(*tiers), ranked(*tiers)[np.array([False, True])]
    alone = ranked(*tiers[:1], tiers[1], tiers[2])[np.array([False, True])]
    assert last.ranking.tolist() == [0, 0, 0]
    assert ndcg(last, scores) == ndcg(alone, scores)
    assert 2 * ndcg(both, scores).value == pytest.approx(
        ndcg(both[np.array([True, False])], scores).value + ndcg(last, scores).value
    )


def test_pairs_are_no_rankings():
    found = ranked(((0,), (1,)))
    for measured in (top1(found, row([1] * 4)), top1_chance(found), ndcg(found, row([1] * 4)), ndcg_chance(found)):
        assert (measured.value, measured.reason) == (None, NO_RANKING)
