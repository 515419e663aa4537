"""Measurements averaged over seeds, and the paired difference of two models."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from plaudit.evaluation import ALL_EQUAL, Evaluation, lead, spearman_lead
from plaudit.groups import Group
from plaudit.judgements import AttributeRatings, PerRated, flatten_ratings, scored_comparisons, scores_of_rated
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement, kendall_by_group, mean, undefined


@dataclass(frozen=True, slots=True)
class SeedAverage:
    """A measurement averaged over seeds.

    Attributes:
        value: the mean over seeds; None where it is undefined.
        low, high: a 95% interval for the judgements, clustered.
        spread: standard deviation of the value over seeds; None for a single run.
        n: what each seed's value was computed from.
        reason: why something is undefined.
    """

    value: float | None
    low: float | None
    high: float | None
    spread: float | None
    n: int
    reason: str | None = None

    def __str__(self) -> str:
        over_seeds = "" if self.spread is None else f", sd over seeds {self.spread:.3f}"
        return f"{Measurement(self.value, self.low, self.high, self.n, self.reason)}{over_seeds}"

    def to_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if name != "reason" or value is not None}


@dataclass(frozen=True, slots=True)
class Lead:
    """The figure that rows are ordered by.

    Attributes:
        attribute: the rated one; None for rankings.
        name: `accuracy`, `kendall_within` or `spearman`.
    """

    attribute: str | None
    name: str

    def of(self, measured: Evaluation) -> Measurement:
        return (measured.overall if self.attribute is None else measured.ratings[self.attribute])[self.name]


def average_seeds(measurements: Sequence[Measurement]) -> SeedAverage:
    """The mean over seeds.

    Its interval's ends are the means of the seeds' ends: the standard deviation of a mean is at most the mean of the
    standard deviations, so the interval is never too narrow, however correlated the seeds are.

    Example:
        >>> average_seeds([Measurement(0.5, 0.4, 0.6, 9), Measurement(0.7, 0.5, 0.9, 9)]).value
        0.6
    """
    n, reason = measurements[0].n, next((m.reason for m in measurements if m.reason), None)
    values = [m.value for m in measurements if m.value is not None]
    if len(values) < len(measurements):
        return SeedAverage(value=None, low=None, high=None, spread=None, n=n, reason=reason)
    lows = [m.low for m in measurements if m.low is not None]
    highs = [m.high for m in measurements if m.high is not None]
    known = len(lows) == len(highs) == len(values)
    return SeedAverage(
        value=statistics.fmean(values),
        low=statistics.fmean(lows) if known else None,
        high=statistics.fmean(highs) if known else None,
        spread=statistics.stdev(values) if len(values) > 1 else None,
        n=n,
        reason=reason,
    )


def select_lead(measured: Sequence[Evaluation]) -> Lead:
    """Accuracy where people ranked; else, for the first attribute they rated, Kendall's correlation within groups, or
    where no group has two responses with different ratings, Spearman's over all."""
    first = measured[0]
    if first.overall["accuracy"].value is not None or not first.ratings:
        return Lead(None, "accuracy")
    attribute = next(iter(first.ratings))
    within = Lead(attribute, "kendall_within")
    return within if within.of(first).value is not None else Lead(attribute, "spearman")


def paired_difference(
    which: Lead, groups: Sequence[Group], model: ScoredGroups, reference: ScoredGroups, clusters: str | None
) -> Measurement:
    """The leading figure of a model minus that of a reference on the same judgements, so that what both find hard
    cancels."""
    if which.attribute is None:
        comparisons, scores = scored_comparisons(groups, model.per_group(), clusters)
        return lead(
            comparisons, scores, comparisons.gaps(scored_comparisons(groups, reference.per_group(), clusters)[1])
        )
    rated = flatten_ratings(groups, clusters)[which.attribute]
    scores, baseline = (
        scores_of_rated(rated, groups, candidate.on(which.attribute)) for candidate in (model, reference)
    )
    return spearman_lead(rated, scores, baseline) if which.name == "spearman" else kendall_lead(rated, scores, baseline)


def kendall_lead(rated: AttributeRatings, scores: PerRated, baseline: PerRated) -> Measurement:
    """Mean over groups of the tau-b of `scores` minus that of `baseline`, where people see an order in the group."""
    ordered = np.isfinite(kendall_by_group(rated.human, rated.human, rated.group))
    if not ordered.any():
        return undefined(ALL_EQUAL)
    tau, baseline_tau = (
        np.nan_to_num(kendall_by_group(values, rated.human, rated.group)) for values in (scores, baseline)
    )
    cluster = rated.cluster[np.unique(rated.group, return_index=True)[1]]
    return mean((tau - baseline_tau)[ordered], np.ones(int(ordered.sum())), cluster[ordered], (-2.0, 2.0))
