"""Runs to rows of the table: each seed is measured on all test groups at once, then seeds are averaged."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from plaudit.evaluation import Evaluation, evaluate
from plaudit.groups import Group
from plaudit.laboratory.results import ResultRow
from plaudit.laboratory.runs import Run
from plaudit.laboratory.seed_averages import (
    Lead,
    SeedAverage,
    average_seeds,
    paired_difference,
    select_lead,
)
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement, Measurements, undefined

BASELINE = "plain"
"""The kind of a baseline."""

RANKINGS = ("accuracy", "log_loss", "ece", "top1")
RATINGS = ("kendall_within", "spearman", "kendall", "pearson", "mae")
NO_TEMPERATURE = "its score gaps are no probabilities, and there was nothing to fit a temperature on"

Seeds = Sequence[Sequence[Run]]
"""For each seed, one run a split."""


def measure_runs(
    runs: Mapping[str, Seeds], kinds: Mapping[str, str], tested: Sequence[Group], clusters: str | None
) -> tuple[list[ResultRow], Lead, Mapping[str, int]]:
    """Rows best first, what they are ordered by, and the counts of what they were measured on.

    Args:
        runs: name of a loss or baseline -> its runs.
        kinds: name -> what it learned from.
        tested: the test groups of all splits, in order.
        clusters: as in `evaluate`.
    """
    scored = {name: [pool_splits(splits) for splits in seeds] for name, seeds in runs.items()}
    evaluations = {
        name: [evaluate(tested, scores, clusters=clusters) for scores in seeds] for name, seeds in scored.items()
    }
    lead = select_lead([seeds[0] for seeds in evaluations.values()])
    means = {
        name: average_seeds([lead.of(evaluation) for evaluation in seeds]).value for name, seeds in evaluations.items()
    }
    order = sorted(means, key=lambda name: -math.inf if (value := means[name]) is None else value, reverse=True)
    best = next(name for name in order if kinds[name] != BASELINE)

    def difference(name: str, other: str) -> SeedAverage | None:
        if name == other:
            return None
        return average_seeds(_paired(lead, tested, scored[name], scored[other], clusters))

    rows = [
        ResultRow(
            name=name,
            kind=kinds[name],
            rankings=_rankings(evaluations[name], calibrated=_calibrated(runs[name])),
            ratings={
                attribute: _figures([evaluation.ratings[attribute] for evaluation in evaluations[name]], RATINGS)
                for attribute in evaluations[name][0].ratings
            },
            to_first=difference(name, order[0]),
            to_best_loss=difference(name, best),
            seconds=statistics.fmean(run.seconds for seed in runs[name] for run in seed),
        )
        for name in order
    ]
    return rows, lead, evaluations[order[0]][0].counts


def pool_splits(runs: Sequence[Run]) -> ScoredGroups:
    """One model's scores of the test groups of all splits, on one scale.

    In each split they are centred, because the mean of a reward is arbitrary and differs between runs, and divided by
    the temperature.
    """
    scores: list[list[float]] = []
    values: dict[str, list[list[float]]] = {}
    for run in runs:
        centre = np.mean([score for group in run.scores for score in group])
        scale = run.temperature or 1.0
        scores += [[float((score - centre) / scale) for score in group] for group in run.scores]
        for attribute, groups in run.values.items():
            values.setdefault(attribute, []).extend(groups)
    return ScoredGroups.of(scores, attributes=values)


def _calibrated(seeds: Seeds) -> bool:
    return all(run.temperature is not None for splits in seeds for run in splits)


def _rankings(evaluations: Sequence[Evaluation], calibrated: bool) -> dict[str, SeedAverage]:
    if not evaluations[0].counts["comparisons"]:
        return {}
    figures = _figures([evaluation.overall for evaluation in evaluations], RANKINGS)
    if not calibrated:
        figures |= dict.fromkeys(("log_loss", "ece"), average_seeds([undefined(NO_TEMPERATURE)]))
    return figures


def _figures(measured: Sequence[Measurements], names: Sequence[str]) -> dict[str, SeedAverage]:
    return {
        name: average_seeds([measurements[name] for measurements in measured]) for name in names if name in measured[0]
    }


def _paired(
    lead: Lead,
    tested: Sequence[Group],
    model: Sequence[ScoredGroups],
    reference: Sequence[ScoredGroups],
    clusters: str | None,
) -> list[Measurement]:
    """The differences seed by seed; a baseline, which has one run, is paired with every seed of the other."""
    return [
        paired_difference(lead, tested, model[seed % len(model)], reference[seed % len(reference)], clusters)
        for seed in range(max(len(model), len(reference)))
    ]
