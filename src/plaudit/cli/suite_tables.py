"""What `plaudit suite` prints for people."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console

from plaudit.cli.tables import INTERVAL, FigureTable, figure_cells, print_notes
from plaudit.evaluation import SuiteMeasurement, SuiteResult
from plaudit.text import counted, terminal_text

_SHARE = "{:.1%}"

_LONGEST_NAME = 42
"""Terminal cells: no suite has a part of a longer name, so columns give way before names."""


def show(result: SuiteResult, truncated: int) -> None:
    """Print the figures, section by section, and what they do not cover."""
    console = Console(highlight=False)
    console.print(result.suite.title, style="bold", markup=False)
    baselines = list(result.figures[0].baselines)
    columns = ("value", INTERVAL, "n", "ties shared", "chance", *baselines)
    table = FigureTable("subset", columns, gives_way=("ties shared", *baselines[::-1]), shortest_name=_LONGEST_NAME)
    for measured in result.figures:
        label = "  " * measured.level + terminal_text(measured.name)
        table.row(label, *figure_cells(measured.by_rule, _SHARE), *_references(measured), gaps=(measured.by_rule,))
    table.show(console)
    print_notes(console, _notes(result, truncated))


def _references(measured: SuiteMeasurement) -> Iterator[str]:
    """What the value is read against: equal scores shared, chance, and the baselines."""
    for value in (measured.shared, measured.chance, *measured.baselines.values()):
        yield "-" if value is None else _SHARE.format(value)


def _notes(result: SuiteResult, truncated: int) -> Iterator[str]:
    counts = [f"{count:,} {name.replace('_', ' ')}" for name, count in result.counts.items() if count]
    yield "; ".join([*counts, *([f"{counted(truncated, 'responses')} truncated"] if truncated else [])])
    if result.missing:
        yield f"missing subsets, so the score is of what is here: {', '.join(result.missing)}"
    if result.unknown:
        yield f"subsets the suite does not have, left out of its score: {', '.join(result.unknown)}"
