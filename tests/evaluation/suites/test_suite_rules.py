"""The shared rule and best-of-k curves, by hand and by counting every case."""

from itertools import combinations, permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from plaudit.evaluation.suites.ppe_correctness import best_of_k_curve, roc_auc
from plaudit.evaluation.suites.rules import above

levels = st.lists(st.integers(0, 2), min_size=1, max_size=3)


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ([1], [0], (True, 1, 1 / 2)),
        ([0], [1], (False, 0, 1 / 2)),
        ([1], [1], (False, 1 / 2, 1 / 2)),
        ([1], [1, 1, 1], (False, 1 / 4, 1 / 4)),  # four in the first place
        ([1], [1, 0, 0], (False, 1 / 2, 1 / 4)),  # two of four
        ([2, 1], [1, 0], (False, 1 / 2, 1 / 6)),  # the lower right one against one of the wrong
        ([1, 1], [1, 1], (False, 1 / 6, 1 / 6)),
        ([3, 2], [1, 0], (True, 1, 1 / 6)),
    ],
)
def test_above_by_hand(right, wrong, expected):
    assert above(right, wrong) == pytest.approx(expected)


@given(levels, levels)
def test_shared_ties_are_what_random_orders_of_equal_scores_give(right, wrong):
    # Every order of all answers, as what decides between equal scores.
    orders = list(permutations(range(len(right) + len(wrong))))
    scores = [*right, *wrong]
    won = [
        min((scores[i], order[i]) for i in range(len(right)))
        > max((scores[i], order[i]) for i in range(len(right), len(scores)))
        for order in orders
    ]
    strict, shared, _ = above(right, wrong)
    assert shared == pytest.approx(np.mean(won))
    assert strict == all(a > b for a in right for b in wrong)


def test_a_curve_by_hand():
    # From the top: wrong, right, right, wrong. Of two drawn, the best is the wrong top one in 3 of 6 draws, a right one
    # in 2 + 1; of three it is there in 3 of 4.
    found = best_of_k_curve(np.array([4.0, 3.0, 2.0, 1.0]), np.array([0.0, 1.0, 1.0, 0.0]))
    assert found == pytest.approx([1 / 2, 1 / 2, 1 / 4, 0])


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1)), min_size=1, max_size=5))
def test_a_curve_is_the_mean_over_every_draw(answers):
    scores, truth = np.array(answers, dtype=float).T
    for k, value in enumerate(best_of_k_curve(scores, truth), 1):
        draws = [np.array(draw) for draw in combinations(range(len(scores)), k)]
        best = [truth[draw][scores[draw] == scores[draw].max()] for draw in draws]
        if len(set(scores)) == len(scores):
            assert value == pytest.approx(np.mean([b[0] for b in best]))
        else:  # equal scores: the order of each tie by a coin, so over every order of the answers
            orders = list(permutations(range(len(scores))))
            won = [truth[max(draw, key=lambda i: (scores[i], order[i]))] for draw in draws for order in orders]
            assert value == pytest.approx(np.mean(won))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=2, max_size=12))
def test_roc_auc_is_scikit_learns(answers):
    scores, truth = np.array(answers, dtype=float).T
    if 0 < truth.mean() < 1:
        assert roc_auc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
