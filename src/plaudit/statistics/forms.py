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
    """The same without a plus, for a sentence that says who is ahead.

    Example:
        >>> points_ahead(0.1)
        '10.0'
    """
    return _written(value, f"{100 * value:.1f}")


def signed(value: float) -> str:
    """Two decimals with a sign.

    Example:
        >>> signed(0.5), signed(-0.5), signed(0.0)
        ('+0.50', '−0.50', '0.00')
    """
    return _written(value, f"{value:+.2f}")


def signed_percent(value: float) -> str:
    """A difference of shares, with a sign.

    Example:
        >>> signed_percent(0.021), signed_percent(-0.021)
        ('+2.1%', '−2.1%')
    """
    return _written(value, f"{value:+.1%}")


def signed_three(value: float) -> str:
    """Three decimals with a sign.

    Example:
        >>> signed_three(0.0125), signed_three(-1.0)
        ('+0.013', '−1.000')
    """
    return _written(value, f"{value:+.3f}")


def signed_plain(value: float) -> str:
    """Three digits that count, with a sign.

    Example:
        >>> signed_plain(1.2345), signed_plain(-123.45)
        ('+1.23', '−123')
    """
    return _written(value, f"{value:+.3g}")


def plain(value: float) -> str:
    """Three digits that count, whatever the unit.

    Example:
        >>> plain(0.012345), plain(2.0), plain(123.45)
        ('0.0123', '2.00', '123')
    """
    return _written(value, f"{value:#.3g}".removesuffix("."))


def two(value: float) -> str:
    """Two decimals, without a plus.

    Example:
        >>> two(2.5), two(-2.5)
        ('2.50', '−2.50')
    """
    return _written(value, f"{value:.2f}")


def three(value: float) -> str:
    """Three decimals, for losses and errors of probabilities.

    Example:
        >>> three(0.6931)
        '0.693'
    """
    return _written(value, f"{value:.3f}")


def small(value: float) -> str:
    """Two digits, for what should be next to nothing.

    Example:
        >>> small(0.000123), small(0.0)
        ('0.00012', '0')
    """
    return _written(value, f"{value:.2g}")


def percent_tick(value: float) -> str:
    """A share beside an axis.

    Example:
        >>> percent_tick(0.25), percent_tick(0.125)
        ('25%', '12.5%')
    """
    return _written(value, f"{round(100 * value, 1):g}%")


def plain_tick(value: float) -> str:
    """A number beside an axis.

    Example:
        >>> plain_tick(0.1 + 0.2), plain_tick(-5.0)
        ('0.3', '−5')
    """
    return _written(value, f"{round(value, 6):g}")


def _written(value: float, text: str) -> str:
    if abs(value) >= HUGE:
        text = f"{value:.2e}"
    return text.replace("-", MINUS) if text.strip("+-0.%") else text.lstrip("+-")
