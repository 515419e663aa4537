"""How far long work is, on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


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
