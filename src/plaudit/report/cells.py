"""What stands in a table for a figure: its value, its interval, or why it has none."""

from __future__ import annotations

from markupsafe import Markup

from plaudit.report.format import ParsedFigure, Shape, interval, with_interval
from plaudit.report.i18n import Said, say
from plaudit.report.labels import reason

Cell = Said | Markup | str


def why(found: ParsedFigure) -> Cell:
    """Why a figure has no interval, or no value; empty where it has one, needs none, or nobody said."""
    return "" if found.sure or not found.reason else reason(found.reason)


def between(found: ParsedFigure, shape: Shape) -> Cell:
    """`[low, high]`, or why there is no interval."""
    return interval(found, shape) or why(found)


def whole(found: ParsedFigure, shape: Shape) -> Cell:
    """`value [low, high]`; what is missing says why."""
    if found.value is None:
        return why(found) or "–"
    stated, missing = with_interval(found, shape), why(found)
    return say("table.bare", value=stated, reason=missing) if missing else stated
