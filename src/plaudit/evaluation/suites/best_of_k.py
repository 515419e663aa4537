"""How good the best of k answers is, picked by a score: what PPE asks of the answers it has checked."""

from __future__ import annotations

from scipy.stats import rankdata

from plaudit.evaluation.best_of_n.expected import expected_best
from plaudit.statistics import Floats


def best_of_k_curve(scores: Floats, truth: Floats) -> Floats:
    """[n], `expected_best` of k = 1...n drawn from the n answers; `scores` and `truth` are [n]."""
    return expected_best(scores, truth, range(1, len(scores) + 1))


def roc_auc(scores: Floats, truth: Floats) -> float:
    """How often a right answer (truth 1) scores above a wrong one (truth 0), equal scores half; both must occur."""
    right = int(truth.sum())
    above = rankdata(scores)[truth == 1].sum() - right * (right + 1) / 2
    return float(above / (right * (len(truth) - right)))
