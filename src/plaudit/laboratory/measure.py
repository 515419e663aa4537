"""Runs -> rows: every model is measured on all test groups at once, then averaged over seeds."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from plaudit.evaluation import Evaluation, evaluate
from plaudit.groups import Group
from plaudit.laboratory.results import ResultRow
from plaudit.laboratory.runs import Run
from plaudit.laboratory.seed_averages import CandidateScores, Lead, SeedAverage, averaged, leading, paired_difference
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement, Measurements, undefined

PLAIN = "plain"
"""The kind of a baseline."""

RANKINGS = ("accuracy", "log_loss", "ece", "top1")
RATINGS = ("kendall_within", "spearman", "kendall", "pearson", "mae")
NO_TEMPERATURE = "its score gaps are no probabilities, and there was nothing to fit a temperature on"

Seeds = Sequence[Sequence[Run]]
"""One sequence a seed, one run a division."""


def measure(
    runs: Mapping[str, Seeds], kinds: Mapping[str, str], tested: Sequence[Group], clusters: str | None
) -> tuple[list[ResultRow], Lead, Mapping[str, int]]:
    """Rows best first, what they are ordered by, and the counts of what they were measured on.

    Args:
        runs: name of a loss or baseline -> its runs.
        kinds: name -> what it learned from.
        tested: the test groups of all divisions, in order.
        clusters: as in `evaluate`.
    """
    scored = {name: [together(divisions) for divisions in seeds] for name, seeds in runs.items()}
    evaluations = {
        name: [evaluate(tested, ScoredGroups.of(one.scores, attributes=one.values), clusters=clusters) for one in seeds]
        for name, seeds in scored.items()
    }
    lead = leading([seeds[0] for seeds in evaluations.values()])
    means = {name: averaged([lead.of(one) for one in seeds]).value for name, seeds in evaluations.items()}
    order = sorted(means, key=lambda name: -math.inf if (value := means[name]) is None else value, reverse=True)
    best = next(name for name in order if kinds[name] != PLAIN)

    def behind(name: str, other: str) -> SeedAverage | None:
        if name == other:
            return None
        return averaged(_paired(lead, tested, scored[name], scored[other], clusters))

    rows = [
        ResultRow(
            name=name,
            kind=kinds[name],
            rankings=_rankings(evaluations[name], calibrated=_calibrated(runs[name])),
            ratings={
                attribute: _figures([one.ratings[attribute] for one in evaluations[name]], RATINGS)
                for attribute in evaluations[name][0].ratings
            },
            to_first=behind(name, order[0]),
            to_best_loss=behind(name, best),
            seconds=statistics.fmean(run.seconds for seed in runs[name] for run in seed),
        )
        for name in order
    ]
    return rows, lead, evaluations[order[0]][0].counts


def together(divisions: Sequence[Run]) -> CandidateScores:
    """One model's view of all divisions' test groups: in each, rewards of mean 0 (the mean is arbitrary, and another in
    every run) over the temperature."""
    scores: list[list[float]] = []
    values: dict[str, list[list[float]]] = {}
    for run in divisions:
        centre = np.mean([score for group in run.scores for score in group])
        scale = run.temperature or 1.0
        scores += [[float((score - centre) / scale) for score in group] for group in run.scores]
        for attribute, groups in run.values.items():
            values.setdefault(attribute, []).extend(groups)
    return CandidateScores(scores, values)


def _calibrated(seeds: Seeds) -> bool:
    return all(run.temperature is not None for divisions in seeds for run in divisions)


def _rankings(evaluations: Sequence[Evaluation], calibrated: bool) -> dict[str, SeedAverage]:
    if not evaluations[0].counts["comparisons"]:
        return {}
    figures = _figures([one.overall for one in evaluations], RANKINGS)
    if not calibrated:
        figures |= dict.fromkeys(("log_loss", "ece"), averaged([undefined(NO_TEMPERATURE)]))
    return figures


def _figures(measured: Sequence[Measurements], names: Sequence[str]) -> dict[str, SeedAverage]:
    return {name: averaged([one[name] for one in measured]) for name in names if name in measured[0]}


def _paired(
    lead: Lead,
    tested: Sequence[Group],
    mine: Sequence[CandidateScores],
    first: Sequence[CandidateScores],
    clusters: str | None,
) -> list[Measurement]:
    """Seed by seed; what has no seed is beside each of the other's."""
    return [
        paired_difference(lead, tested, mine[seed % len(mine)], first[seed % len(first)], clusters)
        for seed in range(max(len(mine), len(first)))
    ]
