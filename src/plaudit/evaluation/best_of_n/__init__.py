"""Best of n: curves of true quality against n, the law of over-optimisation, and ensembles against it."""

from plaudit.evaluation.best_of_n.curves import Curve
from plaudit.evaluation.best_of_n.estimators import PENALTY, best_of_n_kl, decline, expected_best
from plaudit.evaluation.best_of_n.measuring import BestOfN, best_of

__all__ = [
    "PENALTY",
    "BestOfN",
    "Curve",
    "best_of",
    "best_of_n_kl",
    "decline",
    "expected_best",
]
