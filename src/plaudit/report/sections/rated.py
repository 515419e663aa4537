"""Ratings: how well each attribute's values follow people's, and how far off they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.report.blocks import Dots, Entry, Note, Section, TableBlock, dots
from plaudit.report.cells import between
from plaudit.report.format import count, figure, mapping, plain, plain_tick, signed
from plaudit.report.i18n import say
from plaudit.report.labels import baseline, reason
from plaudit.report.sections.subsets import SHOWN, tone
from plaudit.text import page_name

CORRELATIONS = ("spearman", "kendall", "pearson", "kendall_within")
ERRORS = ("mae", "rmse")

MOST = 24
"""Attributes that the page holds; `metrics.json` has them all."""

SUBSETS = 40
"""Subsets of one attribute that it holds, those where it does worst."""


def section(metrics: Mapping[str, Any]) -> Section | None:
    """One plot and one table an attribute. None where nothing was rated."""
    measured = {name: mapping(row) for name, row in mapping(metrics.get("ratings")).items()}
    if not measured:
        return None
    baselines = mapping(metrics.get("baselines"))
    blocks: list[Any] = []
    for name, row in list(measured.items())[:MOST]:
        beside = {baseline_name: _of_baseline(given, name) for baseline_name, given in baselines.items()}
        found = (_correlations(name, row, beside), _by_subset(name, metrics), _errors(name, row))
        blocks += [block for block in found if block is not None]
    if len(measured) > MOST:
        blocks.append(Note(say("rated.beyond", k=count(len(measured) - MOST))))
    return Section("rated", (), tuple(blocks))


def _of_baseline(given: Any, attribute: str) -> Mapping[str, Any]:
    return mapping(mapping(mapping(given).get("ratings")).get(attribute))


def _correlations(name: str, row: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> Dots | Note:
    entries = list(_entries(row, baselines))
    attribute = page_name(name, 60)
    if not entries:
        return Note(say("rated.undefined", attribute=attribute, reason=reason(figure(row.get("spearman")).reason)))
    return dots(
        entries,
        signed,
        say("rated.head", attribute=attribute),
        say("rated.caption"),
        ticks=plain_tick,
        lines=[("zero", 0.0)],
        bounds=(-1.0, 1.0),
    )


def _entries(row: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> Iterator[Entry]:
    """The model's correlations, each with its marks for length and people; then the baselines' rank correlation."""
    for name in CORRELATIONS:
        found = figure(row.get(name))
        if found.value is not None:
            beside = [
                ("length", figure(row.get(f"length_{name}")).value),
                ("people", figure(row.get(f"human_{name}")).value),
            ]
            yield Entry(say(f"row.{name}"), found, "model", beside)
    for name, given in baselines.items():
        found = figure(given.get("spearman"))
        if found.value is not None:
            yield Entry(say("row.spearman_of", name=baseline(name)), found, "baseline")


def _by_subset(name: str, metrics: Mapping[str, Any]) -> Dots | None:
    """The rank correlation in every subset where there is one, the lowest first. None for fewer than two."""
    entries = [
        Entry(
            page_name(subset),
            found,
            tone(found, 0.0),
            [
                ("length", figure(measured.get("length_spearman")).value),
                ("people", figure(measured.get("human_spearman")).value),
            ],
        )
        for subset, row in mapping(metrics.get("subsets")).items()
        for measured in [mapping(mapping(mapping(row).get("ratings")).get(name))]
        for found in [figure(measured.get("spearman"))]
        if found.value is not None
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
        ticks=plain_tick,
        lines=[("zero", 0.0)],
        bounds=(-1.0, 1.0),
        shown=SHOWN,
    )


def _errors(name: str, row: Mapping[str, Any]) -> TableBlock | None:
    cells = tuple(
        (say(f"row.{label}"), plain(found.value), between(found, plain), count(found.n))
        for error in ERRORS
        for label in (error, f"constant_{error}", f"human_{error}")
        for found in [figure(row.get(label))]
        if found.value is not None and figure(row.get(error)).value is not None
    )
    if not cells:
        return None
    head = (say("head.figure"), say("head.value"), say("head.interval"), say("head.n"))
    return TableBlock(say("rated.errors", attribute=page_name(name, 60)), head, cells)
