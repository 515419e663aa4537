"""Every loss a training run can be asked for, by name. A loss is one row, registered in the file that has its function.

A new loss is a function and a `register` call in one file of this folder, or in a module of somebody else's package
that is an entry point of `plaudit.ranking_loss` or `plaudit.rating_loss`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float

from plaudit.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingLoss:
    """How a loss reads a ranking.

    Attributes:
        function: of score gaps and ties (`unit="comparisons"`), or of scores and tiers (`unit="rankings"`).
        unit: `comparisons` or `rankings`.
        takes: which of a run's settings the function has as keywords: `ties`, `margin`, `label_smoothing`.
        parameter: the keyword of a whole number that may follow the name, as K in `plackett-luce:K`; None: none may.
        share_weight: whether the comparisons of a ranking share its weight, so that a ranking is one judgement, or
            each counts as one.
        tie_rules: which values of the setting `ties` the function can compute, where it takes that setting.
        reads_lone_ties: whether a ranking that is one tie alone contributes to the loss.
        likelihood: whether σ(gap) is the probability it models that the better of two wins. Of Plackett-Luce, any two
            responses of a ranking are a Bradley-Terry comparison (Luce's choice axiom), and `infonce` is its first
            choice.

    Example:
        >>> RANKING_LOSSES["bradley-terry"].has_win_probability, RANKING_LOSSES["hinge"].has_win_probability
        (True, False)
        >>> RankingLoss(function=lambda gap, tie: torch.exp(-gap), unit="comparisons").parameter is None
        True
    """

    function: Callable[..., Float[torch.Tensor, "*_"]]
    unit: str
    takes: frozenset[str] = frozenset()
    parameter: str | None = None
    share_weight: bool = True
    tie_rules: frozenset[str] = frozenset({"half", "rao-kupper", "ignore"})
    reads_lone_ties: bool = True
    likelihood: bool = False

    @property
    def has_win_probability(self) -> bool:
        """Whether it is the negative log-likelihood of single comparisons."""
        return self.likelihood and self.unit == "comparisons"


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingLoss:
    """How a loss reads a rating.

    Attributes:
        function: of a score and a target (`readout="value"`), of a score, a level and cut-points (`"ordinal"`), or of
            one logit a level and a level (`"classes"`).
        readout: what the head's outputs are read as (see `model.heads`).

    Example:
        >>> {name: loss.readout for name, loss in RATING_LOSSES.items()}
        {'mse': 'value', 'mae': 'value', 'huber': 'value', 'ordinal': 'ordinal', 'classes': 'classes'}
    """

    function: Callable[..., Float[torch.Tensor, "*_"]]
    readout: str = "value"


def _place(loss: RankingLoss | RatingLoss) -> tuple[bool, str]:
    """Ours come first, by file, whichever file was imported first."""
    module = loss.function.__module__
    return not module.startswith("plaudit."), module


RANKING_LOSSES: Registry[RankingLoss] = Registry("ranking loss", "plaudit.losses", order=_place)
RATING_LOSSES: Registry[RatingLoss] = Registry("rating loss", "plaudit.losses", order=_place)


def ranking_loss(name: str) -> tuple[RankingLoss, dict[str, int]] | None:
    """The loss of that name and its own options; None if there is none.

    Example:
        >>> ranking_loss("plackett-luce:3")[1]
        {'top': 3}
        >>> ranking_loss("hinge:3") is None
        True
    """
    base, colon, number = name.partition(":")
    loss = RANKING_LOSSES.get(base)
    if loss is None or not colon:
        return None if loss is None else (loss, {})
    if loss.parameter is None or not (number.isascii() and number.isdigit()) or number.startswith("0"):
        return None
    return loss, {loss.parameter: int(number)}
