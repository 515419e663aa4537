"""How far the reading of a long file is, on a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def reading_shown() -> Iterator[None]:
    """A bar for files that take longer than moments to read, until the block ends. Not for a block that prints what it
    has read while it goes on reading."""
    from plaudit.data import watch_reading
    from plaudit.scoring import telling

    with telling() as tell:
        if tell is None:
            yield
            return
        from rich.markup import escape

        show = tell
        with watch_reading(lambda file, done, total: show(f"Reading {escape(Path(file).name)}", done, total)):
            yield
