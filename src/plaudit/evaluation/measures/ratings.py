"""Measurements of one attribute's ratings: how far off the model's values are, and how well they follow people's.

Each response counts once, at the weighted mean of its ratings. A name that begins with `constant_`, `length_` or
`human_` is the same figure for what the model must beat, or can hardly beat.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Bool, Int64

from plaudit.judgements import ONE_RATER, AttributeRatings, PerRated, alpha_of_ratings
from plaudit.statistics import (
    CORRELATIONS,
    JACKKNIFE,
    Intervals,
    Measurement,
    Measurements,
    correlation,
    difference,
    kendall_by_group,
    mean,
    proportion,
    undefined,
)

NO_PAIRS = "no group has two rated responses"
ALL_EQUAL = "in every group people rated all responses the same"
NOT_IN_UNITS = "the model gives a reward, but no value in the units of this attribute"


MODEL_RATING_METRICS = (
    "mae",
    "rmse",
    "pearson",
    "spearman",
    "kendall",
    "kendall_within",
    "groups_scored_equal",
    "lead_over_constant",
    "lead_over_length",
)
"""The figures that need the model's values."""


def measure_ratings(
    rated: AttributeRatings, scores: PerRated, in_units: bool, intervals: Intervals = JACKKNIFE
) -> Measurements:
    """Everything measured of the model on one attribute: `MODEL_RATING_METRICS`.

    Args:
        rated: people's values.
        scores: [n], the model's value for each rated response.
        in_units: whether `scores` are in the attribute's units; if not, they have no errors, only correlations.
        intervals: how intervals are made.
    """
    human, cluster, off = rated.human, rated.cluster, scores - rated.human
    constant = np.median(human) - human
    closer = np.abs(constant) - np.abs(off)
    return {
        **(errors(off, cluster, intervals) if in_units else dict.fromkeys(("mae", "rmse"), undefined(NOT_IN_UNITS))),
        **correlations(scores, human, cluster, rated.group, intervals),
        "groups_scored_equal": _share_of_constant(scores, rated, intervals),
        "lead_over_constant": mean(closer, np.ones(len(human)), cluster, intervals=intervals)
        if in_units
        else undefined(NOT_IN_UNITS),
        "lead_over_length": spearman_lead(rated, scores, rated.length, intervals),
    }


def measure_raters(rated: AttributeRatings, intervals: Intervals = JACKKNIFE) -> Measurements:
    """What the model is read against on one attribute, and needs none of its values."""
    human, cluster = rated.human, rated.cluster
    return {
        "groups_rated_equal": _share_of_constant(human, rated, intervals),
        "constant_mae": errors(np.median(human) - human, cluster, intervals)["mae"],
        "constant_rmse": errors(human.mean() - human, cluster, intervals)["rmse"],
        **_named("length", correlations(rated.length, human, cluster, rated.group, intervals)),
        **_named("human", {**_one_rater(rated, intervals), "alpha": alpha_of_ratings(rated, intervals)}),
    }


def errors(off: PerRated, cluster: Int64[np.ndarray, " rated"], intervals: Intervals = JACKKNIFE) -> Measurements:
    """Mean absolute and root mean squared error, in the attribute's units, from the differences `off` [n].

    The interval of the latter is the square root of the mean square's.
    """
    ones = np.ones(len(off))
    squared = mean(np.square(off), ones, cluster, (0.0, math.inf), intervals=intervals)
    value, low, high = (None if x is None else math.sqrt(x) for x in (squared.value, squared.low, squared.high))
    return {
        "mae": mean(np.abs(off), ones, cluster, (0.0, math.inf), intervals=intervals),
        "rmse": Measurement(value, low, high, squared.n, squared.reason),
    }


def correlations(
    scores: PerRated,
    human: PerRated,
    cluster: Int64[np.ndarray, " rated"],
    group: Int64[np.ndarray, " rated"],
    intervals: Intervals = JACKKNIFE,
) -> Measurements:
    """Pearson, Spearman and Kendall over all rows [n], and `kendall_within` their groups."""
    over_all = {
        name: correlation(which, scores, human, cluster, intervals=intervals) for name, which in CORRELATIONS.items()
    }
    return {**over_all, "kendall_within": kendall_within(scores, human, cluster, group, intervals)}


def kendall_within(
    scores: PerRated,
    human: PerRated,
    cluster: Int64[np.ndarray, " rated"],
    group: Int64[np.ndarray, " rated"],
    intervals: Intervals = JACKKNIFE,
) -> Measurement:
    """Mean over groups of tau-b among the group's rows: the segment-level figure of WMT's metrics tasks.

    A group whose scores are all equal says nothing of the order and gets 0, a coin's mean. One whose human values are
    all equal has no order to find and is left out. `n` is the number of groups.
    """
    members, first, size = _groups(group)
    if not (size > 1).any():
        return undefined(NO_PAIRS)
    ordered = (size > 1) & ~_constant(human, members)
    if not ordered.any():
        return undefined(ALL_EQUAL)
    taus = np.nan_to_num(kendall_by_group(scores, human, group)[ordered])
    return mean(taus, np.ones(len(taus)), cluster[first][ordered], (-1.0, 1.0), intervals=intervals)


def spearman_lead(
    rated: AttributeRatings, scores: PerRated, baseline: PerRated, intervals: Intervals = JACKKNIFE
) -> Measurement:
    """Spearman's correlation of the scores [n] with people minus the baseline's [n].

    Example:
        >>> from plaudit.groups import Group, Rating
        >>> from plaudit.judgements import flatten_ratings
        >>> group = Group("q", "2 + 2?", ("4", "5", "6"), ratings=(Rating(0, 5.0), Rating(1, 2.0), Rating(2, 1.0)))
        >>> rated = flatten_ratings([group])["overall"]
        >>> round(spearman_lead(rated, np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])).value, 6)
        2.0
    """
    return difference(CORRELATIONS["spearman"], scores, baseline, rated.human, rated.cluster, intervals=intervals)


def _one_rater(rated: AttributeRatings, intervals: Intervals) -> Measurements:
    """One annotator's values against the mean of the others': about the best a model of people can do."""
    if not len(rated.rater):
        return dict.fromkeys(("mae", "rmse", *CORRELATIONS, "kendall_within"), undefined(ONE_RATER))
    return {
        **errors(rated.rater - rated.others, rated.rater_cluster, intervals),
        **correlations(rated.rater, rated.others, rated.rater_cluster, rated.sheet, intervals),
    }


def _share_of_constant(values: PerRated, rated: AttributeRatings, intervals: Intervals) -> Measurement:
    """In what share of the groups with two rated responses or more the values [n] are all equal."""
    members, first, size = _groups(rated.group)
    paired = size > 1
    if not paired.any():
        return undefined(NO_PAIRS)
    equal = _constant(values, members)[paired].astype(np.float64)
    return proportion(equal, np.ones(len(equal)), rated.cluster[first][paired], intervals=intervals)


def _groups(
    group: Int64[np.ndarray, " rated"],
) -> tuple[Int64[np.ndarray, " rated"], Int64[np.ndarray, " groups"], Int64[np.ndarray, " groups"]]:
    """[n], which of the groups that occur a row is of; [groups], the first row of each; [groups], its rows."""
    _, first, members, size = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
    return members, first, size


def _constant(values: PerRated, members: Int64[np.ndarray, " rated"]) -> Bool[np.ndarray, " groups"]:
    """[groups], whether all values [n] of a group are equal."""
    low, high = np.full((2, members.max() + 1), [[math.inf], [-math.inf]])
    np.minimum.at(low, members, values)
    np.maximum.at(high, members, values)
    return np.asarray(low == high)


def _named(prefix: str, measured: Measurements) -> Measurements:
    return {f"{prefix}_{name}": measurement for name, measurement in measured.items()}
