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
from plaudit.evaluation.measures.preferences import BASELINE_METRICS, MODEL_METRICS, human_accuracy
from plaudit.evaluation.measures.ratings import RATING_METRICS, measure_raters, measure_ratings
from plaudit.evaluation.measures.rewards import Rewards, measure_rewards
from plaudit.judgements import alpha_of_rankings, ndcg, ndcg_chance, top1, top1_chance
from plaudit.statistics import Floats, Measurement, Measurements, undefined
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
    """Measure a subset or all. A figure that needs a score that is not finite is undefined, and says so."""
    missing = data.missing(data.model.scores, data.comparisons.responses)
    comparisons, scores, included, intervals = data.comparisons, data.model.scores, data.included, data.intervals
    return Metrics(
        overall={
            **_of_model(data, missing),
            **{name: function(comparisons, intervals) for name, function in BASELINE_METRICS.items()},
            "human_accuracy": human_accuracy(data.votes, intervals),
            "human_alpha": alpha_of_rankings(data.votes, intervals),
            **_of_rankings(data),
        },
        ratings={attribute: _of_ratings(attribute, data) for attribute in data.ratings},
        baselines={name: measure_baseline(baseline, data) for name, baseline in data.model.baselines.items()},
        reliability=[] if missing else reliability(comparisons, scores, intervals),
        lengths=[] if missing else by_length(comparisons, scores, intervals),
        rewards=measure_rewards(
            scores[included], data.responses.prompt[included], data.responses.cluster[included], intervals
        ),
    )


def _of_model(data: EvaluationData, missing: str | None) -> Measurements:
    comparisons, scores, spreads = data.comparisons, data.model.scores, data.model.spreads
    if missing:
        names = (*MODEL_METRICS, *temperature.NAMES, *(selective.NAMES if spreads is not None else ()))
        return dict.fromkeys(names, undefined(missing))
    return {
        **{name: function(comparisons, scores, data.intervals) for name, function in MODEL_METRICS.items()},
        **temperature.at_temperature(comparisons, scores, data.intervals),
        **(_selective(data, spreads) if spreads is not None and len(comparisons) else {}),
    }


def _selective(data: EvaluationData, spreads: Floats) -> Measurements:
    if missing := int((~np.isfinite(spreads[data.included])).sum()):
        return dict.fromkeys(selective.NAMES, undefined(f"{missing:,} of the scores have no spread"))
    return selective.selective_accuracy(data.comparisons, data.model.scores, spreads, data.intervals)


def _of_rankings(data: EvaluationData) -> Measurements:
    """Figures of whole rankings; none where the data have pairs only."""
    ranked, scores = data.rankings, data.model.scores
    if not len(ranked):
        return {}
    missing = data.missing(scores, ranked.response)
    return {
        "top1": undefined(missing) if missing else top1(ranked, scores, data.intervals),
        "top1_chance": top1_chance(ranked),
        "ndcg": undefined(missing) if missing else ndcg(ranked, scores, intervals=data.intervals),
        "ndcg_chance": ndcg_chance(ranked),
    }


def _of_ratings(attribute: str, data: EvaluationData) -> Measurements:
    rated, values = data.ratings[attribute], data.model.on(attribute)
    if missing := data.missing(values, rated.response):
        return {**dict.fromkeys(RATING_METRICS, undefined(missing)), **measure_raters(rated, data.intervals)}
    in_units = attribute in data.model.attributes
    return {
        **measure_ratings(rated, values[rated.response], in_units, data.intervals),
        **measure_raters(rated, data.intervals),
    }


def _to_json(measured: Measurements) -> dict[str, Any]:
    return {name: measurement.to_json() for name, measurement in measured.items()}


def _from_json(row: Fields, others: Collection[str] = ()) -> Measurements:
    return {name: Measurement.from_json(value) for name, value in row.values.items() if name not in others}
