"""Measurements -> one self-contained page, and a model card: what a reward model is good for and where it misleads."""

from plaudit.report.card import model_card_figures, update_card
from plaudit.report.material import Material
from plaudit.report.mistakes import Mistake, kinds_of_mistakes, mistakes
from plaudit.report.page import render_report, write_report
from plaudit.report.verdict import Verdict, judge

__all__ = [
    "Material",
    "Mistake",
    "Verdict",
    "judge",
    "kinds_of_mistakes",
    "mistakes",
    "model_card_figures",
    "render_report",
    "update_card",
    "write_report",
]
