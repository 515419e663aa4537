"""Intervals of a suite's figures: any function of the means of parts, clustered by prompt.

A part (a subset, a style against a style, the best of k) is a mean over items; a figure is a function of such means: a
mean of sections, a maximum over k. Items of one prompt stand or fall together, whatever parts they belong to.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.statistics import (
    NOTHING,
    ONE_CLUSTER,
    PRIOR_CLUSTERS,
    Measurement,
    by_cluster,
    jackknife_variance,
    undefined,
    wilson,
    without_each,
)

Combine = Callable[[Float64[np.ndarray, "*figures parts"]], Float64[np.ndarray, "*figures"]]
"""Means of parts [..., parts] -> the figure [...]."""

ONE_PROMPT = "a part of it is of one prompt, which cannot show how much prompts differ"

_STEP = 1e-6


def composite(
    outcome: Float64[np.ndarray, "items parts"],
    cluster: Int64[np.ndarray, " items"],
    combine: Combine,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> Measurement:
    """A function of means with a Wilson interval at the effective sample size of its clusters.

    `proportion` for more than one mean, and the same as it for one mean of outcomes 0 and 1: the variance is the
    delete-one-cluster jackknife's of the whole figure, estimated with half an average cluster added to each part, half
    of it right and half wrong, and never believed below that of independent items (the delta method's). Clusters count
    towards the degrees of freedom by their share in the figure.

    Args:
        outcome: [items, parts], each in [0, 1]; NaN where an item says nothing of a part.
        cluster: [items], which prompt each belongs to.
        combine: the figure, in `bounds`.
        bounds: the least and greatest value of the figure.
    """
    used = np.isfinite(outcome).any(axis=1)
    outcome, cluster = outcome[used], cluster[used]
    known = np.isfinite(outcome)
    if not known.any(axis=0).all() or not known.size:
        return undefined(NOTHING)
    totals = _columns(np.where(known, outcome, 0.0), cluster)
    sizes = _columns(known.astype(np.float64), cluster)
    low, high = bounds
    # Rounding must not carry a mean of ones over the bound.
    value = float(np.clip(combine(totals.sum(axis=0) / sizes.sum(axis=0)), low, high))
    clusters = (sizes > 0).sum(axis=0)
    if clusters.min() < 2:
        return Measurement(
            value=value, low=None, high=None, n=len(outcome), reason=ONE_CLUSTER if len(sizes) < 2 else ONE_PROMPT
        )

    def unit(means: Float64[np.ndarray, "*figures parts"]) -> Float64[np.ndarray, "*figures"]:
        return np.asarray((combine(means) - low) / (high - low))

    added = PRIOR_CLUSTERS * sizes.sum(axis=0) / clusters
    totals_with, sizes_with = np.vstack([totals, np.diag(added / 2)]), np.vstack([sizes, np.diag(added)])
    means_with = totals_with.sum(axis=0) / sizes_with.sum(axis=0)
    p_with = float(np.clip(unit(means_with), 0, 1))
    without = unit(_rest(totals_with) / _rest(sizes_with))
    slope = _slope(unit, means_with)
    squares = np.where(known, np.square(outcome), 0.0).sum(axis=0) + added / 2
    spread = np.clip(squares / sizes_with.sum(axis=0) - np.square(means_with), 0, None)
    independent = float((np.square(slope) * spread / sizes.sum(axis=0)).sum())
    variance = max(jackknife_variance(p_with, without), independent)
    effective = p_with * (1 - p_with) / variance if variance > 0 else len(outcome)
    ends = wilson((value - low) / (high - low), effective, sizes / sizes.sum(axis=0) @ np.abs(slope))
    return Measurement(value, low + (high - low) * ends[0], low + (high - low) * ends[1], len(outcome))


def value_of(outcome: Float64[np.ndarray, "items parts"], combine: Combine) -> float | None:
    """The figure alone; None where a part has no item, or an item's outcome in it is not known."""
    known = ~np.isnan(outcome)
    if not known.any(axis=0).all():
        return None
    value = float(combine(np.where(known, outcome, 0.0).sum(axis=0) / known.sum(axis=0)))
    return value if np.isfinite(value) else None


def _columns(
    values: Float64[np.ndarray, "items parts"], cluster: Int64[np.ndarray, " items"]
) -> Float64[np.ndarray, "clusters parts"]:
    """[clusters, parts], sums by cluster."""
    return np.stack([by_cluster(column, cluster) for column in values.T], axis=1)


def _rest(totals: Float64[np.ndarray, "clusters parts"]) -> Float64[np.ndarray, "clusters parts"]:
    """[clusters, parts], the sums over all other clusters."""
    return np.stack([without_each(column) for column in totals.T], axis=1)


def _slope(figure: Combine, means: Float64[np.ndarray, " parts"]) -> Float64[np.ndarray, " parts"]:
    """[parts], how fast the figure changes with each mean."""
    steps = _STEP * np.eye(len(means))
    return (figure(means + steps) - figure(means - steps)) / (2 * _STEP)
