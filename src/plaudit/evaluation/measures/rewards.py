"""The rewards themselves, whatever people said: how they are spread, and how much of that a policy can learn from.

A policy trained on a reward compares responses to one prompt: what differs between prompts only is subtracted as a
baseline. So the part of the variance that lies within prompts is what can be learned from, and a prompt whose responses
all get one reward teaches nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from plaudit.judgements import PerResponse
from plaudit.statistics import JACKKNIFE, Intervals, Measurement, Sums, by_cluster, mean, of_sums, proportion, undefined
from plaudit.storage import Fields

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

NEARLY = 0.01
"""Rewards this close together, in standard deviations of all rewards, are nearly one."""

MOST_BINS = 50

NO_SCORES = "no response has a finite score"
NO_SPREAD = "every reward is the same"
NO_SIBLINGS = "no prompt has two responses"


@dataclass(frozen=True, slots=True)
class Rewards:
    """The distribution of the rewards of all responses.

    Attributes:
        n: how many are finite.
        not_finite: how many are not, and are left out here.
        mean: their mean.
        sd: their standard deviation; None where there is none.
        quantiles: of `QUANTILES`, by name.
        edges: [bins + 1], of the histogram.
        counts: [bins].
        within_prompt_sd: the standard deviation among responses to one prompt.
        within_prompt_share: the share of the rewards' variance that lies within prompts.
        prompts_without_spread: share of prompts of two responses or more that all get nearly one reward.

    Example:
        >>> from plaudit import Group, evaluate
        >>> groups = [Group("q1", "2 + 2?", ("4", "5")), Group("q2", "3 + 3?", ("6", "7"))]
        >>> rewards = evaluate(groups, [[1.0, 0.0], [4.0, 3.0]]).rewards
        >>> rewards.mean.value, rewards.quantiles["0.5"], round(rewards.within_prompt_sd.value, 3)
        (2.0, 2.0, 0.707)
    """

    n: int
    not_finite: int
    mean: Measurement
    sd: float | None
    quantiles: Mapping[str, float]
    edges: Sequence[float]
    counts: Sequence[int]
    within_prompt_sd: Measurement
    within_prompt_share: Measurement
    prompts_without_spread: Measurement

    def to_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "not_finite": self.not_finite,
            "mean": self.mean.to_json(),
            "sd": self.sd,
            "quantiles": dict(self.quantiles),
            "histogram": {"edges": list(self.edges), "counts": list(self.counts)},
            "within_prompt_sd": self.within_prompt_sd.to_json(),
            "within_prompt_share": self.within_prompt_share.to_json(),
            "prompts_without_spread": self.prompts_without_spread.to_json(),
        }

    @classmethod
    def from_json(cls, row: Fields) -> Rewards:
        """The inverse of `to_json`."""
        quantiles, histogram = row.object("quantiles"), row.object("histogram")
        edges, counts = histogram.numbers("edges"), histogram.integers("counts")
        if counts and len(edges) != len(counts) + 1:
            raise ValueError(f"a histogram of {len(counts)} bins has {len(edges)} edges")
        return cls(
            n=row.integer("n"),
            not_finite=row.integer("not_finite"),
            mean=Measurement.from_json(row.values.get("mean")),
            sd=row.optional_number("sd"),
            quantiles={name: quantiles.number(name) for name in quantiles.values},
            edges=edges,
            counts=counts,
            within_prompt_sd=Measurement.from_json(row.values.get("within_prompt_sd")),
            within_prompt_share=Measurement.from_json(row.values.get("within_prompt_share")),
            prompts_without_spread=Measurement.from_json(row.values.get("prompts_without_spread")),
        )


def measure_rewards(
    scores: PerResponse,
    prompt: Int64[np.ndarray, " responses"],
    cluster: Int64[np.ndarray, " responses"],
    intervals: Intervals = JACKKNIFE,
) -> Rewards:
    """Measure the rewards of responses.

    Args:
        scores: [n].
        prompt: [n], shared by the responses to one prompt.
        cluster: [n], what intervals are clustered by; a prompt is in one cluster.
        intervals: how intervals are made.
    """
    finite = np.isfinite(scores)
    scores, prompt, cluster = scores[finite], prompt[finite], cluster[finite]
    n, not_finite = len(scores), int((~finite).sum())
    if not n:
        nothing = undefined(NO_SCORES)
        return Rewards(
            n=0,
            not_finite=not_finite,
            mean=nothing,
            sd=None,
            quantiles={},
            edges=[],
            counts=[],
            within_prompt_sd=nothing,
            within_prompt_share=nothing,
            prompts_without_spread=nothing,
        )
    # Over the largest of them: the range of huge rewards would overflow.
    unit = max(1.0, float(np.abs(scores).max()))
    # Rice's rule for the number of bins.
    counts, edges = np.histogram(scores / unit, min(MOST_BINS, math.ceil(2 * n ** (1 / 3))))
    sd, share, without_spread = _within(scores, prompt, cluster, intervals)
    return Rewards(
        n=n,
        not_finite=not_finite,
        mean=mean(scores, np.ones(n), cluster, intervals=intervals),
        sd=float(scores.std(ddof=1)) if n > 1 else None,
        quantiles={str(q): float(value) for q, value in zip(QUANTILES, np.quantile(scores, QUANTILES), strict=True)},
        edges=(edges * unit).tolist(),
        counts=counts.tolist(),
        within_prompt_sd=sd,
        within_prompt_share=share,
        prompts_without_spread=without_spread,
    )


def _within(
    scores: PerResponse,
    prompt: Int64[np.ndarray, " responses"],
    cluster: Int64[np.ndarray, " responses"],
    intervals: Intervals,
) -> tuple[Measurement, Measurement, Measurement]:
    """The components of variance of a one-way random effects model, estimated by the analysis of variance of unbalanced
    data (Searle, Casella & McCulloch, Variance Components, 1992; the share is 1 - ICC(1)), and the share of prompts
    without spread. A mean square is a function of sums over clusters, and has that function's interval."""
    _, first, index, size = np.unique(prompt, return_index=True, return_inverse=True, return_counts=True)
    siblings = size > 1
    if not siblings.any():
        return undefined(NO_SIBLINGS), undefined(NO_SIBLINGS), undefined(NO_SIBLINGS)
    # Centred: the sums below subtract large numbers where scores are far from zero.
    scores = scores - scores.mean()
    middle = np.bincount(index, scores) / size
    inside = np.bincount(index, np.square(scores - middle[index]))
    low, high = np.full((2, len(size)), [[math.inf], [-math.inf]])
    np.minimum.at(low, index, scores)
    np.maximum.at(high, index, scores)
    flat = (high - low <= NEARLY * scores.std())[siblings].astype(np.float64)
    owner = cluster[first]
    without_spread = proportion(flat, np.ones(len(flat)), owner[siblings], intervals=intervals)
    # Differences whose squares are too small for a float are none.
    if np.ptp(scores) == 0 or not np.square(scores).any():
        return Measurement(0.0, None, None, len(scores), NO_SPREAD), undefined(NO_SPREAD), without_spread
    columns = (inside, size - 1, np.ones(len(size)), size, size * middle, size * np.square(middle), np.square(size))
    sums = [by_cluster(column.astype(np.float64), owner) for column in columns]
    sd = of_sums(_sd_within, sums[:2], sums[3], len(scores), (0.0, math.inf), intervals=intervals)
    if len(size) < 2:
        return sd, undefined("there is one prompt only"), without_spread
    share = of_sums(_share_within, sums, sums[3], len(scores), (0.0, 1.0), intervals=intervals)
    return sd, share, without_spread


def _sd_within(inside: Sums, freedom: Sums) -> Sums:
    return np.asarray(np.sqrt(inside / freedom))


def _share_within(
    inside: Sums, freedom: Sums, prompts: Sums, n: Sums, total: Sums, between: Sums, squares: Sums
) -> Sums:
    """From sums over prompts of: squares within, degrees of freedom within, 1, responses, rewards, responses times the
    squared mean, and squared responses."""
    within = inside / freedom
    between_prompts = (between - np.square(total) / n) / (prompts - 1)
    usual_size = (n - squares / n) / (prompts - 1)
    return np.asarray(within / (within + np.maximum(0, (between_prompts - within) / usual_size)))
