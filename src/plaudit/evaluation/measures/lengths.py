"""Accuracy by how much longer the better response is: where it falls as the better response gets shorter, the model
rides on length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int64

from plaudit.evaluation.measures.preferences import accuracy
from plaudit.judgements import Comparisons, PerComparison, PerResponse
from plaudit.statistics import JACKKNIFE, Intervals, Measurement
from plaudit.storage import Fields

PARTS = 3
"""Bins of about as many comparisons each, where the better response is the shorter one, and where it is the longer."""


@dataclass(frozen=True, slots=True)
class Length:
    """Comparisons whose better response is longer by about as much.

    Attributes:
        low: the least number of characters, in this bin, that the better response is longer by; negative if shorter.
        high: the greatest.
        accuracy: how often the model prefers the better response there.
    """

    low: int
    high: int
    accuracy: Measurement

    def to_json(self) -> dict[str, Any]:
        return {"low": self.low, "high": self.high, "accuracy": self.accuracy.to_json()}

    @classmethod
    def from_json(cls, row: Fields) -> Length:
        """The inverse of `to_json`."""
        return cls(row.integer("low"), row.integer("high"), Measurement.from_json(row.values.get("accuracy")))


def by_length(comparisons: Comparisons, scores: PerResponse, intervals: Intervals = JACKKNIFE) -> list[Length]:
    """Accuracy over decided comparisons, from those whose better response is much shorter to those where it is much
    longer. Equal differences are never parted, and responses of one length are a bin of their own."""
    decided = comparisons.decided
    bins = _bins(decided.length_gap)
    return [
        Length(
            low=int(decided.length_gap[members].min()),
            high=int(decided.length_gap[members].max()),
            accuracy=accuracy(decided[members], scores, intervals),
        )
        for number in np.unique(bins)
        for members in [bins == number]
    ]


def _bins(length: PerComparison) -> Int64[np.ndarray, " comparisons"]:
    """[n], the number of each difference's bin, in ascending order; those of 0 are bin 0."""
    bins = np.zeros(len(length), dtype=np.int64)
    for sign in (-1, 1):
        side = np.sign(length) == sign
        if side.any():
            size = np.abs(length[side])
            cuts = np.quantile(size, np.arange(1, PARTS) / PARTS, method="inverted_cdf")
            bins[side] = sign * (1 + np.searchsorted(cuts, size))
    return bins
