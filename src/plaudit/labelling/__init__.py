"""People compare, rank and rate answers in a web page."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.labelling.rendering import (
        TextSize,
        Turn,
        fold,
        render_answer,
        render_conversation,
        render_plain,
        render_text,
        shared_opening,
        word_differences,
    )
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "TextSize",
    "Turn",
    "fold",
    "render_answer",
    "render_conversation",
    "render_plain",
    "render_text",
    "shared_opening",
    "word_differences",
]
