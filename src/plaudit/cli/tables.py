"""Figures in tables: one row a line, no number ever cut, and below the table why a figure is missing.

Everything that is printed as a table of figures goes through `FigureTable`. Where a console is too narrow, first the
columns that may be left out are left out, then names are shortened in their middle, and last the lines run on beyond
the console: a line that the terminal wraps can be read, a number that is cut reads as another one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from plaudit.cli.verdicts import in_words
from plaudit.report import Wording, reason_label, say
from plaudit.statistics import Measurement
from plaudit.text import Language

INTERVAL = "95% interval"
"""Heading of the column of intervals."""

UNDEFINED = "undefined"
"""Stands where a value would."""

_BETWEEN = 2
"""Spaces between columns."""

_SHORTEST_NAME = 18
"""Terminal cells that a name keeps, if it is that long."""

Cell = str | Text
"""Plain text (square brackets are no markup), or text with a style."""


def value_cell(measured: Measurement, style: str) -> str:
    """A value as `style`, a format string, writes it.

    Example:
        >>> value_cell(Measurement(0.5, 0.41, 0.59, 100), "{:.1%}")
        '50.0%'
    """
    return UNDEFINED if measured.value is None else style.format(measured.value)


def interval_cell(measured: Measurement, style: str) -> str:
    """`[low, high]`; `exact` where it is a point; nothing where there is none.

    Example:
        >>> interval_cell(Measurement(0.5, 0.41, 0.59, 100), "{:.1%}")
        '[41.0%, 59.0%]'
    """
    if measured.low is None or measured.high is None:
        return ""
    if measured.low == measured.high == measured.value:
        return "exact"
    return f"[{style.format(measured.low)}, {style.format(measured.high)}]"


def half_width_cell(measured: Measurement, style: str, undefined: str = UNDEFINED) -> str:
    """A value and half the width of its interval, where two columns would be too many.

    Example:
        >>> half_width_cell(Measurement(0.5, 0.41, 0.59, 100), "{:+.2f}")
        '+0.50 ±0.09'
    """
    if measured.value is None:
        return undefined
    value = style.format(measured.value)
    if measured.low is None or measured.high is None:
        return value
    return f"{value} ±{style.replace('+', '').format((measured.high - measured.low) / 2)}"


def figure_cells(measured: Measurement, style: str) -> tuple[str, str, str]:
    """Value, interval and n: the cells of most tables."""
    return value_cell(measured, style), interval_cell(measured, style), f"{measured.n:,}"


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a table: a row's label, its cells and its note; or the heading of a section, which has no cells."""

    label: Text
    cells: tuple[Text, ...]
    note: str = ""


class FigureTable:
    """Rows of figures under one heading each.

    Args:
        name: heading of the rows' labels.
        columns: headings of the figures, from the left.
        gives_way: headings that may be left out where there is no room, the first to go first.
        continues: whether columns for which there is no room stand in another table below, behind the same labels.
        left: headings of the columns that are set to the left, as words are; numbers are set to the right.
        shortest_name: terminal cells that labels keep before lines run on beyond the console.
        language: of what is said below the table.

    Example:
        >>> table = FigureTable("subset", ("accuracy", INTERVAL, "n"))
        >>> table.row("law", *figure_cells(Measurement(0.5, 0.41, 0.59, 100), "{:.1%}"))
        >>> _ = table.print(Console(width=80))
        subset  accuracy  95% interval      n
        law        50.0%  [41.0%, 59.0%]  100
    """

    def __init__(
        self,
        name: str,
        columns: Sequence[str],
        *,
        gives_way: Sequence[str] = (),
        continues: bool = False,
        left: Sequence[str] = (INTERVAL,),
        shortest_name: int = _SHORTEST_NAME,
        language: Language = "en",
    ) -> None:
        self._name = name
        self._columns = tuple(columns)
        self._gives_way = tuple(gives_way)
        self._continues = continues
        self._left = frozenset(left)
        self._shortest_name = shortest_name
        self._language = language
        self._lines: list[_Line] = []
        self._gaps: list[tuple[str | None, str]] = []

    def __bool__(self) -> bool:
        """Whether there is a row."""
        return bool(self._lines)

    def section(self, title: str) -> None:
        """A line that heads the rows below it."""
        self._lines.append(_Line(Text(title, style="bold"), ()))

    def row(self, label: Cell, *cells: Cell, note: str = "", gaps: Iterable[Measurement] = ()) -> None:
        """One row.

        Args:
            label: its name; spaces before it indent the row.
            cells: one for each heading.
            note: words behind the figures, or below the table where they are too long for the line.
            gaps: measurements of the row, whose reasons for what is undefined `reasons` tells.
        """
        if len(cells) != len(self._columns):
            raise ValueError(f"{len(cells)} cells for {len(self._columns)} columns")
        text = _text(label)
        self._lines.append(_Line(text, tuple(map(_text, cells)), note))
        self._gaps += [(measured.reason, text.plain.strip()) for measured in gaps]

    def figure(self, label: Cell, measured: Measurement, style: str) -> None:
        """A row of value, interval and n, with its gaps."""
        self.row(label, *figure_cells(measured, style), gaps=(measured,))

    def show(self, console: Console) -> None:
        """Print the table, what there was no room for, and the reasons for its gaps."""
        left_out = self.print(console)
        if left_out:
            print_notes(console, [in_words(say("terminal.no_room", names=", ".join(left_out)), self._language)])
        print_notes(console, self.reasons())

    def print(self, console: Console) -> list[str]:
        """Print the table alone.

        Returns:
            Headings of the columns for which there was no room.
        """
        widths = {
            heading: max(cell_len(heading), *(line.cells[at].cell_len for line in self._lines if line.cells), 0)
            for at, heading in enumerate(self._columns)
        }
        labels = max((line.label.cell_len for line in self._lines), default=0)
        longest = max(labels, cell_len(self._name))
        least = min(longest, self._shortest_name)
        left_out: list[str] = []
        for heading in self._gives_way:
            if least + _width_of(widths) <= console.width:
                break
            del widths[heading]
            left_out.append(heading)
        for part in self._parts(widths, console.width - least) if self._continues else [widths]:
            self._print_part(console, part, min(longest, max(least, console.width - _width_of(part))))
        return left_out

    def reasons(self) -> Iterator[str]:
        """Why figures are missing, each reason once, with the rows it holds for."""
        return by_reason(self._gaps, self._language)

    def _parts(self, widths: dict[str, int], room: int) -> Iterator[dict[str, int]]:
        """The columns in order, as many in each part as there is room for; at least one."""
        part: dict[str, int] = {}
        for heading, width in widths.items():
            if part and _width_of(part) + _BETWEEN + width > room:
                yield part
                part = {}
            part[heading] = width
        yield part

    def _print_part(self, console: Console, widths: dict[str, int], name_width: int) -> None:
        """Print the columns that have a width, and below them the notes that are too long for their lines."""
        room = console.width - name_width - _width_of(widths) - _BETWEEN
        heads = tuple(Text(heading, style="bold") for heading in self._columns)
        for line in (_Line(Text(self._name, style="bold"), heads), *self._lines):
            laid_out = self._laid_out(line, name_width, widths)
            if line.note and cell_len(line.note) <= room:
                laid_out.append(" " * _BETWEEN + line.note)
            laid_out.rstrip()
            console.print(laid_out, soft_wrap=True)
        long = (line for line in self._lines if line.note and cell_len(line.note) > room)
        print_notes(console, (f"{line.label.plain.strip()}: {line.note}" for line in long))

    def _laid_out(self, line: _Line, name_width: int, widths: dict[str, int]) -> Text:
        if not line.cells:
            return line.label
        laid_out = _padded(elided(line.label, name_width), name_width, right=False)
        for heading, cell in zip(self._columns, line.cells, strict=True):
            if heading in widths:
                laid_out.append(" " * _BETWEEN)
                laid_out.append_text(_padded(cell, widths[heading], right=heading not in self._left))
        return laid_out


def elided(text: Text, width: int) -> Text:
    """Text of at most `width` terminal cells, with `…` for what is left out of its middle: names differ at both ends.

    Example:
        >>> elided(Text("reports/monday/scores.jsonl"), 16).plain
        'reports/…s.jsonl'
    """
    if text.cell_len <= width:
        return text
    tail_width = (width - 1) // 2
    head = _prefix(text.plain, width - 1 - tail_width)
    tail = _prefix(text.plain[::-1], tail_width)[::-1]
    return Text(f"{head}…{tail}", style=text.style)


def by_reason(gaps: Iterable[tuple[str | None, str]], language: Language = "en") -> Iterator[str]:
    """Each reason once, with the names it holds for; from pairs of both."""
    reasons: dict[str, dict[str, None]] = {}
    for reason, name in gaps:
        if reason is not None:
            reasons.setdefault(reason, {})[name] = None
    for reason, names in reasons.items():
        first, *rest = names
        shown: Wording = first
        for name in rest:
            shown = say("list.and", first=shown, next=name)
        yield in_words(say("terminal.of", names=shown, reason=reason_label(reason)), language)


def print_notes(console: Console, notes: Iterable[str]) -> None:
    """Lines of prose that belong to a table."""
    for note in notes:
        console.print(note, style="dim", markup=False)


def _text(cell: Cell) -> Text:
    return cell.copy() if isinstance(cell, Text) else Text(cell)


def _prefix(text: str, width: int) -> str:
    """As much of the start of a text as takes `width` terminal cells at most; a Chinese character takes two."""
    for end, total in enumerate(accumulate(map(cell_len, text))):
        if total > width:
            return text[:end]
    return text


def _width_of(widths: dict[str, int]) -> int:
    """What all figures take beside the names."""
    return sum(width + _BETWEEN for width in widths.values())


def _padded(cell: Text, width: int, *, right: bool) -> Text:
    space = " " * (width - cell.cell_len)
    return Text(space).append_text(cell) if right else cell.copy().append(space)
