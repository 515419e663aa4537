"""Losses of single ratings: a prediction and a rating in, one loss out."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int

from plaudit.losses.table import RATING_LOSSES, RatingLoss

Values = Float[torch.Tensor, "*ratings"]
Levels = Int[torch.Tensor, "*ratings"]


def mse(score: Values, target: Values) -> Values:
    """(score - target)². Least where the score is the mean rating.

    Example:
        >>> mse(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0]))
        tensor([1., 4.])
    """
    return (score - target).square()


def mae(score: Values, target: Values) -> Values:
    """|score - target|. Least where the score is the median rating.

    Example:
        >>> mae(torch.tensor([1.0, 3.0]), torch.tensor([2.0, 1.0]))
        tensor([1., 2.])
    """
    return (score - target).abs()


def huber(score: Values, target: Values, *, delta: float = 1.0) -> Values:
    """Half the square up to `delta`, then a line (Huber 1964): one wild rating pulls no harder than `delta`.

    Args:
        score, target: in standard deviations of the ratings.
        delta: where the line begins.

    Example:
        >>> huber(torch.tensor([0.5, 3.0]), torch.zeros(2))
        tensor([0.1250, 2.5000])
    """
    return F.huber_loss(score, target, reduction="none", delta=delta)


def cumulative_link(score: Values, level: Levels, cuts: Float[torch.Tensor, " cuts"]) -> Values:
    """-log P(level) in the proportional-odds model (McCullagh 1980): P(level <= k) = σ(cut_k - score).

    Args:
        score: any real number.
        level: 0 the lowest.
        cuts: between the levels, ascending: one fewer than there are levels.

    Returns:
        In nats.

    Example:
        >>> cumulative_link(torch.zeros(1), torch.tensor([0]), torch.tensor([0.0, 1.0]))  # half below the first cut
        tensor([0.6931])
    """
    infinity = cuts.new_full((1,), float("inf"))
    upper = torch.cat([cuts, infinity])[level] - score
    lower = torch.cat([-infinity, cuts])[level] - score
    # log(σ(u) - σ(l)) = log σ(u) + log σ(-l) + log(1 - e^(l - u)), which stays finite far out in the tails. The outer
    # levels are infinitely wide; clamped, the last term and its gradient are 0 there instead of undefined.
    width = (upper - lower).clamp(max=30.0)
    return -(F.logsigmoid(upper) + F.logsigmoid(-lower) + torch.log(-torch.expm1(-width)))


def classes(logits: Float[torch.Tensor, "*ratings levels"], level: Levels) -> Values:
    """-log softmax(logits)[level]: plain cross entropy, which knows no order of the levels.

    Args:
        logits: one of each level.
        level: 0 the lowest.

    Returns:
        In nats.

    Example:
        >>> classes(torch.zeros(1, 4), torch.tensor([2]))  # log 4
        tensor([1.3863])
    """
    return -logits.log_softmax(-1).gather(-1, level[..., None]).squeeze(-1)


RATING_LOSSES.register("mse", RatingLoss(function=mse))
RATING_LOSSES.register("mae", RatingLoss(function=mae))
RATING_LOSSES.register("huber", RatingLoss(function=huber))
RATING_LOSSES.register("ordinal", RatingLoss(function=cumulative_link, readout="ordinal"))
RATING_LOSSES.register("classes", RatingLoss(function=classes, readout="classes"))
