"""Ratings: how well each attribute's values follow people's, and how far off they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.evaluation import Evaluation
from plaudit.report.blocks import Dots, Entry, Note, Section, TableBlock, dots
from plaudit.report.cells import interval_cell
from plaudit.report.i18n import count, say
from plaudit.report.labels import baseline_label, reason_label
from plaudit.report.sections.subsets import SHOWN, tone
from plaudit.statistics import Measurements, measurement_of, plain, signed
from plaudit.text import page_name

CORRELATIONS = ("spearman", "kendall", "pearson", "kendall_within")
ERRORS = ("mae", "rmse")

MOST = 24
"""Attributes that the page holds; `metrics.json` has them all."""

SUBSETS = 40
"""Subsets of one attribute that it holds, those where it does worst."""


def section(evaluation: Evaluation) -> Section | None:
    """One plot and one table an attribute. None where nothing was rated."""
    if not evaluation.ratings:
        return None
    blocks: list[Any] = []
    for name, measured in list(evaluation.ratings.items())[:MOST]:
        of_baselines = {which: figures.ratings.get(name, {}) for which, figures in evaluation.baselines.items()}
        parts = (_correlations(name, measured, of_baselines), _by_subset(name, evaluation), _errors(name, measured))
        blocks += [block for block in parts if block is not None]
    if len(evaluation.ratings) > MOST:
        blocks.append(Note(say("rated.beyond", k=count(len(evaluation.ratings) - MOST))))
    return Section("rated", (), tuple(blocks))


def _correlations(name: str, measured: Measurements, baselines: Mapping[str, Measurements]) -> Dots | Note:
    entries = list(_entries(measured, baselines))
    attribute = page_name(name, 60)
    if not entries:
        missing = reason_label(measurement_of(measured, "spearman").reason)
        return Note(say("rated.undefined", attribute=attribute, reason=missing))
    return dots(
        entries,
        signed,
        say("rated.head", attribute=attribute),
        say("rated.caption"),
        lines=[("zero", 0.0)],
        bounds=(-1.0, 1.0),
    )


def _entries(measured: Measurements, baselines: Mapping[str, Measurements]) -> Iterator[Entry]:
    """The model's correlations, each with its marks for length and people; then the baselines' rank correlation."""
    for name in CORRELATIONS:
        correlation = measurement_of(measured, name)
        if correlation.value is not None:
            yield Entry(say(f"row.{name}"), correlation, "model", _marks(measured, name))
    for name, figures in baselines.items():
        spearman = measurement_of(figures, "spearman")
        if spearman.value is not None:
            yield Entry(say("row.spearman_of", name=baseline_label(name)), spearman, "baseline")


def _marks(measured: Measurements, name: str) -> list[tuple[str, float | None]]:
    """The same correlation of length with people, and of one person with the others."""
    kinds = {"length": "length", "people": "human"}
    return [(kind, measurement_of(measured, f"{prefix}_{name}").value) for kind, prefix in kinds.items()]


def _by_subset(name: str, evaluation: Evaluation) -> Dots | None:
    """The rank correlation in every subset where there is one, the lowest first. None for fewer than two."""
    entries = [
        Entry(page_name(subset), spearman, tone(spearman, 0.0), _marks(measured, "spearman"))
        for subset, part in evaluation.subsets.items()
        for measured in [part.ratings.get(name, {})]
        for spearman in [measurement_of(measured, "spearman")]
        if spearman.value is not None
    ]
    if len(entries) < 2:
        return None
    entries.sort(key=lambda entry: entry.figure.value or 0.0)
    head, caption = say("rated.subsets", attribute=page_name(name, 60)), say("rated.by_subset", n=count(len(entries)))
    return dots(
        entries[:SUBSETS],
        signed,
        head,
        caption,
        lines=[("zero", 0.0)],
        bounds=(-1.0, 1.0),
        shown=SHOWN,
    )


def _errors(name: str, measured: Measurements) -> TableBlock | None:
    cells = tuple(
        (say(f"row.{label}"), plain(figure.value), interval_cell(figure, plain), count(figure.n))
        for error in ERRORS
        for label in (error, f"constant_{error}", f"human_{error}")
        for figure in [measurement_of(measured, label)]
        if figure.value is not None and measurement_of(measured, error).value is not None
    )
    if not cells:
        return None
    head = (say("head.figure"), say("head.value"), say("head.interval"), say("head.n"))
    return TableBlock(say("rated.errors", attribute=page_name(name, 60)), head, cells)
