"""Selective accuracy: a model of several heads or members should be right more often where they agree.

The certainty of a comparison is |gap| / sqrt(s1^2 + s2^2), s being the spreads of its two responses. Measured is
selective accuracy at a coverage of one half (El-Yaniv & Wiener, JMLR 11, 2010; Geifman & El-Yaniv, NeurIPS 2017): how
often the model is right when it may pass on the half it is least sure of. A gap says something about certainty too,
without any spread, so it is the line to beat.
"""

from __future__ import annotations

import numpy as np

from plaudit.judgements import Comparisons, PerComparison, PerResponse, credit
from plaudit.statistics import (
    JACKKNIFE,
    Intervals,
    Measurement,
    Measurements,
    Sums,
    by_cluster,
    of_sums,
    proportion,
    relative,
    undefined,
)

NAMES = ("selective_accuracy", "selective_lead", "selective_accuracy_by_gap", "selective_lead_over_gap")


def selective_accuracy(
    comparisons: Comparisons, scores: PerResponse, spreads: PerResponse, intervals: Intervals = JACKKNIFE
) -> Measurements:
    """Accuracy on the most certain half of decided comparisons, its lead over the other half, the accuracy on the half
    with the largest gaps, and the lead over that: `NAMES`.

    Args:
        comparisons: n of them.
        scores: of all responses.
        spreads: of all responses, the standard deviation of each score over heads or members.
        intervals: how intervals are made.
    """
    decided = comparisons.decided
    if not len(decided):
        return dict.fromkeys(NAMES, undefined("no comparison is decided"))
    gaps = decided.gaps(scores)
    outcome, size = credit(gaps), np.abs(gaps)
    width = np.hypot(spreads[decided.better], spreads[decided.worse])
    # Members that agree to the last bit are as certain as can be, unless they see no difference at all.
    certainty = np.divide(size, width, out=np.where(size > 0, np.inf, 0.0), where=width > 0)
    weight = relative(decided.weight)
    by_spread, by_gap = _most_certain_half(certainty, weight), _most_certain_half(size, weight)
    values = (
        _accuracy(outcome, by_spread, decided, intervals),
        _lead(outcome, by_spread, weight - by_spread, decided, intervals),
        _accuracy(outcome, by_gap, decided, intervals),
        _lead(outcome, by_spread, by_gap, decided, intervals),
    )
    return dict(zip(NAMES, values, strict=True))


def _most_certain_half(certainty: PerComparison, weight: PerComparison) -> PerComparison:
    """[n], how much of each comparison's weight belongs to the most certain half: all, none, or, for those that are
    equally certain where the halves meet, an equal share."""
    _, level = np.unique(-certainty, return_inverse=True)
    mass = np.bincount(level, weight)
    before = np.concatenate([np.zeros(1), np.cumsum(mass)[:-1]])
    return np.asarray(weight * np.clip((weight.sum() / 2 - before) / mass, 0, 1)[level])


def _accuracy(outcome: PerComparison, weight: PerComparison, decided: Comparisons, intervals: Intervals) -> Measurement:
    part = weight > 0
    return proportion(outcome[part], weight[part], decided.cluster[part], intervals=intervals)


def _lead(
    outcome: PerComparison, first: PerComparison, second: PerComparison, decided: Comparisons, intervals: Intervals
) -> Measurement:
    """Mean outcome under the weights `first` [n] minus that under `second` [n]. The halves are held fixed."""
    means = [float((outcome * part).sum() / part.sum()) for part in (first, second)]
    # What each comparison adds to the difference; were they independent, the sum of its squares would be the variance.
    shares = [part / part.sum() * (outcome - m) for part, m in zip((first, second), means, strict=True)]
    independent = float(np.square(shares[0] - shares[1]).sum())
    sums = [by_cluster(values, decided.cluster) for values in (outcome * first, first, outcome * second, second)]
    sizes = by_cluster(relative(decided.weight), decided.cluster)
    return of_sums(
        _difference,
        sums,
        sizes,
        len(outcome),
        (-1.0, 1.0),
        least_variance=independent,
        same=independent == 0,
        intervals=intervals,
    )


def _difference(total: Sums, weight: Sums, other: Sums, other_weight: Sums) -> Sums:
    return np.asarray(total / weight - other / other_weight)
