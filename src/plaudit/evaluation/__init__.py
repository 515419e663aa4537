"""Scores -> measurements: pure functions. No value without its interval and its baselines."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.evaluation.best_of_n import PENALTY, BestOfN, Curve, best_of, best_of_n_kl, decline, expected_best
    from plaudit.evaluation.invariance.checks import check_invariance
    from plaudit.evaluation.invariance.results import Checked, Invariance
    from plaudit.evaluation.measures.calibration import Confident
    from plaudit.evaluation.measures.preferences import lead
    from plaudit.evaluation.measures.ratings import ALL_EQUAL, spearman_lead
    from plaudit.evaluation.measures.rewards import Rewards
    from plaudit.evaluation.measures.temperature import fit_temperature
    from plaudit.evaluation.measuring import Evaluation, check_measurable, check_options, evaluate, read_evaluation
    from plaudit.evaluation.pairing.paired import Contrast, Disagreement, Paired, compare
    from plaudit.evaluation.probes import PROBES, Probe, Probed, Probes, chosen_probes, probe
    from plaudit.evaluation.probes.measuring import EQUAL, NOT_LOWER, NOT_NOTICED, NOT_SURE
    from plaudit.evaluation.registry import (
        METRICS,
        RATING_METRICS,
        AnyMetric,
        Metric,
        PreferenceMetric,
        RatingMetric,
        headlines,
        in_table_order,
        of_comparisons,
        of_rankings,
        of_scores,
        of_votes,
    )
    from plaudit.evaluation.suites import SUITES, SuiteMeasurement, SuiteResult, measure_suite, read_suite, run_suite
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "ALL_EQUAL",
    "EQUAL",
    "METRICS",
    "NOT_LOWER",
    "NOT_NOTICED",
    "NOT_SURE",
    "PENALTY",
    "PROBES",
    "RATING_METRICS",
    "SUITES",
    "AnyMetric",
    "BestOfN",
    "Checked",
    "Confident",
    "Contrast",
    "Curve",
    "Disagreement",
    "Evaluation",
    "Invariance",
    "Metric",
    "Paired",
    "PreferenceMetric",
    "Probe",
    "Probed",
    "Probes",
    "RatingMetric",
    "Rewards",
    "SuiteMeasurement",
    "SuiteResult",
    "best_of",
    "best_of_n_kl",
    "check_invariance",
    "check_measurable",
    "check_options",
    "chosen_probes",
    "compare",
    "decline",
    "evaluate",
    "expected_best",
    "fit_temperature",
    "headlines",
    "in_table_order",
    "lead",
    "measure_suite",
    "of_comparisons",
    "of_rankings",
    "of_scores",
    "of_votes",
    "probe",
    "read_evaluation",
    "read_suite",
    "run_suite",
    "spearman_lead",
]
