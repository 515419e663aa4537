"""Figures as they stand in `metrics.json`, and how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.report.i18n import Count

MINUS = "−"
LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class ParsedFigure:
    """A measurement as it was written down; None where it is undefined.

    Attributes:
        value: the measurement.
        low: lower end of its 95% interval.
        high: upper end.
        n: what it is computed from.
        reason: why something is undefined.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0
    reason: str | None = None

    @property
    def sure(self) -> bool:
        """Whether it has an interval."""
        return self.low is not None and self.high is not None

    @property
    def turned(self) -> ParsedFigure:
        """The same difference, seen from the other side."""
        value, low, high = (None if x is None else -x for x in (self.value, self.high, self.low))
        return ParsedFigure(value, low, high, self.n, self.reason)

    @property
    def exact(self) -> bool:
        """Whether it is a constant that nothing was estimated for, such as chance."""
        return self.value is not None and self.low == self.value == self.high

    def above(self, line: float) -> bool:
        """Whether all of the interval lies above a line."""
        return self.low is not None and self.low > line

    def below(self, line: float) -> bool:
        """Whether all of the interval lies below a line."""
        return self.high is not None and self.high < line


def figure(row: Any) -> ParsedFigure:
    """A figure from JSON. What is not one (an older file's bare number, null, anything else) is undefined or bare."""
    if isinstance(row, Mapping):
        n = number(row.get("n"))
        reason = row.get("reason")
        return ParsedFigure(
            number(row.get("value")),
            number(row.get("low")),
            number(row.get("high")),
            0 if n is None else int(n),
            None if reason is None else str(reason),
        )
    return ParsedFigure(number(row))


def number(value: Any) -> float | None:
    """A finite number, or None; as is one so large that a difference of two would not be finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < LARGEST else None


def numbers(value: Any) -> list[float]:
    """The finite numbers in a list from JSON; empty where there is none."""
    return [found for one in value if (found := number(one)) is not None] if isinstance(value, list | tuple) else []


def mapping(value: Any) -> Mapping[str, Any]:
    """An object from JSON, or an empty one where there is none."""
    return value if isinstance(value, Mapping) else {}


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list from JSON; empty where there is none."""
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


Shape = Callable[[float], str]
"""How a value is written."""


def percent(value: float) -> str:
    return _signed(f"{value:.1%}")


def points(value: float) -> str:
    """A difference of shares, in percentage points."""
    return _signed(f"{100 * value:+.1f}")


def points_ahead(value: float) -> str:
    """The same without a plus, for a sentence that says who is ahead."""
    return _signed(f"{100 * value:.1f}")


def signed(value: float) -> str:
    return _signed(f"{value:+.2f}")


def plain(value: float) -> str:
    """Three digits that count, whatever the unit."""
    return _signed(f"{value:#.3g}".removesuffix("."))


def two(value: float) -> str:
    """Two decimals, without a plus."""
    return _signed(f"{value:.2f}")


def three(value: float) -> str:
    """Three decimals, for losses and errors of probabilities."""
    return _signed(f"{value:.3f}")


def small(value: float) -> str:
    """Two digits, for what should be next to nothing."""
    return _signed(f"{value:.2g}")


def count(value: float) -> Count:
    return Count(f"{value:,.0f}")


def interval(found: ParsedFigure, shape: Shape) -> str:
    """`[low, high]`, or an empty text where there is none or the figure is exact."""
    if found.low is None or found.high is None or found.exact:
        return ""
    # The space does not break: an interval stays on one line.
    return f"[{shape(found.low).rstrip('%')},\u00a0{shape(found.high)}]"


def with_interval(found: ParsedFigure, shape: Shape) -> str:
    """`value [low, high]`, or the value alone."""
    value = "" if found.value is None else shape(found.value)
    return f"{value} {interval(found, shape)}".strip()


def percent_tick(value: float) -> str:
    return _signed(f"{round(100 * value, 1):g}%")


def plain_tick(value: float) -> str:
    return _signed(f"{round(value, 6):g}")


def _signed(text: str) -> str:
    """With a true minus sign, and no sign before what rounds to zero."""
    return text.replace("-", MINUS) if text.strip("+-0.%") else text.lstrip("+-")
