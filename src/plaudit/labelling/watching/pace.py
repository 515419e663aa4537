"""How much was answered, how fast, and when all of it will be."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from jaxtyping import Float64

from plaudit.statistics import Measurement, mean, undefined

DAYS = 14
"""Over which a pace is taken, at most."""

_DAY, _HOUR = 86400.0, 3600.0
_FEWEST_DAYS = 3
TOO_EARLY = "too little time has passed"


@dataclass(frozen=True, slots=True)
class Pace:
    """Answers in each day or hour, and what follows for those that are wanted.

    Attributes:
        unit: "day", or "hour" as long as fewer than three whole days have passed.
        answers: in one, as a mean over the last ones.
        left: answers that are still wanted.

    Example:
        >>> from plaudit.statistics import Measurement
        >>> pace = Pace("day", Measurement(100, 50, 200, 7), left=400)
        >>> pace.until_done, pace.earliest, pace.latest
        (4.0, 2.0, 8.0)
    """

    unit: str
    answers: Measurement
    left: int

    @property
    def until_done(self) -> float | None:
        """Days or hours until all is answered; None: it cannot be told."""
        return self._at(self.answers.value)

    @property
    def earliest(self) -> float | None:
        """The same at the upper end of the pace."""
        return self._at(self.answers.high)

    @property
    def latest(self) -> float | None:
        """The same at the lower end; None: at that pace, never."""
        return self._at(self.answers.low)

    def _at(self, answers: float | None) -> float | None:
        return self.left / answers if answers else None

    def to_json(self) -> dict[str, Any]:
        ends = {"until_done": self.until_done, "earliest": self.earliest, "latest": self.latest}
        return {
            "unit": self.unit,
            "answers": self.answers.to_json(),
            "left": self.left,
            **{name: None if value is None else float(f"{value:.3g}") for name, value in ends.items()},
        }


def pace_of(sent: Float64[np.ndarray, " n"], left: int, now: float) -> Pace:
    """The pace of the last whole days, of which each counts alike, also those on which nobody came.

    Args:
        sent: [n], when each answer came.
        left: answers that are still wanted.
        now: the time.

    Example:
        >>> sent = np.repeat(np.arange(5) * 86400.0, [10, 20, 30, 20, 7])  # the last day is not over
        >>> pace_of(sent, 100, now=4.5 * 86400).answers.value
        20.0
    """
    if not len(sent):
        return Pace("day", undefined(TOO_EARLY), left)
    begin = float(sent.min())
    unit, length = ("day", _DAY) if now // _DAY - begin // _DAY >= _FEWEST_DAYS else ("hour", _HOUR)
    last = int(now // length)
    first = max(int(begin // length), last - (DAYS if unit == "day" else 24))
    if last - first < 1:
        return Pace(unit, undefined(TOO_EARLY), left)
    whole = (sent >= first * length) & (sent < last * length)
    counts = np.bincount((sent[whole] // length).astype(np.int64) - first, minlength=last - first).astype(np.float64)
    told = mean(counts, np.ones(len(counts)), np.arange(len(counts)), (0.0, float("inf")))
    return Pace(unit, told, left)


def by_day(sent: Float64[np.ndarray, " n"], now: float, days: int = DAYS) -> list[dict[str, Any]]:
    """Answers on each of the last days, in UTC, from the first on which there were any.

    Example:
        >>> by_day(np.array([0.0, 90_000.0]), now=100_000)
        [{'day': '1970-01-01', 'answers': 1}, {'day': '1970-01-02', 'answers': 1}]
    """
    if not len(sent):
        return []
    last = int(now // _DAY)
    first = max(int(sent.min() // _DAY), last - days + 1)
    day = (sent // _DAY).astype(np.int64)
    recent = day[(day >= first) & (day <= last)]
    counts = np.bincount(recent - first, minlength=last - first + 1)
    return [
        {"day": datetime.fromtimestamp((first + place) * _DAY, UTC).date().isoformat(), "answers": int(count)}
        for place, count in enumerate(counts)
    ]
