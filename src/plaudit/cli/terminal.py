"""Text of models and data, made fit for a terminal: it may have been written to steer one."""

from __future__ import annotations

import json

from plaudit.groups import Text, plain_text

_LONGEST = 200
"""Characters shown of a prompt or a response."""


def harmless(text: str) -> str:
    """Text in quotes on one line, with what could steer a terminal or reorder its line written as escapes."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1].replace("\x7f", "\\u007f") for c in quoted)


def name_of(text: str) -> str:
    """A name that data gave (an id, a subset, a file), harmless and without the quotes."""
    return harmless(text)[1:-1]


def short(text: Text, longest: int = _LONGEST) -> str:
    """A prompt or response, harmless, its end left out where it is long."""
    words = plain_text(text)
    return harmless(words if len(words) <= longest else words[: longest - 1] + "…")
