"""How a run shows itself: a live bar on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn, track
from transformers import TrainerCallback

Item = TypeVar("Item")

SECONDS = 10.0
"""Between two lines, where stderr is no terminal."""

_SHOWN = ("loss", "rankings_loss", "ratings_loss", "accuracy", "gap")


class LiveProgress(TrainerCallback):
    """A bar with the latest training and validation figures; each evaluation leaves a line behind."""

    def __init__(self, console: Console) -> None:
        self.bar = Progress(
            TextColumn("training"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self.latest: dict[str, float] = {}

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.start()
        self.task = self.bar.add_task("training", total=state.max_steps, completed=state.global_step, figures="")

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.update(self.task, completed=state.global_step)

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        self.latest |= {name: value for name, value in (logs or {}).items() if name in _SHOWN}
        self.bar.update(self.task, figures=_figures(self.latest))

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        self.bar.console.print(f"step {state.global_step}: validation: {_figures(metrics)}", highlight=False)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.bar.stop()


class PlainProgress(TrainerCallback):
    """One line every `SECONDS`, and one for each evaluation."""

    def __init__(self) -> None:
        self.last = float("-inf")

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **_: Any) -> None:
        now = time.monotonic()
        if logs and "loss" in logs and (now - self.last >= SECONDS or state.global_step == state.max_steps):
            self.last = now
            print(f"step {state.global_step}/{state.max_steps}: {_figures(logs)}", file=sys.stderr, flush=True)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: dict[str, float], **_: Any) -> None:
        line = f"step {state.global_step}/{state.max_steps}: validation: {_figures(metrics)}"
        print(line, file=sys.stderr, flush=True)


@contextmanager
def progress() -> Iterator[TrainerCallback]:
    """The bar if stderr is a terminal, lines if it is not. However the run ends, the terminal gets its cursor back."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield PlainProgress()
        return
    live = LiveProgress(console)
    try:
        yield live
    finally:
        live.bar.stop()


def rendering_shown(items: Iterable[Item], total: int) -> Iterator[Item]:
    """The items as they are rendered: with a bar if stderr is a terminal, with a line every `SECONDS` if not."""
    console = Console(stderr=True)
    if console.is_terminal:
        yield from track(items, "rendering", total=total, console=console, transient=True)
        return
    last = time.monotonic()
    for done, item in enumerate(items, start=1):
        if (now := time.monotonic()) - last >= SECONDS:
            last = now
            print(f"rendered {done:,} of {total:,} groups", file=sys.stderr, flush=True)
        yield item


def _figures(values: dict[str, float]) -> str:
    named = {name.removeprefix("eval_"): value for name, value in values.items()}
    return "  ".join(f"{name.replace('_', ' ')} {named[name]:.4f}" for name in _SHOWN if name in named)
