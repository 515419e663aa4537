"""Everything measured of one part of the judgements: of all of them, or of a subset."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from plaudit.evaluation.dataset import EvaluationData
from plaudit.evaluation.measures import selective, temperature
from plaudit.evaluation.measures.baselines import BaselineMetrics, measure_baseline
from plaudit.evaluation.measures.calibration import Confident, reliability
from plaudit.evaluation.measures.lengths import Length, by_length
from plaudit.evaluation.measures.ratings import MODEL_RATING_METRICS, measure_raters, measure_ratings
from plaudit.evaluation.measures.rewards import Rewards, measure_rewards
from plaudit.evaluation.registry import METRICS, RATING_METRICS
from plaudit.statistics import Measurement, Measurements, undefined
from plaudit.storage import Fields


@dataclass(frozen=True, slots=True)
class Metrics:
    """What was measured.

    Attributes:
        overall: measurements of rankings by name, `accuracy` first.
        ratings: measurements of each rated attribute.
        baselines: what plain models reach on the same judgements.
        reliability: how often the model is right, by its confidence.
        lengths: accuracy by how much longer the better response is.
        rewards: the distribution of the rewards; None only where nobody measured it.
    """

    overall: Measurements
    ratings: Mapping[str, Measurements] = field(default_factory=dict)
    baselines: Mapping[str, BaselineMetrics] = field(default_factory=dict)
    reliability: Sequence[Confident] = ()
    lengths: Sequence[Length] = ()
    rewards: Rewards | None = None

    def to_json(self) -> dict[str, Any]:
        """One object: each measurement under its own name, then the attributes by theirs."""
        return {
            **_to_json(self.overall),
            "ratings": {attribute: _to_json(measured) for attribute, measured in self.ratings.items()},
            "baselines": {name: baseline.to_json() for name, baseline in self.baselines.items()},
            "reliability": [row.to_json() for row in self.reliability],
            "lengths": [row.to_json() for row in self.lengths],
            "rewards": None if self.rewards is None else self.rewards.to_json(),
        }

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Metrics:
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is of another shape.
        """
        return cls(**read_metrics(Fields.of(row)))


def read_metrics(row: Fields, others: Collection[str] = ()) -> dict[str, Any]:
    """The fields of `Metrics` from what `Metrics.to_json` wrote.

    Args:
        row: the object.
        others: its keys that are neither a part of `Metrics` nor a measurement.
    """
    parts = {field.name for field in fields(Metrics)} | set(others)
    return {
        "overall": _from_json(row, parts),
        "ratings": {name: _from_json(measured) for name, measured in row.object("ratings").items()},
        "baselines": {name: BaselineMetrics.from_json(one) for name, one in row.object("baselines").items()},
        "reliability": [Confident.from_json(one) for one in row.objects("reliability")],
        "lengths": [Length.from_json(one) for one in row.objects("lengths")],
        "rewards": None if row.values.get("rewards") is None else Rewards.from_json(row.object("rewards")),
    }


def measure_metrics(data: EvaluationData) -> Metrics:
    """Measure a subset or all: every registered metric, and what is more than one figure.

    A figure that needs a score that is not finite is undefined, and says so.
    """
    comparisons, scores, included, intervals = data.comparisons, data.model.scores, data.included, data.intervals
    missing = data.missing(scores, comparisons.responses)
    return Metrics(
        overall=_of_preferences(data),
        ratings={attribute: _of_ratings(attribute, data) for attribute in data.ratings},
        baselines={name: measure_baseline(baseline, data) for name, baseline in data.model.baselines.items()},
        reliability=[] if missing else reliability(comparisons, scores, intervals),
        lengths=[] if missing else by_length(comparisons, scores, intervals),
        rewards=measure_rewards(
            scores[included], data.responses.prompt[included], data.responses.cluster[included], intervals
        ),
    )


def _of_preferences(data: EvaluationData) -> Measurements:
    """Every figure of comparisons and rankings, in the registry's order."""
    together = {**_at_temperature(data), **_selective(data)}
    figures = {
        name: together.pop(name, None) if metric.measure is None else metric.measure(data)
        for name, metric in METRICS.items()
    }
    return {**{name: measured for name, measured in figures.items() if measured is not None}, **together}


def _at_temperature(data: EvaluationData) -> Measurements:
    comparisons, scores = data.comparisons, data.model.scores
    if missing := data.missing(scores, comparisons.responses):
        return dict.fromkeys(temperature.NAMES, undefined(missing))
    return temperature.at_temperature(comparisons, scores, data.intervals)


def _selective(data: EvaluationData) -> Measurements:
    """Figures of models that give their scores a spread; none of others."""
    comparisons, scores, spreads = data.comparisons, data.model.scores, data.model.spreads
    if spreads is None:
        return {}
    if missing := data.missing(scores, comparisons.responses):
        return dict.fromkeys(selective.NAMES, undefined(missing))
    if not len(comparisons):
        return {}
    if without := int((~np.isfinite(spreads[data.included])).sum()):
        return dict.fromkeys(selective.NAMES, undefined(f"{without:,} of the scores have no spread"))
    return selective.selective_accuracy(comparisons, scores, spreads, data.intervals)


def _of_ratings(attribute: str, data: EvaluationData) -> Measurements:
    """Every figure of one attribute's ratings."""
    rated, values = data.ratings[attribute], data.model.on(attribute)
    added = {name: metric.measure for name, metric in RATING_METRICS.items() if metric.measure is not None}
    if missing := data.missing(values, rated.response):
        needed = (*MODEL_RATING_METRICS, *added)
        return {**dict.fromkeys(needed, undefined(missing)), **measure_raters(rated, data.intervals)}
    in_units = attribute in data.model.attributes
    return {
        **measure_ratings(rated, values[rated.response], in_units, data.intervals),
        **measure_raters(rated, data.intervals),
        **{name: measure(rated, values[rated.response], data.intervals) for name, measure in added.items()},
    }


def _to_json(measured: Measurements) -> dict[str, Any]:
    return {name: measurement.to_json() for name, measurement in measured.items()}


def _from_json(row: Fields, others: Collection[str] = ()) -> Measurements:
    return {name: Measurement.from_json(value) for name, value in row.values.items() if name not in others}
