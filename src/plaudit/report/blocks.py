"""What a section is built of: pictures that are tables, tables, and curves, all places already in percent or pixels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plaudit.report.axes import BEYOND, Axis, axis, within_reach
from plaudit.report.cells import missing_cell
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.statistics import Form, Measurement, percent, percent_tick, plain_tick, points, signed

LEGEND = ("good", "open", "bad", "length", "people", "chance", "blind", "zero", "overall", "beyond")
"""Kinds of dots, marks and lines whose meaning is said under a plot (`legend.<kind>`)."""

NARROWEST = 3
"""Columns of a table that fit a telephone side by side."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of a dot plot before it has a place.

    Attributes:
        label: what is measured.
        figure: its value and interval.
        tone: how its dot is drawn: "model", "baseline", "people", "line", "bad", "good", "open".
        marks: values of others that are marked in the same row, by kind: "length", "people", "chance", "blind".
        note: a few words under the label.
    """

    label: Wording
    figure: Measurement
    tone: str = "model"
    marks: Sequence[tuple[str, float | None]] = ()
    note: Wording | None = None


@dataclass(frozen=True, slots=True)
class PlotRow:
    """One row of a dot plot: a dot, its interval and marks, in percent of the width, and the same figures as text.

    `missing` says why there is no interval, or nothing at all.
    """

    label: Wording
    note: Wording | None
    missing: Wording
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
    head: Sentence
    caption: Sentence
    axis: Axis
    lines: tuple[tuple[str, float], ...]
    rows: tuple[PlotRow, ...]
    folded: tuple[PlotRow, ...] = ()
    tones: str = "legend"

    @property
    def legend(self) -> list[tuple[str, Sentence]]:
        """What needs a key, and its words: shapes of dots, marks and lines that occur, in a fixed order."""
        rows = (*self.rows, *self.folded)
        kinds = {kind for row in rows for kind, _, _ in row.marks} | {kind for kind, _ in self.lines}
        kinds |= {"beyond" for row in rows if any(row.goes_on)}
        tones = {row.tone for row in rows} & {"good", "open", "bad"}
        return [
            (key, say(f"{self.tones if key in tones else 'legend'}.{key}")) for key in LEGEND if key in kinds | tones
        ]


@dataclass(frozen=True, slots=True)
class TableBlock:
    """A plain table. `folded` is shown on request; columns from `numeric` on are set to the right."""

    kind: ClassVar[str] = "table"
    caption: Sentence
    head: tuple[Wording, ...]
    rows: tuple[tuple[Wording, ...], ...]
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
    text: Wording


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the page: its key (`section.<key>` is its title), sentences at its head, and its blocks."""

    key: str
    lead: tuple[Sentence, ...] = ()
    blocks: tuple[Any, ...] = field(default=())

    @property
    def title(self) -> Sentence:
        return say(f"section.{self.key}")


def _point_tick(value: float) -> str:
    return "0" if value == 0 else points(value).removesuffix(".0")


_TICKS: Mapping[Form, Form] = {percent: percent_tick, points: _point_tick, signed: plain_tick}
"""How the ticks of an axis are written whose values are written so."""


def dots(
    entries: Sequence[Entry],
    form: Form,
    head: Sentence,
    caption: Sentence,
    *,
    lines: Iterable[tuple[str, float]] = (),
    bounds: tuple[float, float] = (float("-inf"), float("inf")),
    shown: int | None = None,
    tones: str = "legend",
) -> Dots:
    """Place entries on an axis that holds all dots, marks and lines, and all but the far ends of intervals.

    Args:
        entries: from top to bottom.
        form: how values are written.
        head: what they are.
        caption: what to look at.
        lines: kind and value of vertical lines, such as chance.
        bounds: where the axis ends at the latest.
        shown: rows to show before the rest is folded.
        tones: whose words say what the shapes of dots mean.
    """
    lines = list(lines)
    values = [value for entry in entries if (value := entry.figure.value) is not None]
    values += [value for entry in entries for _, value in entry.marks if value is not None]
    values += [value for _, value in lines]
    intervals = [ends for entry in entries if (ends := _interval(entry.figure)) is not None]
    scale = axis([*values, *within_reach(values, intervals)], _TICKS[form], bounds=bounds)
    rows = tuple(_row(entry, form, scale) for entry in entries)
    cut = len(rows) if shown is None else shown
    return Dots(
        head=head,
        caption=caption,
        axis=scale,
        lines=tuple((kind, scale.at(value)) for kind, value in lines),
        rows=rows[:cut],
        folded=rows[cut:],
        tones=tones,
    )


def _interval(measured: Measurement) -> tuple[float, float, float] | None:
    """Low, value and high, where there is an interval to draw."""
    if measured.value is None or measured.low is None or measured.high is None or measured.exact:
        return None
    return measured.low, measured.value, measured.high


def _row(entry: Entry, form: Form, scale: Axis) -> PlotRow:
    measured = entry.figure
    ends = _interval(measured)
    low, high = (None, None) if ends is None else scale.ends(ends[0], ends[-1])
    return PlotRow(
        label=entry.label,
        note=entry.note,
        missing=missing_cell(measured),
        tone=entry.tone,
        value="–" if measured.value is None else form(measured.value),
        interval=measured.interval(form),
        n=count(measured.n) if measured.n else "",
        dot=None if measured.value is None else scale.at(measured.value),
        low=low,
        high=high,
        marks=tuple((kind, scale.at(value), form(value)) for kind, value in entry.marks if value is not None),
    )
