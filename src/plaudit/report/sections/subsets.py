"""Where it is right and where it is not: by subset, and by how much longer the better response is."""

from __future__ import annotations

from plaudit.evaluation import Evaluation
from plaudit.report.blocks import Dots, Entry, Note, Section, dots
from plaudit.report.i18n import Sentence, count, say
from plaudit.statistics import Measurement, measurement_of, percent
from plaudit.text import page_name

SHOWN = 24
"""Subsets that stand in the plot before the rest is folded."""

MOST = 120
"""Subsets that the page holds at all; `metrics.json` has them all."""

_SHARES = (0.0, 1.0)


def section(evaluation: Evaluation) -> Section | None:
    """Subsets and lengths. None where there are neither."""
    blocks = [block for block in (*_subsets(evaluation), _lengths(evaluation)) if block is not None]
    return Section("where", (), tuple(blocks)) if blocks else None


def _subsets(evaluation: Evaluation) -> tuple[Dots | Note | None, ...]:
    figures = {name: subset.overall for name, subset in evaluation.subsets.items()}
    compared = {
        name: measured for name, measured in figures.items() if measurement_of(measured, "accuracy").value is not None
    }
    if not compared:
        return ()
    entries = [
        Entry(
            page_name(name),
            measurement_of(measured, "accuracy"),
            tone(measurement_of(measured, "accuracy"), 0.5),
            [
                ("length", measurement_of(measured, "length_accuracy").value),
                ("people", measurement_of(measured, "human_accuracy").value),
            ],
        )
        for name, measured in compared.items()
    ]
    entries.sort(key=lambda entry: entry.figure.value or 0.0)
    plot = dots(
        entries[:MOST],
        percent,
        say("head.by_subset"),
        say("where.subsets"),
        lines=[("chance", 0.5)],
        bounds=_SHARES,
        shown=SHOWN,
    )
    undefined, beyond = len(figures) - len(compared), max(0, len(entries) - MOST)
    return (
        plot,
        Note(say("where.beyond", k=count(beyond))) if beyond else None,
        Note(say("where.undefined", k=count(undefined))) if undefined else None,
    )


def _lengths(evaluation: Evaluation) -> Dots | None:
    entries = [
        Entry(_bin(row.low, row.high), row.accuracy, tone(row.accuracy, 0.5))
        for row in evaluation.lengths
        if row.accuracy.value is not None
    ]
    if not entries:
        return None
    caption, head = say("where.lengths"), say("head.by_length")
    return dots(entries, percent, head, caption, lines=[("chance", 0.5)], bounds=_SHARES)


def tone(measured: Measurement, line: float) -> str:
    """How a figure that should lie above a line is drawn."""
    return "bad" if measured.below(line) else "model" if measured.above(line) else "open"


def _bin(low: int, high: int) -> Sentence:
    """By how many characters the better response is the longer one."""
    if low == high == 0:
        return say("where.same")
    if low == high:
        return say("where.shorter_by" if high < 0 else "where.longer_by", by=count(abs(high)))
    if high <= 0:
        return say("where.shorter", least=count(abs(high)), most=count(abs(low)))
    if low >= 0:
        return say("where.longer", least=count(low), most=count(high))
    return say("where.around", low=count(-low), high=count(high))
