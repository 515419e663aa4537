"""Lines over steps or over distance: places in pixels, bands where there are intervals, and the figures as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from plaudit.report.axes import Axis, axis, within_reach
from plaudit.report.blocks import TableBlock
from plaudit.report.cells import figure_cell
from plaudit.report.i18n import Sentence, Wording, say
from plaudit.statistics import Form, Measurement, percent, percent_tick, plain_tick

HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 210.0, 46.0, 12.0, 10.0, 40.0
"""Of a plot, and what is kept free for its labels, in its own pixels."""

NARROW, WIDE = 320.0, 400.0
"""Widths, in the same pixels: letters are to be as large whatever row a plot stands in."""

STEPS = "steps"
"""The look of a line that is pale and has no dots."""

MOST = 120
"""Points of a line: a longer one is drawn of the means of neighbours."""


@dataclass(frozen=True, slots=True)
class LinePoint:
    """A point before it has a place.

    Attributes:
        x: along.
        figure: up, with its interval where it has one.
        at: what it is of, for the table and tooltips, in no language: "5", "n = 4".
    """

    x: float
    figure: Measurement
    at: str


@dataclass(frozen=True, slots=True)
class LineSeries:
    """One line.

    Attributes:
        label: in the legend.
        look: of the line: `a` to `f`, or `STEPS`.
        points: in the order in which they are joined.
        framed: whether the plot must hold it; one that need not is cut at the edge.
    """

    label: Wording
    look: str
    points: Sequence[LinePoint]
    framed: bool = True


@dataclass(frozen=True, slots=True)
class Along:
    """What goes along: its name, and largest x -> ticks, of which the first and the last are the ends."""

    name: Sentence
    ticks: Callable[[float], list[float]]


@dataclass(frozen=True, slots=True)
class PlacedDot:
    """A point in pixels, and what a tooltip says."""

    x: float
    y: float
    low: float | None
    high: float | None
    title: str


@dataclass(frozen=True, slots=True)
class PlacedLine:
    """A line in pixels: `points` for a polyline, `band` for a polygon, dots with their intervals."""

    label: Wording
    look: str
    points: str
    band: str
    dots: tuple[PlacedDot, ...]


@dataclass(frozen=True, slots=True)
class LinePlot:
    """A plot of lines.

    Attributes:
        head: what goes up.
        x_name: what goes along.
        lines: from back to front.
        marks: vertical lines: kind (`kept`, `alarm`), and place.
        table: the same in figures.
        key: looks of its lines and their words, where the grid's does not say it.
    """

    kind: ClassVar[str] = "line_plot"
    head: Sentence
    x_name: Sentence
    lines: tuple[PlacedLine, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]
    zero: float | None
    marks: tuple[tuple[str, float], ...]
    table: TableBlock
    key: tuple[tuple[str, Wording], ...]
    width: float
    height: float = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM


@dataclass(frozen=True, slots=True)
class LineGrid:
    """Plots beside each other, with one key for all.

    Attributes:
        head: of all of them.
        caption: what to look at.
        plots: in their order.
        legend: looks, or kinds of marks, and their words.
        wide: whether there are two in a row rather than three.
    """

    kind: ClassVar[str] = "line_grid"
    head: Sentence
    caption: Sentence
    plots: tuple[LinePlot, ...]
    legend: tuple[tuple[str, Wording], ...]
    wide: bool = False


def line_plot(
    series: Sequence[LineSeries],
    form: Form,
    *,
    head: Sentence,
    along: Along,
    table: TableBlock | None = None,
    marks: Sequence[tuple[str, float]] = (),
    bounds: tuple[float, float] = (-math.inf, math.inf),
    keyed: bool = False,
) -> LinePlot:
    """Place lines in a frame that holds all framed points, and all but the far ends of their intervals.

    Args:
        series: at least one point in all.
        form: how values are written.
        head: what goes up.
        along: what goes along.
        table: the same in figures; by default a row for every place along, a column for every line.
        marks: kind and x of vertical lines.
        bounds: where the y axis ends at the latest.
        keyed: whether it says what its lines are.
    """
    # A picture with a table of its own stands in a wider row.
    width = NARROW if table is None else WIDE
    up = _y_axis(series, form, bounds)
    ticks = along.ticks(max(point.x for one in series for point in one.points))
    span = (ticks[0], ticks[-1])

    def x(value: float) -> float:
        return round(LEFT + (width - LEFT - RIGHT) * (value - span[0]) / (span[1] - span[0]), 1)

    def y(value: float) -> float:
        # What lies far outside is cut by the frame; it only must stay a number that a browser can place.
        share = min(max((value - up.low) / (up.high - up.low), -9.0), 9.0)
        return round(TOP + (HEIGHT - TOP - BOTTOM) * (1 - share), 1)

    many = round((up.high - up.low) / up.step)
    values = [up.low + place * up.step for place in range(many + 1)]
    return LinePlot(
        head=head,
        x_name=along.name,
        lines=tuple(_placed(one, form, x, y) for one in series),
        x_ticks=tuple((x(value), plain_tick(value)) for value in ticks),
        y_ticks=tuple((y(value), up.form(0.0 if abs(value) < 1e-12 else value)) for value in values),
        zero=y(0.0) if up.low < 0 < up.high else None,
        marks=tuple((kind, x(place)) for kind, place in marks if span[0] <= place <= span[1]),
        table=table or _table(series, form, along.name),
        key=tuple((one.look, one.label) for one in series if one.look != STEPS) if keyed else (),
        width=width,
    )


def whole_ticks(last: float) -> list[float]:
    """Ticks at whole numbers from 0 to about `last`, which is at least 1."""
    last = max(1, math.ceil(last))
    size = 1
    while not any(last <= 5 * size * step for step in (1, 2, 5)):
        size *= 10
    step = next(size * step for step in (1, 2, 5) if last <= 5 * size * step)
    return [float(step * place) for place in range(math.ceil(last / step) + 1)]


def round_ticks(last: float) -> list[float]:
    """Ticks at round numbers from 0 to beyond `last`."""
    along = axis([0.0, max(last, 0.1)], plain_tick, ticks=5)
    return [along.step * place for place in range(round(along.high / along.step) + 1)]


def thinned(points: Sequence[LinePoint]) -> list[LinePoint]:
    """At most `MOST` points, each the mean of its neighbours, which stand at the last of them."""
    size = math.ceil(len(points) / MOST)
    if size <= 1:
        return list(points)
    return [_merged(points[start : start + size]) for start in range(0, len(points), size)]


def _merged(points: Sequence[LinePoint]) -> LinePoint:
    values = [point.figure.value for point in points if point.figure.value is not None]
    value = sum(values) / len(values) if values else None
    return LinePoint(points[-1].x, Measurement(value, None, None, len(values)), f"{points[0].at}–{points[-1].at}")


def _y_axis(series: Sequence[LineSeries], form: Form, bounds: tuple[float, float]) -> Axis:
    framed = [point.figure for one in series if one.framed for point in one.points]
    values = [figure.value for figure in framed if figure.value is not None]
    intervals = [
        (figure.low, figure.value, figure.high)
        for figure in framed
        if figure.value is not None and figure.low is not None and figure.high is not None and not figure.exact
    ]
    written = percent_tick if form is percent else plain_tick
    held = [*values, *within_reach(values, intervals)] if values else []
    return axis(held, written, bounds=bounds, ticks=4)


def _placed(series: LineSeries, form: Form, x: Callable[[float], float], y: Callable[[float], float]) -> PlacedLine:
    shown = [(point, point.figure) for point in series.points if point.figure.value is not None]
    dots = tuple(
        PlacedDot(
            x(point.x),
            y(figure.value or 0.0),
            None if figure.low is None else y(figure.low),
            None if figure.high is None else y(figure.high),
            f"{point.at}: {figure.format(form)}",
        )
        for point, figure in shown
    )
    # A band has two sides only where the line does not turn back.
    onward = all(first.x <= second.x for first, second in pairwise(dots))
    ends = [(dot.x, dot.low, dot.high) for dot in dots if dot.low is not None and dot.high is not None]
    rim = [*((place, high) for place, _, high in ends), *((place, low) for place, low, _ in reversed(ends))]
    return PlacedLine(
        series.label,
        series.look,
        " ".join(f"{dot.x},{dot.y}" for dot in dots),
        " ".join(f"{place},{end}" for place, end in rim) if onward and len(ends) > 1 else "",
        () if series.look == STEPS else dots,
    )


def _table(series: Sequence[LineSeries], form: Form, x_name: Sentence) -> TableBlock:
    """A row for every x at which something stands; a column for every line."""
    columns = [{(point.x, point.at): figure_cell(point.figure, form) for point in one.points} for one in series]
    places = sorted({place for column in columns for place in column})
    rows = tuple((at, *(column.get((x, at), "") for column in columns)) for x, at in places)
    return TableBlock(say("table.same"), (x_name, *(one.label for one in series)), rows, folded=True)
