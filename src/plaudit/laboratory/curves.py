"""Each loss as a function of one score gap, so that a reader sees what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch

from plaudit import losses
from plaudit.losses import RANKING_LOSSES, RATING_LOSSES

GAP = "score of the better response minus the other's"
BEST = "score of the best of four minus the others'"
RIGHT = "output of the right class minus the others'"
OFF = "score minus what was said"

_POINTS = 121
_WIDEST = 6.0
_OFF = 3.0


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """A loss against one number.

    Attributes:
        loss: its name.
        against: what the number is: `GAP`, `BEST`, `RIGHT` or `OFF`.
        x: from low to high.
        y: the loss there.
    """

    loss: str
    against: str
    x: tuple[float, ...]
    y: tuple[float, ...]


def learning_curves() -> list[LearningCurve]:
    """A curve for every loss there is.

    Losses of comparisons are drawn for one decided comparison. Losses of whole rankings for a full order of four whose
    best has the gap's score and the others 0: what they cost at last is the order of those three. Rating losses are
    drawn against score minus what was said: `ordinal` for the middle of three levels, with cut-points one apart, and
    `classes`, which has one output a level, against the right one's lead among three.
    """
    return [*(_of_rankings(name) for name in RANKING_LOSSES), *(_of_ratings(name) for name in RATING_LOSSES)]


def _of_rankings(name: str) -> LearningCurve:
    loss, gap = RANKING_LOSSES[name], _line(_WIDEST)
    if loss.unit == "comparisons":
        return _curve(name, GAP, gap, loss.function(gap, torch.zeros_like(gap, dtype=torch.bool)))
    scores = torch.zeros(len(gap), 4, dtype=gap.dtype)
    scores[:, 0] = gap
    return _curve(name, BEST, gap, loss.function(scores, torch.arange(4).expand(len(gap), 4)))


def _of_ratings(name: str) -> LearningCurve:
    against, draw = _READOUTS[RATING_LOSSES[name]]
    x = _line(_WIDEST if against == RIGHT else _OFF)
    return _curve(name, against, x, draw(name, x))


def _of_values(name: str, x: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = getattr(losses, name)(x, torch.zeros_like(x))
    return found


def _of_levels(_: str, x: torch.Tensor) -> torch.Tensor:
    cuts = torch.tensor([-0.5, 0.5], dtype=x.dtype)
    return losses.cumulative_link(x, torch.ones(len(x), dtype=torch.long), cuts)


def _of_classes(_: str, x: torch.Tensor) -> torch.Tensor:
    logits = torch.zeros(len(x), 3, dtype=x.dtype)
    logits[:, 0] = x
    return losses.classes(logits, torch.zeros(len(x), dtype=torch.long))


_READOUTS: Mapping[str, tuple[str, Callable[[str, torch.Tensor], torch.Tensor]]] = {
    "value": (OFF, _of_values),
    "ordinal": (OFF, _of_levels),
    "classes": (RIGHT, _of_classes),
}


def _line(widest: float) -> torch.Tensor:
    return torch.linspace(-widest, widest, _POINTS, dtype=torch.float64)


def _curve(name: str, against: str, x: torch.Tensor, y: torch.Tensor) -> LearningCurve:
    return LearningCurve(name, against, tuple(x.tolist()), tuple(y.tolist()))
