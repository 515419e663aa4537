"""The loss laboratory: one backbone, every loss that applies to the judgements, several seeds, one table."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.laboratory.comparing import RESULT, RESULTS, RUNS, compare_losses
    from plaudit.laboratory.curves import loss_curves
    from plaudit.laboratory.plots import write_plots
    from plaudit.laboratory.results import LossComparison
    from plaudit.laboratory.runs import default_settings
    from plaudit.laboratory.settings import LaboratorySettings
    from plaudit.laboratory.splits import subsample_responses
    from plaudit.laboratory.tables import markdown, narrow_tables, notes
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "RESULT",
    "RESULTS",
    "RUNS",
    "LaboratorySettings",
    "LossComparison",
    "compare_losses",
    "default_settings",
    "loss_curves",
    "markdown",
    "narrow_tables",
    "notes",
    "subsample_responses",
    "write_plots",
]
