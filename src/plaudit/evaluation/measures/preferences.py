"""Measurements of one set of comparisons: pure functions, each from arrays to a value with its interval.

*Decided* comparisons are those people did not call a tie. Where a rule prefers neither response, it gets half credit:
what it would get on average by tossing a coin.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from plaudit.evaluation.measures.calibration import brier, ece, ece_chance
from plaudit.judgements import Comparisons, credit
from plaudit.statistics import NOTHING, Floats, Measurement, by_cluster, mean, of_sums, proportion, relative, undefined

ALL_TIES = "every comparison is a judged tie"


def accuracy(compared: Comparisons) -> Measurement:
    """How often the model prefers the response people preferred, over decided comparisons."""
    return _credit_of(compared, compared.gap)


def accuracy_with_ties(compared: Comparisons) -> Measurement:
    """Accuracy over all comparisons, where a judged tie earns half credit whatever the model says.

    A score is a real number and never equal for two different responses, so a model cannot say "tie" and is not
    punished for it; the ties only pull the figure towards 1/2, as they do for every model measured on them.
    """
    return proportion(np.where(compared.tie, 0.5, credit(compared.gap)), compared.weight, compared.cluster)


def log_loss(compared: Comparisons) -> Measurement:
    """Mean of -log sigma(gap), the Bradley-Terry loss in nats; a tie is half a win for each. Chance is log 2."""
    return mean(log_losses(compared), compared.weight, compared.cluster, (0.0, math.inf))


def log_losses(compared: Comparisons) -> Floats:
    """[n], what each comparison adds to `log_loss`."""
    won, lost = np.logaddexp(0, -compared.gap), np.logaddexp(0, compared.gap)
    return np.where(compared.tie, (won + lost) / 2, won)


def margin(compared: Comparisons) -> Measurement:
    """Mean gap over decided comparisons, in the model's own units."""
    decided = compared[~compared.tie]
    return mean(decided.gap, decided.weight, decided.cluster) if len(decided) else _nothing_decided(compared)


def margin_sd(compared: Comparisons) -> Measurement:
    """The margin in standard deviations of the scores compared, so that models of different units can be compared.

    The standard deviation is of both scores of every decided comparison; the interval knows it is estimated.
    """
    decided = compared[~compared.tie]
    if not len(decided):
        return _nothing_decided(compared)
    # Centred first: the sums below subtract large numbers where scores are far from zero.
    weight = relative(decided.weight)
    centre = np.average((decided.better + decided.worse) / 2, weights=weight)
    a, b = decided.better - centre, decided.worse - centre
    sums = [by_cluster(weight * x, decided.cluster) for x in (np.ones(len(a)), a - b, (a + b) / 2, (a**2 + b**2) / 2)]

    def in_sd(size: Floats, gap: Floats, first: Floats, second: Floats) -> Floats:
        variance = second / size - (first / size) ** 2
        # What is left of equal scores after rounding is no variance; the division then says so with an infinity.
        variance = np.where(variance > 1e-12 * sums[3].sum() / sums[0].sum(), variance, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(gap / size / np.sqrt(variance))

    if np.ptp(np.concatenate([a, b])) == 0:
        return undefined("all scores are equal, so they have no standard deviation")
    return of_sums(in_sd, sums, sums[0], len(decided), same=bool(np.ptp(decided.gap) == 0))


def chance(compared: Comparisons) -> Measurement:
    """What a coin gets on decided comparisons, and a constant score: exactly 1/2."""
    n = int((~compared.tie).sum())
    return Measurement(0.5, 0.5, 0.5, n) if n else _nothing_decided(compared)


def length_accuracy(compared: Comparisons) -> Measurement:
    """The accuracy of "the longer response wins", by characters; equal length earns half credit."""
    return _credit_of(compared, compared.length)


def lead_over_length(compared: Comparisons) -> Measurement:
    """Accuracy minus the length rule's, on the same comparisons."""
    return lead(compared, compared.length)


def lead(compared: Comparisons, gap: Floats) -> Measurement:
    """Accuracy minus a baseline's, whose gaps [n] are of the same comparisons. The difference is taken comparison by
    comparison, so what both find hard cancels."""
    decided = ~compared.tie
    if not decided.any():
        return _nothing_decided(compared)
    ahead = credit(compared.gap[decided]) - credit(gap[decided])
    return mean(ahead, compared.weight[decided], compared.cluster[decided], (-1.0, 1.0))


def human_accuracy(compared: Comparisons) -> Measurement:
    """How often one annotator agrees with the majority of the others: about the best a model of people can do.

    Each annotator is left out in turn. Their decided judgements are measured like a model's, with the others' majority
    (of those who judged the same two responses) in the model's place; a majority that is split earns half credit.
    """
    decided = compared[~compared.tie]
    overlap = decided[np.isfinite(decided.others)]
    if not len(overlap):
        return undefined("no two named annotators judged the same two responses")
    return _credit_of(overlap, overlap.others)


MODEL_METRICS: Mapping[str, Callable[[Comparisons], Measurement]] = {
    function.__name__: function
    for function in (
        accuracy,
        accuracy_with_ties,
        log_loss,
        margin,
        margin_sd,
        brier,
        ece,
        ece_chance,
        lead_over_length,
    )
}
"""What is said of the model."""

BASELINE_METRICS: Mapping[str, Callable[[Comparisons], Measurement]] = {
    function.__name__: function for function in (chance, length_accuracy)
}
"""What it is read against, and needs no scores."""


def _credit_of(compared: Comparisons, gap: Floats) -> Measurement:
    decided = ~compared.tie
    if not decided.any():
        return _nothing_decided(compared)
    return proportion(credit(gap[decided]), compared.weight[decided], compared.cluster[decided])


def _nothing_decided(compared: Comparisons) -> Measurement:
    return undefined(ALL_TIES if len(compared) else NOTHING)
