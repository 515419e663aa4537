"""Losses of ratings, against scipy, statsmodels' formulas written out, and by hand."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, softmax
from scipy.special import huber as scipy_huber

from plaudit.losses import classes, cumulative_link, hinge, huber, mae, mse

numbers = st.floats(-5, 5)


@given(numbers, numbers)
def test_the_three_distances(score, target):
    a, b = torch.tensor(score, dtype=torch.float64), torch.tensor(target, dtype=torch.float64)
    assert float(mse(a, b)) == pytest.approx((score - target) ** 2)
    assert float(mae(a, b)) == pytest.approx(abs(score - target))
    assert float(huber(a, b, delta=0.7)) == pytest.approx(float(scipy_huber(0.7, score - target)), abs=1e-12)


@pytest.mark.parametrize(("loss", "best"), [(mse, 7 / 3), (mae, 1.0)])
def test_the_best_constant_is_the_mean_and_the_median(loss, best):
    said, tried = torch.tensor([1.0, 1.0, 5.0]), torch.linspace(0, 5, 501)
    total = loss(*torch.broadcast_tensors(tried[:, None], said)).sum(1)
    assert float(tried[total.argmin()]) == pytest.approx(best, abs=0.011)


@given(st.floats(-30, 30), st.lists(st.floats(0.1, 3), min_size=1, max_size=5))
def test_the_cumulative_link_is_a_probability_over_the_levels(score, steps):
    cuts = np.cumsum([-1.0, *steps])
    below = np.concatenate([[0], expit(cuts - score), [1]])
    levels = torch.arange(len(cuts) + 1)
    found = cumulative_link(
        torch.tensor(score, dtype=torch.float64).expand(len(levels)), levels, torch.tensor(cuts, dtype=torch.float64)
    )
    assert torch.exp(-found).sum() == pytest.approx(1.0)
    assert np.exp(-found.numpy()) == pytest.approx(np.diff(below), abs=1e-12)


def test_the_cumulative_link_is_finite_far_out_with_gradients():
    score = torch.tensor([-500.0, 500.0, 500.0, 0.0, -500.0], requires_grad=True)
    cuts = torch.tensor([-1.0, 0.5], requires_grad=True)
    values = cumulative_link(score, torch.tensor([2, 0, 1, 1, 0]), cuts)
    assert torch.isfinite(values).all()
    assert values[-1].detach() == pytest.approx(0.0)
    for gradient in torch.autograd.grad(values.sum(), (score, cuts)):
        assert torch.isfinite(gradient).all()


def test_two_levels_are_logistic_regression():
    found = cumulative_link(torch.tensor([0.7, 0.7]), torch.tensor([0, 1]), torch.tensor([0.2]))
    assert found.tolist() == pytest.approx([-math.log(expit(0.2 - 0.7)), -math.log(expit(0.7 - 0.2))])


@given(st.lists(numbers, min_size=2, max_size=5))
def test_cross_entropy(logits):
    found = classes(torch.tensor(logits, dtype=torch.float64).expand(len(logits), -1), torch.arange(len(logits)))
    assert found.numpy() == pytest.approx(-np.log(softmax(logits)))


def test_the_derivative_of_the_cumulative_link():
    score = torch.linspace(-3, 3, 7, dtype=torch.float64, requires_grad=True)
    cuts = torch.tensor([-1.0, 0.4, 2.0], dtype=torch.float64, requires_grad=True)
    level = torch.tensor([0, 1, 2, 3, 0, 3, 1])
    assert torch.autograd.gradcheck(lambda s, c: cumulative_link(s, level, c), (score, cuts))


def test_hinge_by_hand():
    gap, tie = torch.tensor([-1.0, 0.5, 1.0, 3.0, 0.5, 2.0]), torch.tensor([False] * 4 + [True] * 2)
    assert hinge(gap, tie).tolist() == pytest.approx([2.0, 0.5, 0.0, 0.0, 1.0, 1.5])
    assert hinge(gap, tie, margin=1.0).tolist()[:4] == pytest.approx([3.0, 1.5, 1.0, 0.0])
    assert hinge(gap, tie, ties="ignore").tolist()[4:] == [0.0, 0.0]
    with pytest.raises(ValueError, match="half or ignore"):
        hinge(gap, tie, ties="rao-kupper")
