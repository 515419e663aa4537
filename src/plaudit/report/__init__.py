"""Measurements -> one self-contained page, and a model card: what a reward model is good for and where it misleads."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.report.aligned.page import alignment_page
    from plaudit.report.best_of_n_plot import best_of_n_chart
    from plaudit.report.card import model_card_figures, update_card
    from plaudit.report.charts import GREY, LINES, can_plot, dressed, save_chart, title
    from plaudit.report.folder import REPORT_FILE, ReportOptions, report_folder
    from plaudit.report.i18n import Sentence, Wording, count, say
    from plaudit.report.inputs import ReportInputs
    from plaudit.report.inspection import read_inspection
    from plaudit.report.labels import baseline_label, curve_label, known_label, reason_label
    from plaudit.report.mistakes import kinds_of_mistakes, worst_mistakes
    from plaudit.report.page import render_report, write_report
    from plaudit.report.rules.best_of_n import judge_curve
    from plaudit.report.rules.finding import Finding, Side, Tone
    from plaudit.report.rules.pairing import judge_pair
    from plaudit.report.verdict import Verdict, judge, judge_probes
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "GREY",
    "LINES",
    "REPORT_FILE",
    "Finding",
    "ReportInputs",
    "ReportOptions",
    "Sentence",
    "Side",
    "Tone",
    "Verdict",
    "Wording",
    "alignment_page",
    "baseline_label",
    "best_of_n_chart",
    "can_plot",
    "count",
    "curve_label",
    "dressed",
    "judge",
    "judge_curve",
    "judge_pair",
    "judge_probes",
    "kinds_of_mistakes",
    "known_label",
    "model_card_figures",
    "read_inspection",
    "reason_label",
    "render_report",
    "report_folder",
    "save_chart",
    "say",
    "title",
    "update_card",
    "worst_mistakes",
    "write_report",
]
