"""Losses: scores and what people said in, one loss a judgement out. Pure functions of tensors, each with its source.

The tables name every loss a training run can be asked for. Losses of *comparisons* take score gaps, losses of
*rankings* whole tiers, losses of *ratings* one prediction each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import torch

from plaudit.losses.listwise import best_worst, infonce, plackett_luce
from plaudit.losses.margin import hinge
from plaudit.losses.pairwise import bradley_terry


@dataclass(frozen=True, slots=True)
class RankingLoss:
    """How a loss reads a ranking.

    Attributes:
        name: what a run calls it.
        function: from the modules here.
        unit: `comparisons`: a function of score gaps; `rankings`: of scores and tiers.
        takes: which of a run's settings it understands besides.
        shared: whether the comparisons of a ranking share its weight, so that a ranking is one judgement, or each
            counts as one.
        ties: whether a ranking that is one tie alone says anything to it.
    """

    name: str
    function: Callable[..., torch.Tensor]
    unit: str
    takes: frozenset[str] = frozenset()
    shared: bool = True
    ties: bool = True


_LOGISTIC = frozenset({"ties", "margin", "label_smoothing"})

RANKING_LOSSES = {
    loss.name: loss
    for loss in (
        RankingLoss("bradley-terry", bradley_terry, "comparisons", _LOGISTIC),
        # Burges et al. 2005: the same logistic loss, every pair an example of its own.
        RankingLoss("ranknet", bradley_terry, "comparisons", _LOGISTIC, shared=False),
        RankingLoss("hinge", hinge, "comparisons", frozenset({"ties", "margin"})),
        RankingLoss("plackett-luce", plackett_luce, "rankings"),
        RankingLoss("infonce", infonce, "rankings", ties=False),
        RankingLoss("best-worst", best_worst, "rankings", ties=False),
    )
}
"""Name -> loss of rankings. `plackett-luce:K` is the top-K one."""

RATING_LOSSES = {"mse": "value", "mae": "value", "huber": "value", "ordinal": "ordinal", "classes": "classes"}
"""Name -> what it reads the head's outputs as (see `model.heads`)."""

_TOP = re.compile(r"plackett-luce:([1-9]\d*)")


def ranking_loss(name: str) -> tuple[RankingLoss, dict[str, int]] | None:
    """The loss of that name and its own options; None if there is none."""
    if match := _TOP.fullmatch(name):
        return RANKING_LOSSES["plackett-luce"], {"top": int(match.group(1))}
    return (RANKING_LOSSES[name], {}) if name in RANKING_LOSSES else None
