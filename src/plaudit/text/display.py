"""Data text made fit to be shown: what cannot be seen, or would reorder what stands around it, is spelled out."""

from __future__ import annotations

import unicodedata

from markupsafe import Markup

# Bidirectional embeddings, overrides, isolates and marks: they reorder text, and can make it read as something else.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT = frozenset("\n\t")


def visible(text: str) -> str:
    """Text with control characters, reordering marks, lone surrogates and non-characters written as `[U+202E]`.

    What is left can be encoded as UTF-8 and stands in HTML as it is (once escaped). Line ends become `\\n`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines.isascii() and lines.isprintable():
        return lines
    return "".join(f"[U+{ord(c):04X}]" if _unseen(c) else c for c in lines)


def clipped(text: str, most: int) -> tuple[str, int]:
    """The first `most` characters, made visible, and how many were left out."""
    return visible(text[:most]), max(0, len(text) - most)


def data(text: str, most: int = 120) -> Markup:
    """A name out of the data, for one line: isolated, so that its direction stays its own, and shortened."""
    shown, left_out = clipped(text, most)
    return Markup("<bdi>{}{}</bdi>").format(shown.replace("\n", " "), "…" if left_out else "")


def _unseen(character: str) -> bool:
    if character in _KEPT:
        return False
    return (
        character in _REORDERING
        or unicodedata.category(character) in ("Cc", "Cs")
        or ord(character) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(character) <= 0xFDEF
    )
