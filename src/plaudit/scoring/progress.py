"""How far long work is, on a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.progress import Progress

Tell = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is."""

LONG = 2.0
"""Seconds after which work is long enough to say how far it is."""


def watched(rows: Iterable[Any], total: int, doing: str) -> Iterable[Any]:
    """The rows, with a progress bar on a terminal while they go by.

    Example:
        >>> sum(watched([1, 2, 3], total=3, doing="Adding"))
        6
    """
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(rows, doing, total=total, console=console, transient=True, disable=not console.is_terminal)


@contextmanager
def telling(after: float = LONG) -> Iterator[Tell | None]:
    """A progress bar on a terminal for work that tells how far it is; without a terminal, None.

    Args:
        after: seconds before it is shown: work that is done by then shows nothing.

    Example:
        >>> with telling() as tell:
        ...     print(tell)
        None
    """
    from rich.console import Console
    from rich.progress import Progress

    # The terminal itself: inside, work may hide what others write to stderr.
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield None
        return
    # Results go to stdout as they are, whatever else is on the terminal.
    bar = _LateBar(Progress(console=console, transient=True, redirect_stdout=False), after)
    try:
        yield bar.tell
    finally:
        bar.stop()


class _LateBar:
    """A bar that shows itself once work turns out to be long."""

    def __init__(self, progress: Progress, after: float) -> None:
        self._progress = progress
        self._shown_from = time.monotonic() + after
        self._shown = False
        self._doing = ""

    def tell(self, doing: str, done: int, total: int) -> None:
        if doing != self._doing:
            for task in self._progress.task_ids:
                self._progress.remove_task(task)
            self._doing, self._task = doing, self._progress.add_task(doing, total=total)
        self._progress.update(self._task, completed=done, total=total)
        if not self._shown and time.monotonic() >= self._shown_from:
            self._shown = True
            self._progress.start()

    def stop(self) -> None:
        if self._shown:
            self._progress.stop()
