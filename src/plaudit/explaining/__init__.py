"""Explanations of scores: the reward along a response, token attributions, and the ablation of each sentence."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.explaining.explanation import Explanation, MethodAgreement, Segment, Token
    from plaudit.explaining.methods import METHODS, available_methods, explain, has_exact_attributions
    from plaudit.explaining.views import NO_CAPTUM, VIEWS, Integration
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "METHODS",
    "NO_CAPTUM",
    "VIEWS",
    "Explanation",
    "Integration",
    "MethodAgreement",
    "Segment",
    "Token",
    "available_methods",
    "explain",
    "has_exact_attributions",
]
