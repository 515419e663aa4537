"""The Bradley-Terry loss against hand-worked values, an independent NumPy computation and finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import expit

from plaudit.losses import TIES, bradley_terry, centering

gaps = st.floats(-15, 15)
WIN = torch.tensor([False])


def loss(gap, tie=False, **options):
    """One comparison's loss in float64."""
    return bradley_terry(torch.tensor([gap], dtype=torch.float64), torch.tensor([tie]), **options).item()


@pytest.mark.parametrize(
    ("gap", "tie", "options", "expected"),
    [
        (0.0, False, {}, math.log(2)),
        # σ(log 3) = 3/4
        (math.log(3), False, {}, math.log(4 / 3)),
        (-math.log(3), False, {}, math.log(4)),
        # A margin of log 3 leaves a gap of 0.
        (math.log(3), False, {"margin": math.log(3)}, math.log(2)),
        # 0.9 log(4/3) + 0.1 log 4
        (math.log(3), False, {"label_smoothing": 0.1}, 0.9 * math.log(4 / 3) + 0.1 * math.log(4)),
        (0.0, True, {}, math.log(2)),
        # ½ log(4/3) + ½ log 4
        (math.log(3), True, {}, math.log(4 / math.sqrt(3))),
        # A tie has no margin and no wrong way round.
        (math.log(3), True, {"margin": 5.0, "label_smoothing": 0.3}, math.log(4 / math.sqrt(3))),
        # Rao-Kupper, θ = e^η = 2: equals win with 1/(1 + 2) = ⅓ either way, and tie with ⅓.
        (0.0, False, {"ties": "rao-kupper"}, math.log(3)),
        (0.0, True, {"ties": "rao-kupper"}, math.log(3)),
        # Strengths 4 and 1: P(win) = 4/(4 + 2·1) = ⅔, P(loss) = 1/(1 + 2·4) = 1/9, P(tie) = 2/9.
        (math.log(4), False, {"ties": "rao-kupper"}, math.log(3 / 2)),
        (-math.log(4), False, {"ties": "rao-kupper"}, math.log(9)),
        (math.log(4), True, {"ties": "rao-kupper"}, math.log(9 / 2)),
        (math.log(3), False, {"ties": "ignore"}, math.log(4 / 3)),
        (math.log(3), True, {"ties": "ignore"}, 0.0),
    ],
)
def test_by_hand(gap, tie, options, expected):
    assert loss(gap, tie, **options) == pytest.approx(expected, rel=1e-12)


@given(gaps, st.floats(0, 5), st.floats(0, 0.49))
def test_a_win_against_numpy(gap, margin, smoothing):
    expected = -(1 - smoothing) * np.log(expit(gap - margin)) - smoothing * np.log(expit(-gap - margin))
    assert loss(gap, margin=margin, label_smoothing=smoothing) == pytest.approx(expected, rel=1e-9)


@given(gaps, st.floats(0.05, 3))
def test_rao_kupper_leaves_to_ties_what_the_wins_leave(gap, threshold):
    # Rao & Kupper 1967: π_a / (π_a + θ π_b), with π = e^score and θ = e^η.
    wins = [1 / (1 + math.exp(threshold - g)) for g in (gap, -gap)]
    options = {"ties": "rao-kupper", "threshold": threshold}
    found = [math.exp(-loss(g, tie, **options)) for g, tie in ((gap, False), (-gap, False), (gap, True))]
    assert found[:2] == pytest.approx(wins, rel=1e-9)
    assert found[2] == pytest.approx(1 - sum(wins), rel=1e-6, abs=1e-12)
    assert sum(found) == pytest.approx(1, rel=1e-9)


@pytest.mark.parametrize("ties", ["half", "rao-kupper"])
def test_a_tie_is_best_explained_by_equals(ties):
    found = minimize_scalar(lambda gap: loss(gap, True, ties=ties), bounds=(-5, 4), method="bounded")
    assert found.x == pytest.approx(0, abs=1e-4)
    assert loss(1.7, True, ties=ties) == pytest.approx(loss(-1.7, True, ties=ties))


@given(gaps, st.floats(0.01, 5), st.sampled_from(TIES), st.floats(0, 3))
def test_a_wider_gap_costs_less(gap, wider, ties, margin):
    assert loss(gap + wider, ties=ties, margin=margin) < loss(gap, ties=ties, margin=margin)


@given(gaps, st.floats(0.01, 0.49))
def test_smoothing_is_least_at_the_believed_odds(gap, smoothing):
    # d/dg: -(1-ε)(1-σ) + ε σ = σ - (1-ε), zero where σ(g) = 1 - ε.
    best = math.log((1 - smoothing) / smoothing)
    assert loss(best, label_smoothing=smoothing) <= loss(gap, label_smoothing=smoothing) + 1e-12


@pytest.mark.parametrize("ties", TIES)
def test_gradients_against_finite_differences(ties):
    gap = torch.tensor([-3.0, -0.5, 0.0, 0.7, 4.0, -1.0, 0.0, 2.0], dtype=torch.float64, requires_grad=True)
    tie = torch.tensor([False] * 5 + [True] * 3)
    margin = torch.tensor([0.0, 0.5, 1.0, 0.0, 2.0, 1.0, 0.0, 0.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda g, m: bradley_terry(g, tie, margin=m, label_smoothing=0.1, ties=ties), (gap, margin)
    )


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("gap", [-1e4, 1e4])
def test_finite_at_any_gap(ties, gap):
    scores = torch.tensor([gap, gap], requires_grad=True)
    found = bradley_terry(scores, torch.tensor([False, True]), label_smoothing=0.1, ties=ties)
    found.sum().backward()
    assert found.isfinite().all()
    assert scores.grad.isfinite().all()


def test_one_loss_a_comparison():
    gap = torch.tensor([1.0, -2.0, 0.3])
    tie = torch.tensor([False, True, False])
    margin = torch.tensor([0.5, 0.5, 0.0])
    found = bradley_terry(gap, tie, margin=margin)
    each = [bradley_terry(gap[i : i + 1], tie[i : i + 1], margin=margin[i : i + 1]) for i in range(3)]
    assert torch.equal(found, torch.cat(each))
    assert bradley_terry(gap[:0], tie[:0]).shape == (0,)


def test_an_unknown_way_with_ties():
    with pytest.raises(ValueError, match="half, rao-kupper, ignore"):
        bradley_terry(torch.zeros(1), WIN, ties="davidson")


def test_centering():
    first, second = torch.tensor([1.0, 2.0], requires_grad=True), torch.tensor([-1.0, 1.0], requires_grad=True)
    assert centering(first, second).tolist() == [0.0, 9.0]
    # Both scores are pulled the same way, so the gap stays.
    centering(first, second).sum().backward()
    assert torch.equal(first.grad, second.grad)
