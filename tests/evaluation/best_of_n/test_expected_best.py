"""The estimator against every subset there is."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.evaluation.best_of_n import expected_best


def by_enumeration(scores, truth, n):
    """The mean over all subsets of n of the truth of its highest-scored members, a shared first place by a coin."""
    values = []
    for drawn in combinations(range(len(scores)), n):
        best = max(scores[i] for i in drawn)
        values.append(np.mean([truth[i] for i in drawn if scores[i] == best]))
    return np.mean(values)


candidates = st.lists(st.tuples(st.integers(0, 4), st.integers(-5, 5)), min_size=1, max_size=7)


@given(candidates)
def test_it_is_the_mean_over_all_subsets(drawn):
    scores, truth = (np.array(column, dtype=float) for column in zip(*drawn, strict=True))
    draws = range(1, len(drawn) + 1)
    expected = [by_enumeration(scores, truth, n) for n in draws]
    assert expected_best(scores, truth, draws) == pytest.approx(expected, abs=1e-12)


def test_by_hand():
    # Scores 3 > 2 > 1 with truths 0, 6, 3. Of two: {3,2} and {3,1} give 0, {2,1} gives 6.
    found = expected_best(np.array([1.0, 3.0, 2.0]), np.array([3.0, 0.0, 6.0]), [1, 2, 3])
    assert found == pytest.approx([3.0, 2.0, 0.0])


def test_a_thousand_candidates_do_not_overflow():
    k = 1500
    places = np.arange(k, dtype=float)
    found = expected_best(places, places, [1, 2, 700, k])
    # The expected maximum of n numbers drawn from 0...K-1 is n (K + 1) / (n + 1) - 1.
    assert found == pytest.approx([n * (k + 1) / (n + 1) - 1 for n in (1, 2, 700, k)])
    # Place 3 from the top is the best of two in C(K - 4, 1) of C(K, 2) draws.
    only = np.zeros(k)
    only[k - 4] = 1
    assert expected_best(places, only, [2]) == pytest.approx([(k - 4) / comb(k, 2)])


def test_it_is_unbiased_for_fresh_candidates():
    """From six samples, the value of the best of three that fresh sampling has: here by the true distribution."""
    random = np.random.default_rng(0)
    truth_of = np.array([0.0, 4.0, 1.0])  # of candidates scored 0, 1, 2, each as likely
    estimates = []
    for _ in range(4000):
        scores = random.integers(0, 3, 6).astype(float)
        estimates.append(expected_best(scores, truth_of[scores.astype(int)], [3])[0])
    # P(max of 3 is 0) = 1/27, 1: (8 - 1)/27, 2: (27 - 8)/27.
    wanted = (0 * 1 + 4 * 7 + 1 * 19) / 27
    assert np.mean(estimates) == pytest.approx(wanted, abs=4 * np.std(estimates) / np.sqrt(len(estimates)))
