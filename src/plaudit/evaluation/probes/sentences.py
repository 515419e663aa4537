"""Sentences put before or after a text, with the gap its language has between sentences."""

from __future__ import annotations


def gap(language: str) -> str:
    """What stands between two sentences."""
    return "" if language == "zh" else " "


def put_before(text: str, sentence: str, language: str) -> str:
    """The text with a sentence in front."""
    return sentence + gap(language) + text


def put_after(text: str, sentence: str, language: str) -> str:
    """The text with a sentence at its end.

    After a text of more than one line it stands in a paragraph of its own. One that begins with a line break or a
    special token is appended as it is.
    """
    if sentence.startswith(("\n", "<|")):
        return text + sentence
    return text + ("\n\n" if "\n" in text.rstrip() else gap(language)) + sentence
