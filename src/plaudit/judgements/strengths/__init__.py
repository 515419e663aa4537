"""How strong the responses of a group are, by what was judged of them and by what models make of them."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.judgements.strengths.annotators import sharpness_of
    from plaudit.judgements.strengths.evidence import Evidence
    from plaudit.judgements.strengths.fitting import FittedStrengths, Strengths, fit_strengths
    from plaudit.judgements.strengths.leaving_out import log_odds
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = ["Evidence", "FittedStrengths", "Strengths", "fit_strengths", "log_odds", "sharpness_of"]
