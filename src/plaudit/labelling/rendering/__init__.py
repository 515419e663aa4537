"""Prompts and answers as pages show them: safe, whole, and folded where they are long."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.rendering.conversations import Turn, render_answer, render_conversation, shared_opening
    from plaudit.labelling.rendering.differences import word_differences
    from plaudit.labelling.rendering.folding import TextSize, fold
    from plaudit.labelling.rendering.languages import language_of
    from plaudit.labelling.rendering.markdown import render_plain, render_text
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "TextSize",
    "Turn",
    "fold",
    "language_of",
    "render_answer",
    "render_conversation",
    "render_plain",
    "render_text",
    "shared_opening",
    "word_differences",
]
