"""A text as sentences, English or Chinese, whose parts join to the same text again."""

from __future__ import annotations

import re

# A sentence ends with its marks and closing quotes: in Latin text before white space, in Chinese anywhere.
_END = re.compile(r"(?:[.!?]+[\"'”’)]*(?=\s)|[。！？]+[”’）」]*)\s*|\n\s*")


def split_sentences(text: str) -> list[str]:
    """The sentences, each with the white space that follows it: `"".join(split(text)) == text`."""
    ends = [match.end() for match in _END.finditer(text)]
    starts = [0, *ends]
    return [text[a:b] for a, b in zip(starts, [*ends, len(text)], strict=True) if a < b]


def gap(language: str) -> str:
    """What stands between two sentences."""
    return "" if language == "zh" else " "


def before(opening: str, text: str, language: str) -> str:
    """A sentence in front of a text."""
    return opening + gap(language) + text


def after(text: str, closing: str, language: str) -> str:
    """A sentence behind a text; behind several lines on a line of its own, and as it is if it brings its own space."""
    if closing.startswith(("\n", "<|")):
        return text + closing
    return text + ("\n\n" if "\n" in text.rstrip() else gap(language)) + closing
