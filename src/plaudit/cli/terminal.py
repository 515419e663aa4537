"""What a terminal is shown: text made fit for it, which may have been written to steer one; and how far work is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from plaudit.groups import Text, plain_text

_LONGEST = 200
"""Characters shown of a prompt or a response."""


def harmless(text: str) -> str:
    """Text in quotes on one line, with what could steer a terminal or reorder its line written as escapes."""
    return name_of(json.dumps(text, ensure_ascii=False))


def name_of(text: str) -> str:
    """The same without quotes, for a name that data gave: an id, a subset, a file."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1].replace("\x7f", "\\u007f") for c in text)


def short(text: Text, longest: int = _LONGEST) -> str:
    """A prompt or response, harmless, its end left out where it is long."""
    words = plain_text(text)
    return harmless(words if len(words) <= longest else words[: longest - 1] + "…")


def counted(count: int, things: str) -> str:
    """A number of things, whose plural is in s: "1 prompt", "1,200 prompts"."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"


def watched(rows: Iterable[Any], total: int, doing: str) -> Iterable[Any]:
    """The rows, with a progress bar on a terminal while they go by."""
    from rich.console import Console
    from rich.progress import track

    console = Console(stderr=True)
    return track(rows, doing, total=total, console=console, transient=True, disable=not console.is_terminal)
