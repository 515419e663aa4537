"""Does a probability mean what it says? Of what a model prefers with 80%, people should prefer 80%.

The gap gives P(the better response beats the worse) = sigma(gap). Which response is called "better" is what people
said, so that probability alone has only one class. It is therefore folded: a comparison has a *confidence*,
sigma(|gap|) in [1/2, 1], in the response the model prefers, and an outcome, whether people preferred it too. A judged
tie is half right, as in `log_loss`, and so is a gap of 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64
from scipy.special import expit

from plaudit.judgements import Comparisons, PerComparison, PerResponse, credit
from plaudit.statistics import (
    JACKKNIFE,
    NOTHING,
    Intervals,
    Measurement,
    mean,
    proportion,
    relative,
    undefined,
)
from plaudit.storage import Fields

BINS = 10
"""Bins of equal width that confidence in [1/2, 1] is cut into."""


def brier(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Mean squared distance of sigma(gap) from what people said (Brier, Monthly Weather Review 78, 1950): 0 is perfect,
    1/4 is chance. The same whichever response is called the first, so it needs no folding."""
    gaps = comparisons.gaps(scores)
    won, lost = np.square(expit(-gaps)), np.square(expit(gaps))
    squares = np.where(comparisons.tie, (won + lost) / 2, won)
    return mean(squares, comparisons.weight, comparisons.cluster, (0.0, 1.0), intervals=intervals)


def ece(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """Expected calibration error: mean over bins of |share right - mean confidence|, by the weight in each bin
    (Naeini, Cooper & Hauskrecht, AAAI 2015; Guo et al., ICML 2017), over `BINS` bins of the folded confidence.

    With the sign of each bin's error held fixed it is a mean over comparisons, and has a mean's interval.
    """
    if not len(comparisons):
        return undefined(NOTHING)
    gaps = comparisons.gaps(scores)
    confidence, bins = _folded(gaps)
    off = np.where(comparisons.tie, 0.5, credit(gaps)) - confidence
    sign = np.sign(np.bincount(bins, relative(comparisons.weight) * off, BINS))
    return mean(sign[bins] * off, comparisons.weight, comparisons.cluster, (0.0, 1.0), intervals=intervals)


def ece_chance(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> Measurement:
    """The ECE that a calibrated model with these confidences would show by luck, were comparisons independent. It is
    computed, not estimated, so no interval is made.

    A bin's error then has mean 0 and the variance of its outcomes, sum w^2 c (1 - c), and a normal's mean absolute
    value is sqrt(2 / pi) standard deviations.
    """
    if not len(comparisons):
        return undefined(NOTHING)
    confidence, bins = _folded(comparisons.gaps(scores))
    weight = relative(comparisons.weight)
    variance = np.bincount(bins, np.square(weight) * confidence * (1 - confidence), BINS)
    value = float(math.sqrt(2 / math.pi) * np.sqrt(variance).sum() / weight.sum())
    return Measurement(value, value, value, len(comparisons))


@dataclass(frozen=True, slots=True)
class Confident:
    """The comparisons of one bin of the folded confidence: a point of the reliability curve.

    Attributes:
        low: the bin's lower edge.
        high: its upper edge.
        confidence: the mean confidence in it.
        right: how often people preferred the response the model prefers; that much is wanted.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> group = Group("q", "2 + 2?", ("4", "5"), (Ranking(((0,), (1,))),))
        >>> [point] = evaluate([group], [[1.0, 0.0]]).reliability
        >>> f"said {point.confidence:.0%}, was right in {point.right.value:.0%}"
        'said 73%, was right in 100%'
    """

    low: float
    high: float
    confidence: float
    right: Measurement

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "confidence": self.confidence, "right": self.right.to_json()}

    @classmethod
    def from_json(cls, row: Fields) -> Confident:
        """The inverse of `to_json`."""
        low, high, confidence = (row.number(key) for key in ("low", "high", "confidence"))
        return cls(low, high, confidence, Measurement.from_json(row.values.get("right")))


def reliability(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> list[Confident]:
    """How often the model is right in each of `BINS` bins of its confidence (Murphy & Winkler, Appl. Stat. 26, 1977);
    empty ones are left out. ECE is the mean distance of these points from the diagonal."""
    if not len(comparisons):
        return []
    gaps = comparisons.gaps(scores)
    confidence, bins = _folded(gaps)
    right, weight = np.where(comparisons.tie, 0.5, credit(gaps)), relative(comparisons.weight)
    return [
        Confident(
            low=float(0.5 + number / (2 * BINS)),
            high=float(0.5 + (number + 1) / (2 * BINS)),
            confidence=float(np.average(confidence[members], weights=weight[members])),
            right=proportion(right[members], weight[members], comparisons.cluster[members], intervals=intervals),
        )
        for number in np.unique(bins)
        for members in [bins == number]
    ]


def _folded(gaps: PerComparison) -> tuple[PerComparison, Int64[np.ndarray, " comparisons"]]:
    """[n], the confidence in the preferred response; and [n], its bin."""
    confidence = expit(np.abs(gaps))
    return confidence, np.minimum((confidence - 0.5) * 2 * BINS, BINS - 1).astype(np.int64)
