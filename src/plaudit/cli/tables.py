"""Tables of figures that never cut one: names fold, columns give way, and the reasons for gaps stand below."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

_BETWEEN = 2
"""Spaces between columns."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        title: its heading.
        cells: one a row, rich markup.
        right: whether it is set to the right, as numbers are.
        folds: characters to which its lines may be folded; None for what is never folded.
    """

    title: str
    cells: Sequence[str]
    right: bool = False
    folds: int | None = None

    @property
    def natural(self) -> int:
        """Width of its widest cell."""
        return max(Text.from_markup(cell).cell_len for cell in (self.title, *self.cells))

    @property
    def least(self) -> int:
        """The least width at which nothing is cut."""
        return self.natural if self.folds is None else min(self.natural, self.folds)


def print_table(console: Console, columns: Sequence[Column], give_way: Sequence[str] = ()) -> list[str]:
    """Print a table as wide as the console; where that is too narrow, without some columns.

    If it is still too wide, its lines go beyond the console: a line that the terminal wraps can be read, a number that
    is cut reads as another one.

    Args:
        console: where to.
        columns: from the left.
        give_way: titles of columns that may be left out, the first to go first.

    Returns:
        The titles left out.
    """
    kept, left_out = list(columns), []
    for title in give_way:
        if _width(kept) <= console.width:
            break
        kept = [column for column in kept if column.title != title]
        left_out.append(title)
    width = _width(kept)
    table = Table(box=None, pad_edge=False, header_style="bold", width=width if width > console.width else None)
    for column in kept:
        table.add_column(
            column.title,
            justify="right" if column.right else "left",
            no_wrap=column.folds is None,
            overflow="fold",
            min_width=column.least,
        )
    for row in zip(*(column.cells for column in kept), strict=True):
        table.add_row(*row)
    console.print(table, crop=False)
    return left_out


def by_reason(found: Iterable[tuple[str | None, str]]) -> Iterator[str]:
    """Each reason once, with the names it holds for; from pairs of both."""
    reasons: dict[str, dict[str, None]] = {}
    for reason, name in found:
        if reason is not None:
            reasons.setdefault(reason, {})[name] = None
    yield from (f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _width(columns: Sequence[Column]) -> int:
    return sum(column.least for column in columns) + _BETWEEN * (len(columns) - 1)
