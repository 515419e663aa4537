"""Registered metrics: one row says how a figure is measured, what it is called, and how tables, card and page show it.

A new metric is a function and one `METRICS.register` (or `RATING_METRICS.register`) in any module that is imported, or
in one that a distribution names as an entry point in the group `plaudit.metric` (or `plaudit.rating_metric`). It then
stands in `metrics.json`, in the terminal's table, on the page, and where it is a headline on the model card.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from plaudit.evaluation.dataset import EvaluationData
from plaudit.judgements import AttributeRatings, Comparisons, PerRated, PerResponse, RankedLists
from plaudit.registry import Registry
from plaudit.statistics import Form, Intervals, Measurement, undefined
from plaudit.text import Language

Measure = Callable[[EvaluationData], Measurement | None]
"""Data -> a figure; None where the data have nothing it could be of."""

MeasureRatings = Callable[[AttributeRatings, PerRated, Intervals], Measurement]
"""One attribute's ratings, the model's value of each rated response, and how intervals are made -> a figure."""


Measured = TypeVar("Measured", Measure, MeasureRatings)


# No slots: a generic class with slots cannot be frozen (typing sets an attribute on its instances).
@dataclass(frozen=True, kw_only=True)
class Metric(Generic[Measured]):
    """A figure of comparisons and rankings (`PreferenceMetric`) or of one attribute's ratings (`RatingMetric`).

    Attributes:
        name: its key in `metrics.json`.
        en: its label.
        zh: its label in Chinese.
        form: how its numbers are written.
        measure: makes it; None where it is made together with others (`metrics.py`).
        under: the metric whose row its own stands under, because it is read against that one or is made from it.
        chance: what a model that knows nothing has, where that is one number whatever the data.
        place: where its row stands in tables; by default last.
        headline: its place on the model card; None where it does not stand there.

    Example:
        >>> from plaudit.statistics import percent
        >>> metric = Metric(name="accuracy", en="accuracy", zh="准确率", form=percent)
        >>> metric.label("zh"), metric.form(0.5)
        ('准确率', '50.0%')
    """

    name: str
    en: str
    zh: str
    form: Form
    measure: Measured | None = None
    under: str | None = None
    chance: float | None = None
    place: float = math.inf
    headline: int | None = None

    def label(self, language: Language) -> str:
        """Its label in a language."""
        return self.zh if language == "zh" else self.en


PreferenceMetric = Metric[Measure]
RatingMetric = Metric[MeasureRatings]

METRICS: Registry[PreferenceMetric] = Registry("metric", "plaudit.evaluation.preference_metrics")
"""Name -> figure of comparisons and rankings, in the order of `metrics.json`."""

RATING_METRICS: Registry[RatingMetric] = Registry("rating metric", "plaudit.evaluation.rating_metrics")
"""Name -> figure of an attribute's ratings, in the order of tables."""

AnyMetric = TypeVar("AnyMetric", bound=Metric[Any])


def in_table_order(metrics: Mapping[str, AnyMetric]) -> list[AnyMetric]:
    """Metrics as their rows stand in tables: by place, each with those that stand under it.

    Example:
        >>> rows = in_table_order({name: METRICS[name] for name in ("log_loss", "chance", "accuracy")})
        >>> [(metric.name, metric.under) for metric in rows]
        [('accuracy', None), ('chance', 'accuracy'), ('log_loss', None)]
    """
    by_place = sorted(metrics.values(), key=lambda metric: metric.place)
    return [
        row
        for top in by_place
        if top.under not in metrics
        for row in (top, *(metric for metric in by_place if metric.under == top.name))
    ]


def headlines(metrics: Mapping[str, AnyMetric]) -> list[AnyMetric]:
    """Metrics that stand on the model card, as they stand there.

    Example:
        >>> [metric.en for metric in headlines({name: METRICS[name] for name in ("human_accuracy", "accuracy")})]
        ['accuracy', 'one person against the others']
    """
    chosen = [(metric.headline, metric) for metric in metrics.values() if metric.headline is not None]
    return [metric for _, metric in sorted(chosen, key=lambda pair: pair[0])]


def of_scores(function: Callable[[Comparisons, PerResponse, Intervals], Measurement]) -> Measure:
    """A figure of comparisons and scores; undefined where a score of a compared response is not finite.

    Example:
        >>> from plaudit import Group, Ranking, ScoredGroups
        >>> from plaudit.evaluation.dataset import gather_data
        >>> from plaudit.evaluation.measures.preferences import margin
        >>> group = Group("q", "2 + 2?", ("4", "Five."), (Ranking(((0,), (1,))),))
        >>> data = gather_data([group], ScoredGroups.of([[1.5, 0.5]]), clusters=None, people=None)
        >>> of_scores(margin)(data).value
        1.0
    """

    def measure(data: EvaluationData) -> Measurement:
        if missing := data.missing(data.model.scores, data.comparisons.responses):
            return undefined(missing)
        return function(data.comparisons, data.model.scores, data.intervals)

    return measure


def of_comparisons(function: Callable[[Comparisons, Intervals], Measurement]) -> Measure:
    """A figure of comparisons, whatever the scores.

    Example:
        >>> from plaudit import Group, Ranking, ScoredGroups
        >>> from plaudit.evaluation.dataset import gather_data
        >>> from plaudit.evaluation.measures.preferences import length_accuracy
        >>> group = Group("q", "2 + 2?", ("4", "Five."), (Ranking(((0,), (1,))),))
        >>> data = gather_data([group], ScoredGroups.of([[1.5, 0.5]]), clusters=None, people=None)
        >>> of_comparisons(length_accuracy)(data).value
        0.0
    """
    return lambda data: function(data.comparisons, data.intervals)


def of_votes(function: Callable[[Comparisons, Intervals], Measurement]) -> Measure:
    """A figure of comparisons as they were before annotators were merged.

    Example:
        >>> from plaudit import Group, Ranking, ScoredGroups
        >>> from plaudit.evaluation.dataset import gather_data
        >>> from plaudit.evaluation.measures.preferences import human_accuracy
        >>> group = Group("q", "2 + 2?", ("4", "Five."), (Ranking(((0,), (1,))),))
        >>> data = gather_data([group], ScoredGroups.of([[1.5, 0.5]]), clusters=None, people=None)
        >>> of_votes(human_accuracy)(data).reason
        'no two named annotators judged the same two responses'
    """
    return lambda data: function(data.votes, data.intervals)


def of_rankings(function: Callable[[RankedLists, PerResponse, Intervals], Measurement]) -> Measure:
    """A figure of rankings of three responses or more and their scores; none where the data have pairs only.

    Example:
        >>> from plaudit import Group, Ranking, ScoredGroups
        >>> from plaudit.evaluation.dataset import gather_data
        >>> from plaudit.judgements import top1
        >>> group = Group("q", "2 + 2?", ("4", "5", "6"), (Ranking(((0,), (1,), (2,))),))
        >>> data = gather_data([group], ScoredGroups.of([[1.5, 0.5, 0.0]]), clusters=None, people=None)
        >>> of_rankings(top1)(data).value
        1.0
    """

    def measure(data: EvaluationData) -> Measurement | None:
        if not len(data.rankings):
            return None
        if missing := data.missing(data.model.scores, data.rankings.response):
            return undefined(missing)
        return function(data.rankings, data.model.scores, data.intervals)

    return measure


def of_ranked_lists(function: Callable[[RankedLists], Measurement]) -> Measure:
    """A figure of such rankings, whatever the scores."""
    return lambda data: function(data.rankings) if len(data.rankings) else None
