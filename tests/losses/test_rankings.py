"""Losses of whole rankings, against likelihoods summed out over every order, and by hand."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from plaudit.losses import best_worst, bradley_terry, infonce, plackett_luce

scores_of = st.lists(st.floats(-3, 3), min_size=2, max_size=6).map(lambda v: torch.tensor(v, dtype=torch.float64))


def choices(scores, order):
    """-log of each choice when `order` is made one after another by softmax."""
    left = list(order)
    found = []
    for best in order:
        found.append(math.log(sum(math.exp(scores[j]) for j in left)) - scores[best])
        left.remove(best)
    return found


@given(scores_of)
@settings(deadline=None)
def test_plackett_luce_is_a_chain_of_choices(scores):
    tiers = torch.arange(len(scores))
    made = choices(scores.tolist(), range(len(scores)))
    assert float(plackett_luce(scores, tiers)) == pytest.approx(np.mean(made[:-1]), abs=1e-9)
    for top in range(1, len(scores)):
        assert float(plackett_luce(scores, tiers, top=top)) == pytest.approx(np.mean(made[:top]), abs=1e-9)


@given(scores_of)
@settings(deadline=None)
def test_plackett_luce_is_a_probability_over_all_orders(scores):
    count = len(scores)
    total = 0.0
    for order in permutations(range(min(count, 5))):
        tiers = torch.empty(len(order), dtype=torch.long)
        tiers[list(order)] = torch.arange(len(order))
        total += math.exp(-float(plackett_luce(scores[: len(order)], tiers)) * (len(order) - 1))
    assert total == pytest.approx(1.0)


def test_list_mle_by_hand():
    # 2 before 0 before 1: -log e^1/(e^1+e^0+e^-1) - log e^0/(e^0+e^-1), two choices.
    scores, tiers = torch.tensor([0.0, -1.0, 1.0]), torch.tensor([1, 2, 0])
    by_hand = math.log(math.e + 1 + 1 / math.e) - 1 + math.log(1 + 1 / math.e)
    assert float(plackett_luce(scores, tiers)) == pytest.approx(by_hand / 2)


def test_a_pair_is_bradley_terry():
    scores, tiers = torch.tensor([0.3, 1.1]), torch.tensor([0, 1])
    gap, no_tie = scores[:1] - scores[1:], torch.tensor([False])
    for loss in (plackett_luce, infonce):
        assert float(loss(scores, tiers)) == pytest.approx(float(bradley_terry(gap, no_tie)))
    # e^gap / (e^gap + e^-gap) is the logistic of twice the gap.
    assert float(best_worst(scores, tiers)) == pytest.approx(float(bradley_terry(2 * gap, no_tie)))


def test_ties_are_efrons():
    # Two tied above one: the first is chosen among e^a + e^b + e^c, the second among half of e^a + e^b, and e^c.
    a, b, c = 0.5, -0.2, 0.1
    every, half = math.exp(a) + math.exp(b) + math.exp(c), (math.exp(a) + math.exp(b)) / 2 + math.exp(c)
    by_hand = (math.log(every) - a + math.log(half) - b) / 2
    assert float(plackett_luce(torch.tensor([a, b, c]), torch.tensor([0, 0, 1]))) == pytest.approx(by_hand)
    # And a tie alone is least where the scores are equal.
    tie = torch.tensor([0, 0])
    at = [float(plackett_luce(torch.tensor([0.0, gap]), tie)) for gap in (-0.5, -0.1, 0.0, 0.1, 0.5)]
    assert min(at) == at[2]
    assert at[0] == pytest.approx(at[4])
    log_sigmoid = F.logsigmoid(torch.tensor([0.5, -0.5])).sum()
    assert 2 * at[4] == pytest.approx(-float(log_sigmoid) - math.log(2))


def test_the_order_inside_a_tie_does_not_matter_when_scores_are_swapped_with_it():
    scores, tiers = torch.tensor([0.5, 0.5, 0.1, -2.0]), torch.tensor([1, 1, 0, 2])
    assert float(plackett_luce(scores, tiers)) == pytest.approx(
        float(plackett_luce(scores[[1, 0, 3, 2]], tiers[[1, 0, 3, 2]]))
    )


@given(scores_of)
@settings(deadline=None)
def test_infonce_is_a_softmax_over_best_and_rest(scores):
    tiers = torch.arange(len(scores))
    assert float(infonce(scores, tiers)) == pytest.approx(float(-F.log_softmax(scores, 0)[0]), abs=1e-9)
    assert float(infonce(scores, tiers)) == pytest.approx(float(plackett_luce(scores, tiers, top=1)), abs=1e-9)


def test_infonce_with_a_shared_first_place_by_hand():
    a, b, c = 0.5, -0.2, 0.1
    share = [math.log(math.exp(s) + math.exp(c)) - s for s in (a, b)]
    found = infonce(torch.tensor([a, b, c]), torch.tensor([0, 0, 1]))
    assert float(found) == pytest.approx(sum(share) / 2)


@given(scores_of)
@settings(deadline=None)
def test_best_worst_is_a_probability_over_all_pairs(scores):
    values = scores.tolist()
    pairs = {(i, j): values[i] - values[j] for i in range(len(values)) for j in range(len(values)) if i != j}
    total = math.log(sum(map(math.exp, pairs.values())))
    for (best, worst), gap in pairs.items():
        tiers = torch.ones(len(values), dtype=torch.long)
        tiers[best], tiers[worst] = 0, 2
        assert float(best_worst(scores, tiers)) == pytest.approx(total - gap, abs=1e-9)


def test_a_tie_alone_says_nothing_to_the_two_that_ask_for_the_best():
    scores = torch.tensor([0.4, 2.0, -1.0], requires_grad=True)
    for loss in (infonce, best_worst):
        value = loss(scores, torch.tensor([0, 0, 0]))
        assert float(value.detach()) == 0.0
        assert torch.autograd.grad(value, scores)[0].tolist() == [0.0] * 3


@pytest.mark.parametrize("loss", [plackett_luce, infonce, best_worst])
def test_padding_changes_neither_loss_nor_gradient(loss):
    scores = torch.tensor([0.4, 2.0, -1.0, 0.2], dtype=torch.float64, requires_grad=True)
    tiers = torch.tensor([1, 0, 1, 2])
    alone = loss(scores, tiers)
    expected = torch.autograd.grad(alone, scores)[0]
    wide = torch.cat([scores, scores.new_full((3,), 50.0)])[None, None]
    padded = loss(wide, torch.cat([tiers, tiers.new_full((3,), -1)])[None, None])
    assert padded.shape == (1, 1)
    assert float(padded.detach()) == pytest.approx(float(alone.detach()))
    found = torch.autograd.grad(padded.sum(), scores)[0]
    assert torch.allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize("loss", [plackett_luce, infonce, best_worst])
def test_it_falls_as_the_gap_widens_and_stays_finite(loss):
    gaps = torch.tensor([-200.0, -2.0, 0.0, 2.0, 200.0])
    scores = torch.stack([gaps, torch.zeros(5), torch.zeros(5) - 0.5], -1).requires_grad_()
    values = loss(scores, torch.tensor([0, 1, 2]).expand(5, 3))
    assert (values.diff() < 0).all()
    assert torch.isfinite(torch.autograd.grad(values.sum(), scores)[0]).all()


@pytest.mark.parametrize("loss", [plackett_luce, infonce, best_worst])
def test_gradients_are_the_derivative(loss):
    scores = torch.randn(3, 2, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).requires_grad_()
    tiers = torch.tensor([[0, 1, 1, 2, -1], [0, 1, 2, 3, 4], [0, 0, 1, -1, -1]])[:, None]
    assert torch.autograd.gradcheck(lambda s: loss(s, tiers), scores)
