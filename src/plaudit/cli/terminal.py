"""Short texts and counts for a terminal."""

from __future__ import annotations

from plaudit.groups import Text, plain_text
from plaudit.text import terminal_quote

_LONGEST = 200
"""Characters shown of a prompt or a response."""


def short(text: Text, longest: int = _LONGEST) -> str:
    """A prompt or response, harmless, its end left out where it is long."""
    words = plain_text(text)
    return terminal_quote(words if len(words) <= longest else words[: longest - 1] + "…")


def counted(count: int, things: str) -> str:
    """A number of things, whose plural is in s: "1 prompt", "1,200 prompts"."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"
