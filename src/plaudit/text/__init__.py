"""Text: segments, and what a screen or a page may be shown of it."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.text.display import clipped, data, visible
    from plaudit.text.segments import UNITS, Span, joined, sentences, split_segments, words
    from plaudit.text.tokens import TOKEN

__all__ = [
    "TOKEN",
    "UNITS",
    "Span",
    "clipped",
    "data",
    "joined",
    "sentences",
    "split_segments",
    "visible",
    "words",
]

__getattr__, __dir__ = face(__name__, __file__)
