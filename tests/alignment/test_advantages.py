"""Advantages by hand, and the identities that hold for any numbers."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from plaudit.alignment.advantages import estimate_advantages, masked_mean, whiten

NUMBERS = st.floats(-10, 10, width=32)


def tensors(*rows):
    return torch.tensor(rows, dtype=torch.float32)


def test_advantages_by_hand():
    # Two tokens, discount 0.5, lambda 0.5:
    #   delta_2 = 3 + 0 - 2 = 1          A_2 = 1
    #   delta_1 = 1 + 0.5 * 2 - 4 = -2   A_1 = -2 + 0.25 * 1 = -1.75
    advantages, returns = estimate_advantages(
        tensors([1, 3]), tensors([4, 2]), torch.tensor([[True, True]]), discount=0.5, gae_lambda=0.5
    )
    assert advantages.tolist() == [[-1.75, 1.0]]
    assert returns.tolist() == [[2.25, 3.0]]


def test_padding_is_not_there():
    mask = torch.tensor([[True, True, False, False]])
    padded = estimate_advantages(tensors([1, 3, 9, 9]), tensors([4, 2, 7, 7]), mask)
    alone = estimate_advantages(tensors([1, 3]), tensors([4, 2]), mask[:, :2])
    for with_padding, without in zip(padded, alone, strict=True):
        assert torch.equal(with_padding[:, :2], without)
        assert not with_padding[:, 2:].any()


@given(arrays(np.float32, (2, 5), elements=NUMBERS), arrays(np.float32, (2, 5), elements=NUMBERS))
def test_lambda_1_gives_returns_minus_values(rewards, values):
    mask = torch.ones(2, 5, dtype=torch.bool)
    _, returns = estimate_advantages(torch.from_numpy(rewards), torch.from_numpy(values), mask, gae_lambda=1.0)
    expected = rewards[:, ::-1].cumsum(axis=1)[:, ::-1]
    np.testing.assert_allclose(returns.numpy(), expected, atol=1e-3)


@given(arrays(np.float32, (2, 5), elements=NUMBERS), arrays(np.float32, (2, 5), elements=NUMBERS))
def test_lambda_0_is_one_step_of_temporal_difference(rewards, values):
    mask = torch.ones(2, 5, dtype=torch.bool)
    advantages, _ = estimate_advantages(torch.from_numpy(rewards), torch.from_numpy(values), mask, gae_lambda=0.0)
    later = np.concatenate([values[:, 1:], np.zeros((2, 1), dtype=np.float32)], axis=1)
    np.testing.assert_allclose(advantages.numpy(), rewards + later - values, atol=1e-4)


@given(arrays(np.float64, (3, 4), elements=NUMBERS))
def test_whitened_values_have_mean_0_and_variance_1(values):
    mask = torch.tensor([[True, True, True, False], [True, False, False, False], [True, True, False, False]])
    kept = torch.from_numpy(values).float()[mask]
    whitened = whiten(torch.from_numpy(values).float(), mask)
    assert not whitened[~mask].any()
    if kept.std(unbiased=False) > 1e-3:
        assert whitened[mask].mean() == pytest.approx(0, abs=1e-3)
        assert whitened[mask].std(unbiased=False) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("values", [[2.0, 2.0], [2.0, 2.0 + 1e-6]], ids=["equal", "equal but for rounding"])
def test_what_is_alike_is_not_blown_up(values):
    assert not whiten(tensors(values), torch.tensor([[True, True]])).any()


def test_a_mean_of_nothing_is_0():
    assert masked_mean(tensors([5.0]), torch.tensor([[False]])) == 0
