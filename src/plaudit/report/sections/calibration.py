"""Does a confidence mean what it says? The reliability curve, the temperature, and what the spread knows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.report.blocks import Dots, Entry, Section, TableBlock, dots
from plaudit.report.cells import between, whole
from plaudit.report.format import (
    ParsedFigure,
    count,
    figure,
    number,
    percent,
    percent_tick,
    plain,
    rows,
    three,
    with_interval,
)
from plaudit.report.i18n import Said, say

WIDTH, HEIGHT, EDGE = 400.0, 320.0, 44.0
"""The reliability picture in its own pixels, and what is kept free for its labels."""

_STRIP = 34.0
"""Height of the strip that shows how many comparisons each point stands for."""


@dataclass(frozen=True, slots=True)
class Point:
    """A bin: its place, its interval's ends, its radius, its bar in the strip, and what a tooltip says."""

    x: float
    y: float
    low: float | None
    high: float | None
    bar: float
    title: str


@dataclass(frozen=True, slots=True)
class ReliabilityPlot:
    """The reliability curve: confidence from 50% to 100% along, the share that was right up."""

    kind: ClassVar[str] = "reliability"
    caption: Said
    points: tuple[Point, ...]
    diagonal: tuple[float, float, float, float]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    table: TableBlock
    width: float = WIDTH
    height: float = HEIGHT
    edge: float = EDGE


def section(metrics: Mapping[str, Any]) -> Section | None:
    """Calibration. None where nothing of it was measured."""
    blocks: list[Any] = [block for block in (_curve(metrics), _errors(metrics), _selective(metrics)) if block]
    if not blocks:
        return None
    return Section("trust", tuple(_temperature(figure(metrics.get("temperature")))), tuple(blocks))


def _temperature(found: ParsedFigure) -> Iterator[Said]:
    """The divisor that fits best; only what it leaves open where its interval holds 1."""
    if found.value is not None:
        decided = found.above(1.0) or found.below(1.0)
        yield say("trust.temperature" if decided else "trust.temperature_open", figure=whole(found, plain))


def _curve(metrics: Mapping[str, Any]) -> ReliabilityPlot | None:
    bins = [
        (confidence, figure(row.get("right")))
        for row in rows(metrics.get("reliability"))
        if (confidence := number(row.get("confidence"))) is not None
    ]
    bins = [(confidence, right) for confidence, right in bins if right.value is not None]
    if not bins:
        return None
    least = min(0.5, *(x for _, right in bins for x in (right.value, right.low) if x is not None))
    floor = math.floor(least * 10) / 10
    most = max(right.n for _, right in bins) or 1

    def x(confidence: float) -> float:
        return round(EDGE + (WIDTH - EDGE - 12) * (confidence - 0.5) / 0.5, 1)

    def y(share: float) -> float:
        return round(12 + (HEIGHT - EDGE - 12) * (1 - share) / (1 - floor), 1)

    points = tuple(
        Point(
            x(confidence),
            y(right.value or 0.0),
            None if right.low is None else y(right.low),
            None if right.high is None else y(right.high),
            round(_STRIP * right.n / most, 1),
            f"{percent(confidence)} → {with_interval(right, percent)}, n = {count(right.n)}",
        )
        for confidence, right in bins
    )
    step = 0.1 if 1 - floor <= 0.6 else 0.2
    shares = [1 - i * step for i in range(round((1 - floor) / step + 0.49) + 1) if 1 - i * step >= floor - 1e-9]
    return ReliabilityPlot(
        say("trust.caption", n=count(sum(right.n for _, right in bins))),
        points,
        (x(0.5), y(0.5), x(1.0), y(1.0)),
        tuple((x(value), percent_tick(value)) for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        tuple((y(value), percent_tick(value)) for value in shares),
        TableBlock(
            say("table.same"),
            (say("head.confidence"), say("head.right"), say("head.interval"), say("head.n")),
            tuple((percent(c), percent(r.value or 0.0), between(r, percent), count(r.n)) for c, r in bins),
            folded=True,
        ),
    )


def _errors(metrics: Mapping[str, Any]) -> TableBlock | None:
    """Losses and errors, what to compare them with, and what dividing the gaps by the temperature makes of them."""
    lines = {"log_loss": math.log(2), "brier": 0.25, "ece": figure(metrics.get("ece_chance")).value}
    cells = tuple(
        (
            say(f"row.{name}"),
            whole(found, three),
            "–" if line is None else say(f"beside.{name}", value=three(line)),
            whole(figure(metrics.get(f"{name}_at_temperature")), three),
        )
        for name, line in lines.items()
        for found in [figure(metrics.get(name))]
        if found.value is not None
    )
    head = (say("head.figure"), say("head.value"), say("head.beside"), say("head.at_temperature"))
    return TableBlock(say("trust.errors"), head, cells) if cells else None


def _selective(metrics: Mapping[str, Any]) -> Dots | None:
    entries = list(_halves(metrics))
    if not entries:
        return None
    lines = [("overall", value)] if (value := figure(metrics.get("accuracy")).value) is not None else []
    head, caption = say("head.surest"), say("trust.selective")
    return dots(entries, percent, head, caption, ticks=percent_tick, lines=lines, bounds=(0.0, 1.0))


def _halves(metrics: Mapping[str, Any]) -> Iterator[Entry]:
    for name in ("surest_half", "surest_half_by_gap"):
        found = figure(metrics.get(name))
        if found.value is not None:
            yield Entry(say(f"row.{name}"), found, "model" if name == "surest_half" else "baseline")
