"""Why a response got its score: the reward along it, what its tokens contributed, and what each sentence was worth."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.explaining.explanation import Explanation, MethodAgreement, Segment, Token
    from plaudit.explaining.methods import METHODS, available, exact, explain
    from plaudit.explaining.views import NO_CAPTUM, Integration

__all__ = [
    "METHODS",
    "NO_CAPTUM",
    "Explanation",
    "Integration",
    "MethodAgreement",
    "Segment",
    "Token",
    "available",
    "exact",
    "explain",
]

__getattr__, __dir__ = face(__name__, __file__)
