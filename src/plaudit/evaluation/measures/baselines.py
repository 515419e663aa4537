"""Figures of baselines on the same judgements, and the model's lead over each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.evaluation.dataset import EvaluationData
from plaudit.evaluation.measures.preferences import accuracy, lead
from plaudit.evaluation.measures.ratings import correlations, spearman_lead
from plaudit.scoring import ScoredGroups
from plaudit.statistics import CORRELATIONS, Measurement, Measurements, undefined
from plaudit.storage import Fields


@dataclass(frozen=True, slots=True)
class BaselineMetrics:
    """What a baseline reaches.

    Attributes:
        overall: `accuracy`, and `lead`: the model's accuracy minus this one's, with the interval of the difference.
        ratings: attribute -> correlations with people of its values (its score, where it has none), and `lead`: of the
            model's Spearman correlation.
    """

    overall: Measurements
    ratings: Mapping[str, Measurements]

    def to_json(self) -> dict[str, Any]:
        return {
            **{name: measured.to_json() for name, measured in self.overall.items()},
            "ratings": {
                attribute: {name: measured.to_json() for name, measured in figures.items()}
                for attribute, figures in self.ratings.items()
            },
        }

    @classmethod
    def from_json(cls, row: Fields) -> BaselineMetrics:
        """The inverse of `to_json`."""
        return cls(
            {name: Measurement.from_json(value) for name, value in row.values.items() if name != "ratings"},
            {
                attribute: {name: Measurement.from_json(value) for name, value in figures.values.items()}
                for attribute, figures in row.object("ratings").items()
            },
        )


def measure_baseline(baseline: ScoredGroups, data: EvaluationData) -> BaselineMetrics:
    """Measure a baseline against people, and the model against the baseline. What needs a score that is not finite is
    undefined, and says which model's it is."""
    return BaselineMetrics(
        _of_rankings(baseline, data),
        {attribute: _of_ratings(attribute, baseline, data) for attribute in data.ratings},
    )


def _of_rankings(baseline: ScoredGroups, data: EvaluationData) -> Measurements:
    comparisons, intervals = data.comparisons, data.intervals
    missing = _of_this_baseline(data.missing(baseline.scores, comparisons.responses))
    either = missing or data.missing(data.model.scores, comparisons.responses)
    return {
        "accuracy": undefined(missing) if missing else accuracy(comparisons, baseline.scores, intervals),
        "lead": undefined(either)
        if either
        else lead(comparisons, data.model.scores, comparisons.gaps(baseline.scores), intervals),
    }


def _of_ratings(attribute: str, baseline: ScoredGroups, data: EvaluationData) -> Measurements:
    rated = data.ratings[attribute]
    missing = _of_this_baseline(data.missing(baseline.on(attribute), rated.response))
    either = missing or data.missing(data.model.on(attribute), rated.response)
    model, values = data.model.on(attribute)[rated.response], baseline.on(attribute)[rated.response]
    figures = (
        dict.fromkeys((*CORRELATIONS, "kendall_within"), undefined(missing))
        if missing
        else correlations(values, rated.human, rated.cluster, rated.group, data.intervals)
    )
    return {**figures, "lead": undefined(either) if either else spearman_lead(rated, model, values, data.intervals)}


def _of_this_baseline(missing: str | None) -> str | None:
    return None if missing is None else f"of this baseline's, {missing}"
