"""Where a value stands on an axis, in percent of the plot's width."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from plaudit.statistics import Form

_STEPS = (1.0, 2.0, 2.5, 5.0)
_EDGE = 3.0
"""Percent of the width left free at either end, so that a dot at the end of the axis is whole."""

BEYOND = 1.0
"""Percent of the width between a plot's edge and the tip of an interval that goes on beyond it."""

SLACK = 0.5
"""By how much of its width intervals may lengthen an axis that without them holds everything but the longest."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A linear axis.

    Attributes:
        low: its lower end, a tick.
        high: its upper end, a tick.
        step: between ticks.
        form: how ticks are written.
    """

    low: float
    high: float
    step: float
    form: Form

    def at(self, value: float) -> float:
        """Where a value stands, in percent; what lies outside stands at the end."""
        share = (value - self.low) / (self.high - self.low)
        return round(_EDGE + (100 - 2 * _EDGE) * min(max(share, 0.0), 1.0), 2)

    def ends(self, low: float, high: float) -> tuple[float, float]:
        """Where an interval begins and ends, in percent: at the very edge where it goes on beyond the axis."""
        rounding = 1e-9 * self.step
        return (
            BEYOND if low < self.low - rounding else self.at(low),
            100 - BEYOND if high > self.high + rounding else self.at(high),
        )

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Where each tick stands, in percent, and what is written there."""
        many = round((self.high - self.low) / self.step)
        values = [self.low + i * self.step for i in range(many + 1)]
        return [(self.at(value), self.form(0.0 if abs(value) < 1e-12 else value)) for value in values]


def axis(
    values: Iterable[float | None],
    form: Form,
    *,
    bounds: tuple[float, float] = (-math.inf, math.inf),
    ticks: int = 5,
) -> Axis:
    """An axis from round number to round number that holds all values.

    Args:
        values: what is to be shown; None is nothing.
        form: how ticks are written.
        bounds: where it ends even if that is not as round.
        ticks: about how many steps.
    """
    shown = [value for value in values if value is not None]
    low, high = (min(shown), max(shown)) if shown else (0.0, 1.0)
    if high - low < 1e-9:
        pad = max(abs(low) * 0.1, 0.05)
        low, high = low - pad, high + pad
    step = _round_up((high - low) / ticks)
    start = max(bounds[0], step * math.floor(low / step + 1e-9))
    end = min(bounds[1], step * math.ceil(high / step - 1e-9))
    return Axis(start, end, step, form)


def within_reach(dots: Sequence[float], intervals: Sequence[tuple[float, float, float]]) -> list[float]:
    """The ends of intervals that an axis should hold, so that one wide interval does not press the others together.

    An axis that holds all dots with the median distance of an end from its dot on either side may be longer by `SLACK`
    of its width at either end; an interval that goes further is drawn as going on beyond the plot.

    Args:
        dots: what is to be held in any case.
        intervals: low, value and high of each.
    """
    if not intervals:
        return []
    typical = median(length for low, value, high in intervals for length in (value - low, high - value))
    least, most = min(dots) - typical, max(dots) + typical
    slack = SLACK * (most - least)
    return [end for low, _, high in intervals for end in (low, high) if least - slack <= end <= most + slack]


def _round_up(step: float) -> float:
    size: float = 10.0 ** math.floor(math.log10(step))
    return next((size * s for s in _STEPS if size * s >= step * (1 - 1e-9)), 10 * size)
