"""Figures of pairwise comparisons: pure functions, each from arrays to a value with its interval.

*Decided* comparisons are those people did not call a tie. Where a rule prefers neither response, it gets half credit:
what it would get on average by tossing a coin.

All take `comparisons` (n of them) and most take `scores`, those of all responses in the order of `Responses`;
`intervals` says how the interval is made.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool

from plaudit.judgements import Comparisons, PerComparison, PerResponse, credit, votes_of_others
from plaudit.statistics import (
    JACKKNIFE,
    NOTHING,
    Intervals,
    Measurement,
    Sums,
    by_cluster,
    mean,
    of_sums,
    proportion,
    relative,
    undefined,
)

ALL_TIES = "every comparison is a judged tie"


def accuracy(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """How often the model prefers the response people preferred, over decided comparisons."""
    return _accuracy_of_gaps(comparisons, comparisons.gaps(scores), intervals)


def accuracy_with_ties(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Accuracy over all comparisons, where a judged tie earns half credit whatever the model says.

    A score is a real number and never equal for two different responses, so a model cannot say "tie" and is not
    punished for it; the ties only pull the figure towards 1/2, as they do for every model measured on them.
    """
    right = np.where(comparisons.tie, 0.5, credit(comparisons.gaps(scores)))
    return proportion(right, comparisons.weight, comparisons.cluster, intervals=intervals)


def log_loss(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Mean of -log sigma(gap), the Bradley-Terry loss in nats; a tie is half a win for each. Chance is log 2."""
    losses = log_losses(comparisons.gaps(scores), comparisons.tie)
    return mean(losses, comparisons.weight, comparisons.cluster, (0.0, math.inf), intervals=intervals)


def log_losses(gaps: PerComparison, tie: Bool[np.ndarray, " comparisons"]) -> PerComparison:
    """[n], what each comparison adds to `log_loss`."""
    won, lost = np.logaddexp(0, -gaps), np.logaddexp(0, gaps)
    return np.asarray(np.where(tie, (won + lost) / 2, won))


def margin(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Mean gap over decided comparisons, in the model's own units."""
    decided = comparisons.decided
    if not len(decided):
        return _nothing_decided(comparisons)
    return mean(decided.gaps(scores), decided.weight, decided.cluster, intervals=intervals)


def margin_sd(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """The margin in standard deviations of the scores compared, so that models of different units can be compared.

    The standard deviation is of both scores of every decided comparison; the interval knows it is estimated.
    """
    decided = comparisons.decided
    if not len(decided):
        return _nothing_decided(comparisons)
    better, worse = scores[decided.better], scores[decided.worse]
    # Centred first: the sums below subtract large numbers where scores are far from zero.
    weight = relative(decided.weight)
    centre = np.average((better + worse) / 2, weights=weight)
    a, b = better - centre, worse - centre
    sums = [by_cluster(weight * x, decided.cluster) for x in (np.ones(len(a)), a - b, (a + b) / 2, (a**2 + b**2) / 2)]

    def in_sd(size: Sums, gap: Sums, first: Sums, second: Sums) -> Sums:
        variance = second / size - (first / size) ** 2
        # What is left of equal scores after rounding is no variance; the division then says so with an infinity.
        variance = np.where(variance > 1e-12 * sums[3].sum() / sums[0].sum(), variance, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(gap / size / np.sqrt(variance))

    if np.ptp(np.concatenate([a, b])) == 0:
        return undefined("all scores are equal, so they have no standard deviation")
    same = bool(np.ptp(better - worse) == 0)
    return of_sums(in_sd, sums, sums[0], len(decided), same=same, intervals=intervals)


def chance(comparisons: Comparisons, intervals: Intervals = JACKKNIFE) -> Measurement:
    """What a coin gets on decided comparisons, and a constant score: exactly 1/2, with no interval to make."""
    n = int((~comparisons.tie).sum())
    return Measurement(0.5, 0.5, 0.5, n) if n else _nothing_decided(comparisons)


def length_accuracy(comparisons: Comparisons, intervals: Intervals = JACKKNIFE) -> Measurement:
    """The accuracy of "the longer response wins", by characters; equal length earns half credit."""
    return _accuracy_of_gaps(comparisons, comparisons.length_gap, intervals)


def lead_over_length(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Accuracy minus the length rule's, on the same comparisons."""
    return lead(comparisons, scores, comparisons.length_gap, intervals)


def lead(
    comparisons: Comparisons, scores: PerResponse, baseline_gaps: PerComparison, intervals: Intervals = JACKKNIFE
) -> Measurement:
    """Accuracy minus a baseline's, whose gaps [n] are of the same comparisons. The difference is taken comparison by
    comparison, so what both find hard cancels.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> from plaudit.judgements import flatten_comparisons
        >>> comparisons = flatten_comparisons([Group("q", "2 + 2?", ("4", "Five."), (Ranking(((0,), (1,))),))])
        >>> lead(comparisons, np.array([1.0, 0.0]), comparisons.length_gap).value  # the longer one is worse
        1.0
    """
    decided = ~comparisons.tie
    if not decided.any():
        return _nothing_decided(comparisons)
    ahead = credit(comparisons.gaps(scores)[decided]) - credit(baseline_gaps[decided])
    return mean(ahead, comparisons.weight[decided], comparisons.cluster[decided], (-1.0, 1.0), intervals=intervals)


def human_accuracy(comparisons: Comparisons, intervals: Intervals = JACKKNIFE) -> Measurement:
    """How often one annotator agrees with the majority of the others: about the best a model of people can do.

    Each annotator is left out in turn. Their decided judgements are measured like a model's, with the others' majority
    (of those who judged the same two responses) in the model's place; a majority that is split earns half credit.
    """
    votes = votes_of_others(comparisons)
    overlap = np.isfinite(votes) & ~comparisons.tie
    if not overlap.any():
        return undefined("no two named annotators judged the same two responses")
    return _accuracy_of_gaps(comparisons[overlap], votes[overlap], intervals)


def _accuracy_of_gaps(comparisons: Comparisons, gaps: PerComparison, intervals: Intervals) -> Measurement:
    decided = ~comparisons.tie
    if not decided.any():
        return _nothing_decided(comparisons)
    return proportion(
        credit(gaps[decided]), comparisons.weight[decided], comparisons.cluster[decided], intervals=intervals
    )


def _nothing_decided(comparisons: Comparisons) -> Measurement:
    return undefined(ALL_TIES if len(comparisons) else NOTHING)
