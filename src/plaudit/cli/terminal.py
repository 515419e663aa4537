"""What a terminal is shown: text made fit for it, which may have been written to steer one; and how far work is."""

from __future__ import annotations

import json

from plaudit.groups import Text, plain_text

_LONGEST = 200
"""Characters shown of a prompt or a response."""


def harmless(text: str) -> str:
    """Text in quotes on one line, with what could steer a terminal or reorder its line written as escapes."""
    return display_name(json.dumps(text, ensure_ascii=False))


def display_name(text: str) -> str:
    """The same without quotes, for a name that data gave: an id, a subset, a file."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1].replace("\x7f", "\\u007f") for c in text)


def short(text: Text, longest: int = _LONGEST) -> str:
    """A prompt or response, harmless, its end left out where it is long."""
    words = plain_text(text)
    return harmless(words if len(words) <= longest else words[: longest - 1] + "…")


def counted(count: int, things: str) -> str:
    """A number of things, whose plural is in s: "1 prompt", "1,200 prompts"."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"
