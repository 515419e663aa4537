"""A reward model improves a policy, and says when it stops doing so."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.alignment.aligning import align
    from plaudit.alignment.record import figures_sentence, kept_sentence, stopped_sentence
    from plaudit.alignment.responding import sample_responses
    from plaudit.alignment.settings import AlignmentSettings
    from plaudit.alignment.setup import PromptSets
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "AlignmentSettings",
    "PromptSets",
    "align",
    "figures_sentence",
    "kept_sentence",
    "sample_responses",
    "stopped_sentence",
]
