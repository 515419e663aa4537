"""Short texts for a terminal."""

from __future__ import annotations

from plaudit.groups import Text, plain_text
from plaudit.text import terminal_quote

_LONGEST = 200
"""Characters shown of a prompt or a response."""


def short(text: Text, longest: int = _LONGEST) -> str:
    """A prompt or response, harmless, its end left out where it is long."""
    words = plain_text(text)
    return terminal_quote(words if len(words) <= longest else words[: longest - 1] + "…")
