"""Held-out accuracy by the number of judgements, drawn: asking by a model against asking at random."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import ceil, floor
from typing import Any, NamedTuple

from markupsafe import Markup

from plaudit.text import count

_WIDTH, _HEIGHT = 440, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 44
_APART = 4.0
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000)
_MOST_TICKS = 6

SERIES = ("informed", "random", "all")
"""What is drawn: models on questions that a model chose, on questions drawn at random, and on all judgements."""


class CurvePoint(NamedTuple):
    """One model.

    Attributes:
        series: one of `SERIES`.
        judgements: that it was trained on.
        figure: its accuracy, `{"value", "low", "high", "n"}`.

    Example:
        >>> CurvePoint("all", 200, {"value": 0.7, "low": 0.6, "high": 0.8, "n": 90}).judgements
        200
    """

    series: str
    judgements: int
    figure: Mapping[str, Any]


def compared(runs: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Runs in which asking was compared, the newest first; of one backbone, which is the newest one's.

    Example:
        >>> compared([{"backbone": "bow", "comparison": None}])
        []
    """
    done = [one for one in runs if one["comparison"] and "difference" in one["comparison"]]
    return [one for one in done if one["backbone"] == done[0]["backbone"]]


def points_of(runs: Sequence[Mapping[str, Any]]) -> list[CurvePoint]:
    """What there is to draw of runs, for the backbone that was compared last."""
    rows = compared(runs)
    if not rows:
        return []
    told = [
        CurvePoint(series, one["comparison"]["judgements"], one["comparison"][series])
        for one in rows
        for series in ("informed", "random")
    ]
    alike = [one for one in runs if one["backbone"] == rows[0]["backbone"] and one["accuracy"]]
    told += [CurvePoint("all", one["judgements"], one["accuracy"]) for one in alike]
    return sorted((one for one in told if one.figure["value"] is not None), key=lambda one: one.judgements)


def curve(points: Sequence[CurvePoint], across: str, up: str) -> Markup:
    """The picture; a table beside it says the same to who cannot see it.

    Args:
        points: of at least one model.
        across: what stands below.
        up: what stands at the side.

    Example:
        >>> point = CurvePoint("all", 200, {"value": 0.7, "low": 0.6, "high": 0.8, "n": 90})
        >>> curve([point], "Judgements", "Accuracy").count("<circle")
        0
    """
    scale = _Scale(points)
    parts = [*_axes(scale, across, up)]
    for series in SERIES:
        line = [one for one in points if one.series == series]
        parts.append(_line(scale, series, line))
        parts += [_mark(scale, one) for one in line]
    body = Markup("").join(parts)
    return Markup('<svg class="curve" viewBox="0 0 {} {}" aria-hidden="true">{}</svg>').format(_WIDTH, _HEIGHT, body)


def mark(series: str) -> Markup:
    """The mark of a series, for the legend.

    Example:
        >>> "square" in mark("random")
        True
    """
    shape = _shape(series, 8.0, 8.0)
    return Markup('<svg class="curve key" viewBox="0 0 16 16" aria-hidden="true">{}</svg>').format(shape)


class _Scale:
    """Where a count and a share stand."""

    def __init__(self, points: Sequence[CurvePoint]) -> None:
        counts = [one.judgements for one in points]
        ends = [end for one in points for end in _ends(one)]
        self.step = next((one for one in _STEPS if max(counts) / one <= _MOST_TICKS), _STEPS[-1])
        # From nothing, so that a model on twice the judgements stands twice as far.
        self.most = self.step * ceil(max(counts) / self.step)
        self.low = floor(10 * min([*ends, 0.5])) / 10
        self.high = max(ceil(10 * max(ends)) / 10, self.low + 0.2)

    def x(self, judgements: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * judgements / self.most

    def y(self, share: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (self.high - share) / (self.high - self.low)

    def ticks(self) -> Iterator[int]:
        yield from range(0, self.most + 1, self.step)

    def shares(self) -> Iterator[float]:
        yield from (tenth / 10 for tenth in range(round(10 * self.low), round(10 * self.high) + 1))


def _axes(scale: _Scale, across: str, up: str) -> Iterator[Markup]:
    for share in scale.shares():
        chance = "chance" if share == 0.5 else "grid"
        yield Markup('<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>').format(
            chance, _LEFT, _WIDTH - _RIGHT, scale.y(share), scale.y(share)
        )
        yield Markup('<text class="up" x="{}" y="{:.1f}">{:.0%}</text>').format(_LEFT - 6, scale.y(share) + 4, share)
    bottom = _HEIGHT - _BOTTOM + 16
    for tick in scale.ticks():
        yield Markup('<text class="across" x="{:.1f}" y="{}">{}</text>').format(scale.x(tick), bottom, str(count(tick)))
    middle = (_LEFT + _WIDTH - _RIGHT) / 2
    yield Markup('<text class="across" x="{}" y="{}">{}</text>').format(middle, _HEIGHT - 6, across)
    turned = (_TOP + _HEIGHT - _BOTTOM) / 2
    yield Markup('<text class="across" transform="rotate(-90)" x="{}" y="13">{}</text>').format(-turned, up)


def _line(scale: _Scale, series: str, points: Sequence[CurvePoint]) -> Markup:
    if len(points) < 2:
        return Markup()
    way = " ".join(f"{_across(scale, one):.1f},{scale.y(one.figure['value']):.1f}" for one in points)
    return Markup('<polyline class="{}" points="{}"/>').format(series, way)


def _mark(scale: _Scale, point: CurvePoint) -> Markup:
    x, (low, high) = _across(scale, point), _ends(point)
    bar = Markup('<line class="ends {}" x1="{x:.1f}" x2="{x:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
        point.series, scale.y(low), scale.y(high), x=x
    )
    return bar + _shape(point.series, x, scale.y(point.figure["value"]))


def _across(scale: _Scale, point: CurvePoint) -> float:
    """Side by side, where two stand on as many judgements."""
    return scale.x(point.judgements) + {"informed": _APART, "random": -_APART}.get(point.series, 0.0)


def _shape(series: str, x: float, y: float) -> Markup:
    if series == "informed":
        return Markup('<circle class="informed" cx="{:.1f}" cy="{:.1f}" r="4.5"/>').format(x, y)
    if series == "random":
        return Markup('<rect class="random square" x="{:.1f}" y="{:.1f}" width="8" height="8"/>').format(x - 4, y - 4)
    way = f"{x:.1f},{y - 5:.1f} {x + 5:.1f},{y:.1f} {x:.1f},{y + 5:.1f} {x - 5:.1f},{y:.1f}"
    return Markup('<polygon class="all" points="{}"/>').format(way)


def _ends(point: CurvePoint) -> tuple[float, float]:
    figure = point.figure
    return (figure["value"], figure["value"]) if figure.get("low") is None else (figure["low"], figure["high"])
