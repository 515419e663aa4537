"""The losses of PPO by hand."""

import math

import pytest
import torch

from plaudit.alignment.objective import explained_variance, policy_loss, value_loss

ONE = torch.tensor([[True]])


def one(value):
    return torch.tensor([[float(value)]])


@pytest.mark.parametrize(
    ("ratio", "advantage", "loss"),
    [
        (1.1, 2.0, -2.2),  # within the clip
        (1.5, 2.0, -2.4),  # 1.2 * 2: a good token has become likely enough
        (1.5, -2.0, 3.0),  # a bad token that has become likelier is never clipped
        (0.5, -2.0, 1.6),  # 0.8 * 2: a bad one has become unlikely enough
        (0.5, 2.0, -1.0),  # a good one that has become unlikelier is never clipped
    ],
)
def test_the_policy_loss_is_the_lesser_of_the_two(ratio, advantage, loss):
    result = policy_loss(one(math.log(ratio)), one(0), one(advantage), ONE)
    assert result.loss.item() == pytest.approx(loss, abs=1e-5)
    assert result.clipped.item() == (abs(loss) != pytest.approx(abs(ratio * advantage)))
    assert result.ratio_error.item() == pytest.approx(abs(ratio - 1), abs=1e-5)


def test_a_clipped_token_has_no_gradient():
    log_probs = torch.tensor([[math.log(1.5), 0.0]], requires_grad=True)
    mask = torch.tensor([[True, True]])
    policy_loss(log_probs, torch.zeros(1, 2), torch.ones(1, 2), mask).loss.backward()
    assert log_probs.grad.tolist() == [[0.0, -0.5]]


def test_at_the_old_policy_the_gradient_is_that_of_the_plain_policy_gradient():
    log_probs = torch.zeros(1, 3, requires_grad=True)
    advantages = torch.tensor([[1.0, -2.0, 0.5]])
    policy_loss(log_probs, torch.zeros(1, 3), advantages, torch.tensor([[True, True, False]])).loss.backward()
    assert log_probs.grad.tolist() == [[-0.5, 1.0, 0.0]]


def test_an_absurd_ratio_is_no_infinity():
    result = policy_loss(one(0), one(-1e4), one(-1), ONE)
    assert math.isfinite(result.loss.item())


@pytest.mark.parametrize(
    ("value", "loss"),
    [(0.1, 0.405), (0.5, 0.32), (1.5, 0.32), (-1.0, 2.0)],
    ids=["near: (0.1 - 1)^2 / 2", "too far towards it", "past it", "too far away from it"],
)
def test_the_value_loss_is_the_greater_of_the_two(value, loss):
    assert value_loss(one(value), one(0), one(1), ONE).item() == pytest.approx(loss)


def test_explained_variance():
    returns = torch.tensor([[1.0, 2.0, 3.0]])
    mask = returns > 0
    assert explained_variance(returns, returns, mask) == pytest.approx(1)
    assert explained_variance(torch.full_like(returns, 7.0), returns, mask) == pytest.approx(0)
    assert explained_variance(-returns, returns, mask) == pytest.approx(-3)
    assert explained_variance(returns, torch.ones(1, 3), mask) == 0
