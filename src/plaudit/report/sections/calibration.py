"""Does a confidence mean what it says? The reliability curve, the temperature, and what the spread knows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from plaudit.evaluation import Confident, Evaluation
from plaudit.report.blocks import Dots, Entry, Section, TableBlock, dots
from plaudit.report.cells import figure_cell, interval_cell
from plaudit.report.i18n import Sentence, count, say
from plaudit.statistics import Measurement, measurement_of, percent, percent_tick, plain, three

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
    caption: Sentence
    points: tuple[Point, ...]
    diagonal: tuple[float, float, float, float]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    table: TableBlock
    width: float = WIDTH
    height: float = HEIGHT
    edge: float = EDGE


def section(evaluation: Evaluation) -> Section | None:
    """Calibration. None where nothing of it was measured."""
    parts = (_curve(evaluation.reliability), _errors(evaluation), _selective(evaluation))
    blocks: list[Any] = [block for block in parts if block]
    if not blocks:
        return None
    lead = tuple(_temperature(measurement_of(evaluation.overall, "temperature")))
    return Section("trust", lead, tuple(blocks))


def _temperature(temperature: Measurement) -> Iterator[Sentence]:
    """The divisor that fits best; only what it leaves open where its interval holds 1."""
    if temperature.value is not None:
        decided = temperature.above(1.0) or temperature.below(1.0)
        key = "trust.temperature" if decided else "trust.temperature_open"
        yield say(key, figure=figure_cell(temperature, plain))


def _curve(reliability: Sequence[Confident]) -> ReliabilityPlot | None:
    bins = [(row.confidence, row.right) for row in reliability if row.right.value is not None]
    if not bins:
        return None
    least = min(0.5, *(x for _, right in bins for x in (right.value, right.low) if x is not None))
    floor = math.floor(least * 10) / 10
    most = max(right.n for _, right in bins) or 1
    step = 0.1 if 1 - floor <= 0.6 else 0.2
    shares = [1 - i * step for i in range(round((1 - floor) / step + 0.49) + 1) if 1 - i * step >= floor - 1e-9]
    return ReliabilityPlot(
        caption=say("trust.caption", n=count(sum(right.n for _, right in bins))),
        points=tuple(_point(confidence, right, floor, most) for confidence, right in bins),
        diagonal=(_x(0.5), _y(0.5, floor), _x(1.0), _y(1.0, floor)),
        x_ticks=tuple((_x(value), percent_tick(value)) for value in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)),
        y_ticks=tuple((_y(value, floor), percent_tick(value)) for value in shares),
        table=TableBlock(
            say("table.same"),
            (say("head.confidence"), say("head.right"), say("head.interval"), say("head.n")),
            tuple((percent(c), percent(r.value or 0.0), interval_cell(r, percent), count(r.n)) for c, r in bins),
            folded=True,
        ),
    )


def _point(confidence: float, right: Measurement, floor: float, most: int) -> Point:
    return Point(
        x=_x(confidence),
        y=_y(right.value or 0.0, floor),
        low=None if right.low is None else _y(right.low, floor),
        high=None if right.high is None else _y(right.high, floor),
        bar=round(_STRIP * right.n / most, 1),
        title=f"{percent(confidence)} → {right.format(percent)}, n = {count(right.n)}",
    )


def _x(confidence: float) -> float:
    """Pixels from the left of a confidence from 1/2 to 1."""
    return round(EDGE + (WIDTH - EDGE - 12) * (confidence - 0.5) / 0.5, 1)


def _y(share: float, floor: float) -> float:
    """Pixels from the top of a share from `floor` to 1."""
    return round(12 + (HEIGHT - EDGE - 12) * (1 - share) / (1 - floor), 1)


def _errors(evaluation: Evaluation) -> TableBlock | None:
    """Losses and errors, what to compare them with, and what dividing the gaps by the temperature makes of them."""
    figures = evaluation.overall
    lines = {"log_loss": math.log(2), "brier": 0.25, "ece": measurement_of(figures, "ece_chance").value}
    cells = tuple(
        (
            say(f"row.{name}"),
            figure_cell(measured, three),
            "–" if line is None else say(f"beside.{name}", value=three(line)),
            figure_cell(measurement_of(figures, f"{name}_at_temperature"), three),
        )
        for name, line in lines.items()
        for measured in [measurement_of(figures, name)]
        if measured.value is not None
    )
    head = (say("head.figure"), say("head.value"), say("head.beside"), say("head.at_temperature"))
    return TableBlock(say("trust.errors"), head, cells) if cells else None


def _selective(evaluation: Evaluation) -> Dots | None:
    entries = list(_halves(evaluation))
    if not entries:
        return None
    accuracy = measurement_of(evaluation.overall, "accuracy").value
    lines = [] if accuracy is None else [("overall", accuracy)]
    head, caption = say("head.surest"), say("trust.selective")
    return dots(entries, percent, head, caption, lines=lines, bounds=(0.0, 1.0))


def _halves(evaluation: Evaluation) -> Iterator[Entry]:
    for name in ("selective_accuracy", "selective_accuracy_by_gap"):
        measured = measurement_of(evaluation.overall, name)
        if measured.value is not None:
            yield Entry(say(f"row.{name}"), measured, "model" if name == "selective_accuracy" else "baseline")
