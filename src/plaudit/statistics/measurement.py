"""A figure with its interval, or the reason why it has none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.statistics.forms import Form
from plaudit.storage import Fields


@dataclass(frozen=True, slots=True)
class Measurement:
    """A value with its 95% interval and the number of things it is a mean over. What is undefined is None.

    Attributes:
        value: the measurement.
        low: lower end of the interval.
        high: upper end.
        n: comparisons (rankings, for `top1`) it is computed from.
        reason: why something is undefined; None when nothing is.

    Example:
        >>> accuracy = Measurement(0.75, 0.7, 0.8, n=1400)
        >>> print(accuracy, accuracy.above(0.5))
        0.750 [0.700, 0.800] (n = 1,400) True
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    reason: str | None = None

    def __str__(self) -> str:
        if self.value is None:
            return f"undefined: {self.reason}"
        interval = f" [{self.low:.3f}, {self.high:.3f}]" if self.low is not None and self.high is not None else ""
        return f"{self.value:.3f}{'' if self.exact else interval} (n = {self.n:,})"

    def to_json(self) -> dict[str, Any]:
        """`{"value", "low", "high", "n"}`, undefined as null, with `"reason"` only where something is."""
        row: dict[str, Any] = {"value": self.value, "low": self.low, "high": self.high, "n": self.n}
        return row if self.reason is None else row | {"reason": self.reason}

    @classmethod
    def from_json(cls, row: Any) -> Measurement:
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is not such an object.
        """
        fields = Fields.of(row, "a measurement")
        value, low, high = (fields.optional_number(key) for key in ("value", "low", "high"))
        return cls(value, low, high, fields.integer("n"), fields.optional_text("reason"))

    @property
    def has_interval(self) -> bool:
        """Whether something shows how sure it is."""
        return self.low is not None and self.high is not None

    @property
    def exact(self) -> bool:
        """Whether it is a constant that nothing was estimated for, such as chance."""
        return self.value is not None and self.low == self.value == self.high

    @property
    def negated(self) -> Measurement:
        """The same difference, seen from the other side."""
        value, low, high = (None if x is None else -x for x in (self.value, self.high, self.low))
        return Measurement(value, low, high, self.n, self.reason)

    def above(self, line: float) -> bool:
        """Whether the whole interval lies above a line."""
        return self.low is not None and self.low > line

    def below(self, line: float) -> bool:
        """Whether the whole interval lies below a line."""
        return self.high is not None and self.high < line

    def interval(self, form: Form) -> str:
        """`[low, high]`; an empty text where there is none, or the figure is exact."""
        if self.low is None or self.high is None or self.exact:
            return ""
        # The space does not break: an interval stays on one line.
        return f"[{form(self.low).rstrip('%')},\u00a0{form(self.high)}]"

    def format(self, form: Form) -> str:
        """`value [low, high]`, or the value alone; an empty text where it is undefined.

        Args:
            form: how numbers are written, such as `percent`.
        """
        value = "" if self.value is None else form(self.value)
        return f"{value} {self.interval(form)}".strip()


Measurements = Mapping[str, Measurement]
"""Measurements by name."""

UNMEASURED = Measurement(None, None, None, 0)
"""What nobody measured."""


def measurement_of(measurements: Measurements, name: str) -> Measurement:
    """The measurement of that name, or `UNMEASURED`.

    Example:
        >>> measured = {"accuracy": Measurement(0.75, 0.7, 0.8, n=1400)}
        >>> measurement_of(measured, "accuracy").value, measurement_of(measured, "ndcg") is UNMEASURED
        (0.75, True)
    """
    return measurements.get(name, UNMEASURED)


def undefined(reason: str) -> Measurement:
    """A measurement of nothing.

    Example:
        >>> print(undefined("there are no ties"))
        undefined: there are no ties
    """
    return Measurement(None, None, None, 0, reason)
