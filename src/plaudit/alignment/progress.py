"""How an alignment shows itself: a live bar on a terminal, plain lines in a log; a line for every evaluation."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from plaudit.alignment.evaluating import PolicyEvaluation

_SECONDS = 10.0
"""Between two plain lines."""

_SHOWN = ("gold", "reward", "kl", "ended", "length", "distinct")


class Progress:
    """Told of every step and evaluation.

    Args:
        total: how many steps or rounds there are at most.
        done: how many are done already.
        unit: `step` or `round`.
        bars: the terminal's; None: lines on stderr.
    """

    def __init__(self, total: int, done: int = 0, unit: str = "step", bars: Bars | None = None) -> None:
        self.total, self.unit = total, unit
        self._bars, self._last = bars, time.monotonic()
        self._task = None if bars is None else bars.add_task("aligning", total=total, completed=done, figures="")

    def step(self, step: int, row: Mapping[str, Any]) -> None:
        """A step is done, of which `curves.jsonl` has this line."""
        figures = f"reward {row['rewards']['standardised']:+.2f}  KL {row['figures']['kl']:.2f}"
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=step, figures=figures)
        elif time.monotonic() - self._last >= _SECONDS:
            self._last = time.monotonic()
            self.line(f"{self.unit} {step}/{self.total}: {figures}")

    def evaluation(self, evaluation: PolicyEvaluation) -> None:
        """The policy was evaluated."""
        values = {name: evaluation.value(name) for name in _SHOWN}
        told = "  ".join(f"{name} {value:.2f}" for name, value in values.items() if value is not None)
        self.line(f"{self.unit} {evaluation.step}/{self.total}: {evaluation.part}: {told}")

    def line(self, text: str) -> None:
        """Any line, above the bar."""
        if self._bars is not None:
            self._bars.console.print(text, highlight=False, markup=False)
        else:
            print(text, file=sys.stderr, flush=True)


@contextmanager
def showing(total: int, done: int, unit: str) -> Iterator[Progress]:
    """A bar if stderr is a terminal, lines if it is not. However the run ends, the terminal gets its cursor back."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield Progress(total, done, unit)
        return
    columns = (
        TextColumn("aligning"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TextColumn("{task.fields[figures]}"),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console) as bars:
        yield Progress(total, done, unit, bars)
