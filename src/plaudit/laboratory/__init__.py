"""The loss laboratory: one backbone, every loss that fits the judgements, several seeds, one table."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.laboratory.candidates import Candidate, Candidates, choose
    from plaudit.laboratory.comparing import RESULT, check_baselines, compare_losses
    from plaudit.laboratory.curves import LearningCurve, learning_curves
    from plaudit.laboratory.plots import write_plots
    from plaudit.laboratory.results import Comparison, ResultRow
    from plaudit.laboratory.runs import default_settings
    from plaudit.laboratory.splits import thinned
    from plaudit.laboratory.tables import markdown, narrow, notes

__all__ = [
    "RESULT",
    "Candidate",
    "Candidates",
    "Comparison",
    "LearningCurve",
    "ResultRow",
    "check_baselines",
    "choose",
    "compare_losses",
    "default_settings",
    "learning_curves",
    "markdown",
    "narrow",
    "notes",
    "thinned",
    "write_plots",
]

__getattr__, __dir__ = face(__name__, __file__)
