"""Forms of numbers: percentages, points, signed figures, each with a true minus sign and no sign before zero."""

from __future__ import annotations

from collections.abc import Callable

MINUS = "−"

HUGE = 1e15
"""From here on a number is written with an exponent, whatever its form."""

Form = Callable[[float], str]
"""How a number is written."""


def percent(value: float) -> str:
    """A share.

    Example:
        >>> percent(0.7042)
        '70.4%'
    """
    return _written(value, f"{value:.1%}")


def points(value: float) -> str:
    """A difference of shares, in percentage points.

    Example:
        >>> points(0.1), points(-0.1), points(-0.0001)
        ('+10.0', '−10.0', '0.0')
    """
    return _written(value, f"{100 * value:+.1f}")


def points_ahead(value: float) -> str:
    """The same without a plus, for a sentence that says who is ahead."""
    return _written(value, f"{100 * value:.1f}")


def signed(value: float) -> str:
    """Two decimals with a sign."""
    return _written(value, f"{value:+.2f}")


def signed_percent(value: float) -> str:
    """A difference of shares, with a sign."""
    return _written(value, f"{value:+.1%}")


def signed_three(value: float) -> str:
    """Three decimals with a sign."""
    return _written(value, f"{value:+.3f}")


def signed_plain(value: float) -> str:
    """Three digits that count, with a sign."""
    return _written(value, f"{value:+.3g}")


def plain(value: float) -> str:
    """Three digits that count, whatever the unit."""
    return _written(value, f"{value:#.3g}".removesuffix("."))


def two(value: float) -> str:
    """Two decimals, without a plus."""
    return _written(value, f"{value:.2f}")


def three(value: float) -> str:
    """Three decimals, for losses and errors of probabilities."""
    return _written(value, f"{value:.3f}")


def small(value: float) -> str:
    """Two digits, for what should be next to nothing."""
    return _written(value, f"{value:.2g}")


def percent_tick(value: float) -> str:
    """A share beside an axis."""
    return _written(value, f"{round(100 * value, 1):g}%")


def plain_tick(value: float) -> str:
    """A number beside an axis."""
    return _written(value, f"{round(value, 6):g}")


def _written(value: float, text: str) -> str:
    if abs(value) >= HUGE:
        text = f"{value:.2e}"
    return text.replace("-", MINUS) if text.strip("+-0.%") else text.lstrip("+-")
