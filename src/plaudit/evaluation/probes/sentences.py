"""Sentences put before or after a text, with the gap its language has between sentences."""

from __future__ import annotations


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
