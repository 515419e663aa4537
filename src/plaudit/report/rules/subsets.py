"""Rules on where a model misleads: by subset, and by how much longer the better response is."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Evaluation
from plaudit.report.i18n import count, say
from plaudit.report.rules.finding import Finding, Tone, listed, standing
from plaudit.statistics import measurement_of, percent

MANY_SUBSETS = 10
"""Subsets from which on some interval is expected to miss the truth by luck."""


def subsets(evaluation: Evaluation) -> Iterator[Finding]:
    """Subsets where it is worse than a coin, no better than one, or worse than length."""
    figures = {name: subset.overall for name, subset in evaluation.subsets.items()}
    accuracy = {name: standing(measurement_of(figures[name], "accuracy"), 0.5) for name in figures}
    lead = {name: standing(measurement_of(figures[name], "lead_over_length")) for name in figures}
    kinds: tuple[tuple[str, Tone, list[str]], ...] = (
        ("subsets_below", "bad", [name for name in figures if accuracy[name] == "below"]),
        ("subsets_open", "open", [name for name in figures if accuracy[name] == "open"]),
        ("subsets_length", "bad", [name for name in figures if lead[name] == "below"]),
    )
    for key, tone, names in kinds:
        if names:
            sentence = say(f"verdict.{key}", names=listed(names), k=count(len(names)), of=count(len(figures)))
            yield Finding("misleads", tone, sentence)
    if len(figures) >= MANY_SUBSETS:
        luck = count(max(1, round(len(figures) / 20)))
        yield Finding("sure", "open", say("verdict.subsets_luck", k=count(len(figures)), luck=luck))


def lengths(evaluation: Evaluation) -> Iterator[Finding]:
    """Is it right where the better response is the longer one, and wrong where it is the shorter?"""
    bins = [row for row in evaluation.lengths if row.accuracy.has_interval]
    shorter = [row.accuracy for row in bins if row.high < 0]
    longer = [row.accuracy for row in bins if row.low > 0]
    if not shorter or not longer:
        return
    # The bins run from "much shorter" to "much longer": the outermost ones show a leaning most clearly.
    least, most = shorter[0], longer[-1]
    values = {"shorter": least.format(percent), "longer": most.format(percent)}
    if most.low is not None and least.below(most.low):
        yield Finding("misleads", "bad", say("verdict.leans_long", **values))
    elif least.low is not None and most.below(least.low):
        yield Finding("misleads", "bad", say("verdict.leans_short", **values))
