"""What a section is built of: pictures that are tables, tables, and curves, all places already in percent or pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plaudit.report.axes import BEYOND, Axis, axis, within_reach
from plaudit.report.cells import why
from plaudit.report.format import ParsedFigure, Shape, count, interval
from plaudit.report.i18n import Said, say

LEGEND = ("good", "open", "bad", "length", "people", "chance", "blind", "zero", "overall", "beyond")
"""Kinds of dots, marks and lines whose meaning is said under a plot (`legend.<kind>`)."""

NARROWEST = 3
"""Columns of a table that fit a telephone side by side."""

Label = Any
"""What stands in HTML: a sentence, markup, or text that will be escaped."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a dot plot before it has a place.

    Attributes:
        label: what is measured.
        figure: its value and interval.
        tone: how its dot is drawn: "model", "baseline", "people", "line", "bad", "good", "open".
        beside: values of others that are marked in the same row, by kind: "length", "people", "chance", "blind".
        note: a few words under the label.
    """

    label: Label
    figure: ParsedFigure
    tone: str = "model"
    beside: Sequence[tuple[str, float | None]] = ()
    note: Label = None


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row of a dot plot: a dot, its interval and marks, in percent of the width, and the same figures as text.

    `why` says why there is no interval, or nothing at all.
    """

    label: Label
    note: Label
    why: Label
    tone: str
    value: str
    interval: str
    n: str
    dot: float | None
    low: float | None
    high: float | None
    marks: tuple[tuple[str, float, str], ...]

    @property
    def goes_on(self) -> tuple[bool, bool]:
        """Whether the interval goes on beyond the left edge of the plot, and beyond the right."""
        return self.low == BEYOND, self.high == 100 - BEYOND


@dataclass(frozen=True, slots=True)
class Dots:
    """A dot-and-interval plot whose rows are the rows of a table.

    Attributes:
        head: what the values are.
        caption: what to look at.
        axis: of all rows.
        lines: vertical lines through all rows: kind, and place in percent.
        rows: from top to bottom.
        folded: rows that are shown on request.
        tones: whose words (`<tones>.good` and so on) say what the shapes of dots mean.
    """

    kind: ClassVar[str] = "dots"
    head: Said
    caption: Said
    axis: Axis
    lines: tuple[tuple[str, float], ...]
    rows: tuple[PlotRow, ...]
    folded: tuple[PlotRow, ...] = ()
    tones: str = "legend"

    @property
    def legend(self) -> list[tuple[str, Said]]:
        """What needs a key, and its words: shapes of dots, marks and lines that occur, in a fixed order."""
        rows = (*self.rows, *self.folded)
        found = {kind for row in rows for kind, _, _ in row.marks} | {kind for kind, _ in self.lines}
        found |= {"beyond" for row in rows if any(row.goes_on)}
        tones = {row.tone for row in rows} & {"good", "open", "bad"}
        return [
            (key, say(f"{self.tones if key in tones else 'legend'}.{key}")) for key in LEGEND if key in found | tones
        ]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A plain table. `folded` is shown on request; columns from `numeric` on are set to the right."""

    kind: ClassVar[str] = "table"
    caption: Said
    head: tuple[Label, ...]
    rows: tuple[tuple[Label, ...], ...]
    folded: bool = False
    numeric: int = 1

    @property
    def stacked(self) -> bool:
        """Whether a telephone shows a row's cells under each other, each with its heading; a folded table scrolls."""
        return not self.folded and len(self.head) > NARROWEST


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence where a picture would stand."""

    kind: ClassVar[str] = "note"
    said: Label


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its key (`section.<key>` is its title), sentences at its head, and its blocks."""

    key: str
    lead: tuple[Said, ...] = ()
    blocks: tuple[Any, ...] = field(default=())

    @property
    def title(self) -> Said:
        return say(f"section.{self.key}")


def dots(
    entries: Sequence[Entry],
    shape: Shape,
    head: Said,
    caption: Said,
    *,
    ticks: Shape | None = None,
    lines: Iterable[tuple[str, float]] = (),
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
    shown: int | None = None,
    tones: str = "legend",
) -> Dots:
    """Place entries on an axis that holds all dots, marks and lines, and all but the far ends of intervals.

    Args:
        entries: from top to bottom.
        shape: how values are written.
        head: what they are.
        caption: what to look at.
        ticks: how ticks are written, if not as values are.
        lines: kind and value of vertical lines, such as chance.
        bounds: where the axis ends at the latest.
        shown: rows to show before the rest is folded.
        tones: whose words say what the shapes of dots mean.
    """
    lines = list(lines)
    held = [value for entry in entries if (value := entry.figure.value) is not None]
    held += [value for entry in entries for _, value in entry.beside if value is not None]
    held += [value for _, value in lines]
    intervals = [ends for entry in entries if (ends := _interval(entry.figure)) is not None]
    along = axis([*held, *within_reach(held, intervals)], ticks or shape, bounds=bounds)
    rows = tuple(_row(entry, shape, along) for entry in entries)
    places = tuple((kind, along.at(value)) for kind, value in lines)
    cut = len(rows) if shown is None else shown
    return Dots(head, caption, along, places, rows[:cut], rows[cut:], tones)


def _interval(found: ParsedFigure) -> tuple[float, float, float] | None:
    """Low, value and high, where there is an interval to draw."""
    if found.value is None or found.low is None or found.high is None or found.exact:
        return None
    return found.low, found.value, found.high


def _row(entry: Entry, shape: Shape, along: Axis) -> PlotRow:
    found = entry.figure
    ends = _interval(found)
    low, high = (None, None) if ends is None else along.ends(ends[0], ends[-1])
    return PlotRow(
        entry.label,
        entry.note,
        why(found),
        entry.tone,
        "–" if found.value is None else shape(found.value),
        interval(found, shape),
        count(found.n) if found.n else "",
        None if found.value is None else along.at(found.value),
        low,
        high,
        tuple((kind, along.at(value), shape(value)) for kind, value in entry.beside if value is not None),
    )
