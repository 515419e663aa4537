"""Plain models beside the model: what they reach on the same judgements, and by how much the model leads."""

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
    """What a plain model reaches.

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


def measure_baseline(baseline: ScoredGroups, material: EvaluationData) -> BaselineMetrics:
    """Measure a baseline against people, and the model against the baseline. What needs a score that is not finite is
    undefined, and says whose it is."""
    return BaselineMetrics(
        _of_rankings(baseline, material),
        {attribute: _of_ratings(attribute, baseline, material) for attribute in material.rated},
    )


def _of_rankings(baseline: ScoredGroups, material: EvaluationData) -> Measurements:
    model, own = material.compared.scored(material.model.scores), material.compared.scored(baseline.scores)
    theirs = _whose(material.hole(baseline.scores, material.judged))
    either = theirs or material.hole(material.model.scores, material.judged)
    return {
        "accuracy": undefined(theirs) if theirs else accuracy(own),
        "lead": undefined(either) if either else lead(model, own.gap),
    }


def _of_ratings(attribute: str, baseline: ScoredGroups, material: EvaluationData) -> Measurements:
    rated = material.rated[attribute]
    places = material.places(rated)
    model, own = material.model.on(attribute), baseline.on(attribute)
    theirs = _whose(material.hole(own, places))
    either = theirs or material.hole(model, places)
    found = correlations(own[places], rated.human, rated.cluster, rated.group) if theirs is None else _undefined(theirs)
    return {**found, "lead": undefined(either) if either else spearman_lead(rated, model[places], own[places])}


def _undefined(reason: str) -> Measurements:
    return dict.fromkeys((*CORRELATIONS, "kendall_within"), undefined(reason))


def _whose(hole: str | None) -> str | None:
    return None if hole is None else f"of this baseline's, {hole}"
