"""Scores -> measurements: pure functions. No value without its interval and its rivals."""

from plaudit.evaluation.evaluation import Evaluation, check_measurable, check_options, evaluate
from plaudit.evaluation.judgements.comparisons import Comparisons, flatten
from plaudit.evaluation.measures.rivals import Rival
from plaudit.evaluation.statistics.intervals import Measurement
from plaudit.evaluation.verdict import verdict

__all__ = [
    "Comparisons",
    "Evaluation",
    "Measurement",
    "Rival",
    "check_measurable",
    "check_options",
    "evaluate",
    "flatten",
    "verdict",
]
