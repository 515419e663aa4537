"""The axis: KL by hand and by summing the divergence of real distributions."""

import numpy as np
import pytest

from plaudit.evaluation.best_of_n import best_of_n_kl
from plaudit.evaluation.best_of_n.estimators import curve_points, n_at_distance


def kl_of_the_best(n, outcomes):
    """The divergence of the best of n from a policy of equally likely outcomes that the reward tells apart."""
    edges = np.arange(outcomes + 1) / outcomes
    best = np.diff(edges**n)
    return float(np.sum(best * np.log(best * outcomes, where=best > 0, out=np.zeros(outcomes))))


def test_by_hand():
    assert best_of_n_kl(1) == 0
    assert float(best_of_n_kl(2)) == pytest.approx(0.6931471806 - 0.5)
    assert best_of_n_kl(np.array([4, 64])) == pytest.approx([1.3862943611 - 0.75, 4.1588830834 - 63 / 64])


@pytest.mark.parametrize("n", [2, 5, 40])
def test_it_is_the_divergence_where_no_two_candidates_are_alike(n):
    assert kl_of_the_best(n, 200_000) == pytest.approx(float(best_of_n_kl(n)), rel=1e-3)


@pytest.mark.parametrize("outcomes", [2, 3, 10])
def test_it_is_an_upper_bound_where_some_are(outcomes):
    for n in (2, 5, 40):
        assert kl_of_the_best(n, outcomes) < float(best_of_n_kl(n))


@pytest.mark.parametrize("n", [1, 1.5, 2, 17, 64, 10_000])
def test_the_way_back(n):
    assert n_at_distance(float(np.sqrt(best_of_n_kl(n)))) == pytest.approx(n, rel=1e-6)


def test_beyond_any_float():
    assert n_at_distance(100.0) == float("inf")


def test_points():
    assert curve_points(1) == (1,)
    assert curve_points(5) == (1, 2, 3, 4, 5)
    assert curve_points(9) == (1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert curve_points(64)[-9:] == (16, 19, 23, 27, 32, 38, 45, 54, 64)
