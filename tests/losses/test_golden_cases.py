"""Every loss on small cases worked out by hand. To add a loss, or a case, add a line."""

from math import e, exp, log

import pytest
import torch

from plaudit.losses import RANKING_LOSSES, RATING_LOSSES, ranking_loss

# Loss -> (gap, whether it is a tie, expected).
COMPARISONS = [
    ("bradley-terry", 0.0, False, log(2)),  # -log σ(0)
    ("bradley-terry", log(3), False, log(4 / 3)),  # σ(log 3) = 3/4
    ("bradley-terry", log(3), True, (log(4 / 3) + log(4)) / 2),  # half a win each way
    ("ranknet", log(3), False, log(4 / 3)),  # the same likelihood, pair by pair
    ("hinge", 0.25, False, 0.75),  # 1 - gap
    ("hinge", 2.0, False, 0.0),  # beyond the margin
    ("hinge", 2.0, True, 1.5),  # half of max(0, 1 - 2) and of max(0, 1 + 2)
]

# Loss -> (scores, tiers, expected).
RANKINGS = [
    ("plackett-luce", [0, 0, 0], [0, 1, 2], (log(3) + log(2)) / 2),  # the best of three, then of two
    ("plackett-luce:1", [0, 0, 0], [0, 1, 2], log(3)),
    ("plackett-luce", [log(2), 0, 0], [0, 1, 2], (log(2) + log(2)) / 2),  # 2/4, then 1/2
    ("infonce", [log(2), 0, 0], [0, 1, 1], log(2)),  # 2 of 2 + 1 + 1
    ("infonce", [0, 0], [0, 0], 0.0),  # one tie alone says nothing
    ("best-worst", [0, 0, 0], [0, 1, 2], log(6)),  # one of six ordered pairs
    ("best-worst", [1, 0], [0, 1], log(1 + exp(-2))),  # Bradley-Terry on twice the gap
]

# Loss -> (score or logits, target or level, expected).
RATINGS = [
    ("mse", 1.0, 3.0, 4.0),
    ("mae", 1.0, 3.0, 2.0),
    ("huber", 0.0, 0.5, 0.125),  # half the square
    ("huber", 0.0, 3.0, 2.5),  # a line from 1 on: 3 - 1/2
    ("ordinal", 0.0, 0, log(2)),  # below the first of the cuts 0 and 1
    ("ordinal", 0.0, 2, log(1 + e)),  # above the second: 1 - σ(1)
    ("classes", [0.0, 0.0, 0.0, 0.0], 2, log(4)),
]


@pytest.mark.parametrize(("name", "gap", "tie", "expected"), COMPARISONS)
def test_losses_of_comparisons(name, gap, tie, expected):
    loss = RANKING_LOSSES[name].function(torch.tensor([gap]), torch.tensor([tie]))
    assert loss.tolist() == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize(("name", "scores", "tiers", "expected"), RANKINGS)
def test_losses_of_rankings(name, scores, tiers, expected):
    loss, parameter = ranking_loss(name)
    value = loss.function(torch.tensor([scores], dtype=torch.float), torch.tensor([tiers]), **parameter)
    assert value.tolist() == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize(("name", "score", "target", "expected"), RATINGS)
def test_losses_of_ratings(name, score, target, expected):
    more = [torch.tensor([0.0, 1.0])] if RATING_LOSSES[name].readout == "ordinal" else []
    value = RATING_LOSSES[name].function(torch.tensor([score]), torch.tensor([target]), *more)
    assert value.tolist() == pytest.approx([expected], abs=1e-6)


def test_every_loss_has_a_case():
    cases = {name.partition(":")[0] for name, *_ in (*COMPARISONS, *RANKINGS, *RATINGS)}
    assert cases == {*RANKING_LOSSES, *RATING_LOSSES}
