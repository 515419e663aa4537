"""The headline picture: the model, its baselines and people on one axis, and what it leads by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.report.blocks import Entry, Note, Section, dots
from plaudit.report.format import figure, mapping, percent, percent_tick, points
from plaudit.report.i18n import say
from plaudit.report.labels import baseline, reason

_SHARES = (0.0, 1.0)


def section(metrics: Mapping[str, Any]) -> Section | None:
    """Accuracy, and best of K. None where the data have no comparisons at all and ratings stand instead."""
    accuracy = figure(metrics.get("accuracy"))
    if accuracy.value is None:
        if mapping(metrics.get("ratings")):
            return None
        said = say("glance.undefined", reason=reason(accuracy.reason)) if accuracy.reason else say("headline.none")
        return Section("glance", (), (Note(said),))
    blocks = [
        dots(
            list(_side_by_side(metrics)),
            percent,
            say("head.accuracy"),
            say("glance.caption"),
            ticks=percent_tick,
            lines=[("chance", 0.5)],
            bounds=_SHARES,
        )
    ]
    if leads := list(_leads(metrics)):
        shape = say("glance.leads")
        blocks.append(dots(leads, points, say("head.lead"), shape, ticks=_point_tick, lines=[("zero", 0.0)]))
    if several := list(_best_of(metrics)):
        caption = say("glance.several")
        blocks.append(dots(several, percent, say("head.several"), caption, ticks=percent_tick, bounds=_SHARES))
    return Section("glance", (), tuple(blocks))


def _side_by_side(metrics: Mapping[str, Any]) -> Iterator[Entry]:
    human = figure(metrics.get("human_accuracy"))
    if human.value is not None:
        yield Entry(say("row.people"), human, "people")
    yield Entry(say("row.model"), figure(metrics.get("accuracy")), "own")
    for name, row in mapping(metrics.get("baselines")).items():
        yield Entry(baseline(name), figure(mapping(row).get("accuracy")), "baseline")
    length = figure(metrics.get("length_accuracy"))
    if length.value is not None:
        yield Entry(say("row.length"), length, "baseline")
    yield Entry(say("row.chance"), figure(metrics.get("chance") or 0.5), "line")


def _leads(metrics: Mapping[str, Any]) -> Iterator[Entry]:
    named = [(say("row.over_length"), metrics.get("lead_over_length"))]
    for name, row in mapping(metrics.get("baselines")).items():
        named.append((say("row.over", name=baseline(name)), mapping(row).get("lead")))
    for label, row in named:
        lead = figure(row)
        if lead.value is not None:
            yield Entry(label, lead, "good" if lead.above(0) else "bad" if lead.below(0) else "open")


def _best_of(metrics: Mapping[str, Any]) -> Iterator[Entry]:
    for name in ("top1", "ndcg"):
        found, chance = figure(metrics.get(name)), figure(metrics.get(f"{name}_chance"))
        if found.value is not None:
            note = None if chance.value is None else say("row.chance_at", value=percent(chance.value))
            yield Entry(say(f"row.{name}"), found, "model", [("chance", chance.value)], note)


def _point_tick(value: float) -> str:
    return "0" if value == 0 else points(value).removesuffix(".0")
