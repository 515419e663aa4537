"""Loss curves: each loss as a function of one score gap."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float

from plaudit import losses
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES

GAP = "score of the better response minus the other's"
BEST = "score of the best of four minus the others'"
RIGHT = "output of the right class minus the others'"
ERROR = "score minus the rating"

_POINTS = 121
_MAX_GAP = 6.0
_MAX_ERROR = 3.0

Points = Float[torch.Tensor, " points"]


@dataclass(frozen=True, slots=True)
class LossCurve:
    """A loss as a function of one number.

    Attributes:
        loss: name of the loss.
        against: what x is: `GAP`, `BEST`, `RIGHT` or `ERROR`.
        x: from low to high.
        y: the loss there.
    """

    loss: str
    against: str
    x: tuple[float, ...]
    y: tuple[float, ...]


def loss_curves() -> list[LossCurve]:
    """A curve for every loss there is.

    Losses of comparisons are drawn for one decided comparison. Losses of whole rankings for a full order of four whose
    best has the gap's score and the others 0: what they cost at last is the order of those three. Rating losses are
    drawn against score minus rating: `ordinal` for the middle of three levels, with cut-points one apart, and
    `classes`, which has one output a level, against the right one's lead among three.

    Example:
        >>> curve = next(curve for curve in loss_curves() if curve.loss == "bradley-terry")
        >>> f"{curve.y[60]:.3f} at a gap of 0"  # log 2
        '0.693 at a gap of 0'
    """
    return [*(_of_rankings(name) for name in RANKING_LOSSES), *(_of_ratings(name) for name in RATING_LOSSES)]


def _of_rankings(name: str) -> LossCurve:
    loss, gap = RANKING_LOSSES[name], _grid(_MAX_GAP)
    if loss.unit == "comparisons":
        return _curve(name, GAP, gap, loss.function(gap, torch.zeros_like(gap, dtype=torch.bool)))
    scores = torch.zeros(len(gap), 4, dtype=gap.dtype)
    scores[:, 0] = gap
    return _curve(name, BEST, gap, loss.function(scores, torch.arange(4).expand(len(gap), 4)))


def _of_ratings(name: str) -> LossCurve:
    against, loss_of = _READOUTS[RATING_LOSSES[name].readout]
    x = _grid(_MAX_GAP if against == RIGHT else _MAX_ERROR)
    return _curve(name, against, x, loss_of(name, x))


def _of_values(name: str, x: Points) -> Points:
    return RATING_LOSSES[name].function(x, torch.zeros_like(x))


def _of_levels(_: str, x: Points) -> Points:
    cuts = torch.tensor([-0.5, 0.5], dtype=x.dtype)
    return losses.cumulative_link(x, torch.ones(len(x), dtype=torch.long), cuts)


def _of_classes(_: str, x: Points) -> Points:
    logits = torch.zeros(len(x), 3, dtype=x.dtype)
    logits[:, 0] = x
    return losses.classes(logits, torch.zeros(len(x), dtype=torch.long))


_READOUTS: Mapping[str, tuple[str, Callable[[str, Points], Points]]] = {
    "value": (ERROR, _of_values),
    "ordinal": (ERROR, _of_levels),
    "classes": (RIGHT, _of_classes),
}


def _grid(limit: float) -> Points:
    return torch.linspace(-limit, limit, _POINTS, dtype=torch.float64)


def _curve(name: str, against: str, x: Points, y: Points) -> LossCurve:
    return LossCurve(loss=name, against=against, x=tuple(x.tolist()), y=tuple(y.tolist()))
