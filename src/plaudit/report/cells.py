"""Table cells for a figure: its value, its interval, or why it has none."""

from __future__ import annotations

from plaudit.report.i18n import Wording, say
from plaudit.report.labels import reason_label
from plaudit.statistics import Form, Measurement


def missing_cell(measured: Measurement) -> Wording:
    """Why a figure has no interval, or no value; empty where it has one, needs none, or nobody gave a reason."""
    return "" if measured.has_interval or not measured.reason else reason_label(measured.reason)


def interval_cell(measured: Measurement, form: Form) -> Wording:
    """`[low, high]`, or why there is no interval."""
    return measured.interval(form) or missing_cell(measured)


def figure_cell(measured: Measurement, form: Form) -> Wording:
    """`value [low, high]`; what is missing says why."""
    missing = missing_cell(measured)
    if measured.value is None:
        return missing or "–"
    stated = measured.format(form)
    return say("table.bare", value=stated, reason=missing) if missing else stated
