"""Losses: scores and judgements in, one loss a judgement out. Pure functions of tensors, each with its source.

The tables name every loss a training run can be asked for. Losses of *comparisons* take score gaps, losses of
*rankings* whole tiers, losses of *ratings* one prediction each.
"""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.losses.comparisons import TIES, bradley_terry, centering, hinge
    from plaudit.losses.rankings import best_worst, infonce, plackett_luce
    from plaudit.losses.ratings import classes, cumulative_link, huber, mae, mse
    from plaudit.losses.table import RANKING_LOSSES, RATING_LOSSES, RankingLoss, RatingLoss, ranking_loss
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "RANKING_LOSSES",
    "RATING_LOSSES",
    "TIES",
    "RankingLoss",
    "RatingLoss",
    "best_worst",
    "bradley_terry",
    "centering",
    "classes",
    "cumulative_link",
    "hinge",
    "huber",
    "infonce",
    "mae",
    "mse",
    "plackett_luce",
    "ranking_loss",
]
