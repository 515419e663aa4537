"""The verdict on a best-of-n curve, in one clause."""

from __future__ import annotations

from collections.abc import Callable

from plaudit.evaluation.best_of_n.curves import Curve
from plaudit.statistics import Measurement


def finding(curve: Curve, most: int) -> str:
    """One clause on what choosing harder does, the first that the figures bear out.

    Args:
        curve: of a proxy or an ensemble.
        most: the largest n.

    Example:
        >>> from plaudit import Group, best_of
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> gold = [[1.0, 0.0, 0.0]] * 7 + [[0.0, 1.0, 0.0]]
        >>> result = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold)
        >>> finding(result.curves[0], result.most)
        'no sign of over-optimisation up to n = 3, where it gains 0.94 sd [0.43, 1.45]'
    """
    clause = next(say(curve, most) for holds, say in _FINDINGS if holds(curve, most))
    return clause if curve.lead is None else f"{clause}; {_lead(curve.lead)}"


def _undefined(curve: Curve, most: int) -> bool:
    return curve.gold[-1].low is None


def _harmful(curve: Curve, most: int) -> bool:
    return _below_zero(curve.gold[-1])


def _falls(curve: Curve, most: int) -> bool:
    return _above_zero(curve.fall)


def _turns(curve: Curve, most: int) -> bool:
    """The fitted peak lies within the data, its whole interval too."""
    return curve.fit.peak.high is not None and curve.fit.peak.high < most


def _useless(curve: Curve, most: int) -> bool:
    return not _above_zero(curve.gold[-1])


def _always(curve: Curve, most: int) -> bool:
    return True


def _say_harmful(curve: Curve, most: int) -> str:
    rise = "never above it" if curve.highest_at == 1 else f"highest at n = {curve.highest_at}"
    return f"worse than a random answer at n = {most}, by {_sd(curve.gold[-1], -1)} ({rise})"


def _say_falls(curve: Curve, most: int) -> str:
    fall, peak = curve.fall, curve.fit.peak
    where = (
        f"; the fitted curve is highest at n = {_n(peak.value)} [{_n(peak.low)}, {_n(peak.high)}]"
        if peak.value is not None and peak.low is not None and peak.high is not None
        else ""
    )
    return (
        f"over-optimised: gold is highest at n = {curve.highest_at} and at n = {most} lies {_sd(fall)} below its "
        f"maximum{where}"
    )


def _say_turns(curve: Curve, most: int) -> str:
    peak = curve.fit.peak
    return (
        f"the fitted curve turns at n = {_n(peak.value)} [{_n(peak.low)}, {_n(peak.high)}], but that gold itself falls "
        f"by n = {most} is not shown"
    )


Test = Callable[[Curve, int], bool]
Say = Callable[[Curve, int], str]

_FINDINGS: tuple[tuple[Test, Say], ...] = (
    (_undefined, lambda curve, most: f"undefined: {curve.gold[-1].reason}"),
    (_harmful, _say_harmful),
    (_falls, _say_falls),
    (_useless, lambda curve, most: f"not shown to be better than a random answer at n = {most}"),
    (_turns, _say_turns),
    (
        _always,
        lambda curve, most: f"no sign of over-optimisation up to n = {most}, where it gains {_sd(curve.gold[-1])}",
    ),
)


def _lead(lead: Measurement) -> str:
    if lead.low is None or lead.high is None:
        return f"its lead over its members is undefined: {lead.reason}"
    shown = "better than" if lead.low > 0 else "worse than" if lead.high < 0 else "not told from"
    return f"{shown} its members' average there: {lead.value:+.2f} sd [{lead.low:+.2f}, {lead.high:+.2f}]"


def _above_zero(measured: Measurement) -> bool:
    return measured.low is not None and measured.low > 0


def _below_zero(measured: Measurement) -> bool:
    return measured.high is not None and measured.high < 0


def _sd(measured: Measurement, sign: int = 1) -> str:
    low, high = sorted(sign * end for end in (measured.low or 0.0, measured.high or 0.0))
    return f"{sign * (measured.value or 0.0):.2f} sd [{low:.2f}, {high:.2f}]"


def _n(value: float | None) -> str:
    return "undefined" if value is None else f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
