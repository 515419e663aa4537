"""Where it is right and where it is not: by subset, and by how much longer the better response is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.report.blocks import Dots, Entry, Note, Section, dots
from plaudit.report.format import ParsedFigure, count, figure, mapping, number, percent, percent_tick, rows
from plaudit.report.i18n import Said, say
from plaudit.text import page_name

SHOWN = 24
"""Subsets that stand in the plot before the rest is folded."""

MOST = 120
"""Subsets that the page holds at all; `metrics.json` has them all."""

_SHARES = (0.0, 1.0)


def section(metrics: Mapping[str, Any]) -> Section | None:
    """Subsets and lengths. None where there are neither."""
    found = [block for block in (*_subsets(metrics), _lengths(metrics)) if block is not None]
    return Section("where", (), tuple(found)) if found else None


def _subsets(metrics: Mapping[str, Any]) -> tuple[Dots | Note | None, ...]:
    measured = {name: mapping(row) for name, row in mapping(metrics.get("subsets")).items()}
    compared = {name: row for name, row in measured.items() if figure(row.get("accuracy")).value is not None}
    if not compared:
        return ()
    entries = [
        Entry(
            page_name(name),
            figure(row.get("accuracy")),
            tone(figure(row.get("accuracy")), 0.5),
            [
                ("length", figure(row.get("length_accuracy")).value),
                ("people", figure(row.get("human_accuracy")).value),
            ],
        )
        for name, row in compared.items()
    ]
    entries.sort(key=lambda entry: entry.figure.value or 0.0)
    plot = dots(
        entries[:MOST],
        percent,
        say("head.by_subset"),
        say("where.subsets"),
        ticks=percent_tick,
        lines=[("chance", 0.5)],
        bounds=_SHARES,
        shown=SHOWN,
    )
    undefined, beyond = len(measured) - len(compared), max(0, len(entries) - MOST)
    return (
        plot,
        Note(say("where.beyond", k=count(beyond))) if beyond else None,
        Note(say("where.undefined", k=count(undefined))) if undefined else None,
    )


def _lengths(metrics: Mapping[str, Any]) -> Dots | None:
    entries = [
        Entry(_bin(row), found, tone(found, 0.5))
        for row in rows(metrics.get("lengths"))
        for found in [figure(row.get("accuracy"))]
        if found.value is not None
    ]
    if not entries:
        return None
    caption, head = say("where.lengths"), say("head.by_length")
    return dots(entries, percent, head, caption, ticks=percent_tick, lines=[("chance", 0.5)], bounds=_SHARES)


def tone(found: ParsedFigure, line: float) -> str:
    """How a figure that should lie above a line is drawn."""
    return "bad" if found.below(line) else "model" if found.above(line) else "open"


def _bin(row: Mapping[str, Any]) -> Said:
    """By how many characters the better response is the longer one; an end that is missing is open."""
    low, high = number(row.get("low")), number(row.get("high"))
    if low == high == 0:
        return say("where.same")
    if high is not None and high <= 0:
        return _between("shorter", high, low)
    if low is not None and low >= 0:
        return _between("longer", low, high)
    return say("where.around", low="∞" if low is None else count(-low), high="∞" if high is None else count(high))


def _between(side: str, least: float, most: float | None) -> Said:
    if most is None:
        return say(f"where.{side}_from", least=count(abs(least)))
    return say(f"where.{side}", least=count(abs(least)), most=count(abs(most)))
