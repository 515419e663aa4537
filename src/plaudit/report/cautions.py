"""What the figures say of where, when and why a model misleads: subsets, lengths, confidence, what was cut."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from plaudit.report import labels
from plaudit.report.findings import Finding, Tone, listed
from plaudit.report.format import (
    ParsedFigure,
    count,
    figure,
    mapping,
    number,
    percent,
    plain,
    points_ahead,
    rows,
    three,
    two,
    with_interval,
)
from plaudit.report.i18n import say

FEW_CLUSTERS = 20
"""Prompts below which intervals, honest as they are, lean on few of them."""

NARROW = 0.05
"""Half a width of accuracy's interval that is narrow enough to rely on."""

AGREEMENT = 2 / 3
"""Alpha below which no conclusion should rest on judgements (Krippendorff, Content Analysis, 2004)."""

MANY_SUBSETS = 10
"""Subsets from which on some interval is expected to miss the truth by luck."""

FLAT_PROMPTS = 0.05
"""Share of prompts without any spread that is worth a caution."""


def subsets(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Subsets where it is worse than a coin, no better than one, or worse than length."""
    measured = {name: mapping(row) for name, row in mapping(metrics.get("subsets")).items()}
    accuracy = {name: figure(row.get("accuracy")) for name, row in measured.items()}
    lead = {name: figure(row.get("lead_over_length")) for name, row in measured.items()}
    kinds: tuple[tuple[str, Tone, list[str]], ...] = (
        ("subsets_below", "bad", [name for name, found in accuracy.items() if found.below(0.5)]),
        (
            "subsets_open",
            "open",
            [n for n, found in accuracy.items() if found.sure and not found.above(0.5) and not found.below(0.5)],
        ),
        ("subsets_length", "bad", [name for name, found in lead.items() if found.below(0.0)]),
    )
    for key, tone, found in kinds:
        if found:
            said = say(f"verdict.{key}", names=listed(found), k=count(len(found)), of=count(len(measured)))
            yield Finding("misleads", tone, said)
    if len(measured) >= MANY_SUBSETS:
        said = say("verdict.subsets_luck", k=count(len(measured)), luck=count(max(1, round(len(measured) / 20))))
        yield Finding("sure", "open", said)


def lengths(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Is it right where the better response is the longer one, and wrong where it is the shorter?"""
    bins = [(row, figure(row.get("accuracy"))) for row in rows(metrics.get("lengths"))]
    shorter = [found for row, found in bins if found.sure and (number(row.get("high")) or 0.0) < 0]
    longer = [found for row, found in bins if found.sure and (number(row.get("low")) or 0.0) > 0]
    if not shorter or not longer:
        return
    # The bins run from "much shorter" to "much longer": the outermost ones show a leaning most clearly.
    least, most = shorter[0], longer[-1]
    values = {"shorter": with_interval(least, percent), "longer": with_interval(most, percent)}
    if most.low is not None and least.below(most.low):
        yield Finding("misleads", "bad", say("verdict.leans_long", **values))
    elif least.low is not None and most.below(least.low):
        yield Finding("misleads", "bad", say("verdict.leans_short", **values))


def confidence(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Does a confidence mean what it says?"""
    temperature = figure(metrics.get("temperature"))
    ece, luck = figure(metrics.get("ece")), figure(metrics.get("ece_chance")).value
    if temperature.above(1.0):
        yield Finding("misleads", "bad", say("verdict.overconfident", figure=with_interval(temperature, plain)))
    elif temperature.below(1.0):
        yield Finding("misleads", "bad", say("verdict.underconfident", figure=with_interval(temperature, plain)))
    elif luck is not None and ece.sure:
        values = {"figure": with_interval(ece, three), "luck": three(luck)}
        if ece.above(luck):
            yield Finding("misleads", "bad", say("verdict.miscalibrated", **values))
        elif figure(metrics.get("accuracy")).above(0.5):
            # A coin that is always 50% sure is calibrated, too.
            yield Finding("use", "good", say("verdict.calibrated", **values))
    knows = figure(metrics.get("lead_over_least_sure_half"))
    if knows.above(0.0):
        yield Finding("use", "good", say("verdict.knows", figure=with_interval(knows, points_ahead)))


def invariance(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Does the score depend on what it must not depend on?"""
    checks = rows(mapping(metrics.get("invariance")).get("checks"))
    broken = [labels.known("check", str(check.get("name"))) for check in checks if check.get("ok") is False]
    if broken:
        yield Finding("misleads", "bad", say("verdict.varies", names=listed(broken)))
    elif held := sum(check.get("ok") is True for check in checks):
        yield Finding("sure", "good", say("verdict.invariant", k=count(held)))


def spread(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Is there anything for reinforcement learning to learn from?"""
    flat = figure(mapping(metrics.get("rewards")).get("prompts_without_spread"))
    if flat.above(FLAT_PROMPTS):
        yield Finding("misleads", "bad", say("verdict.flat", figure=with_interval(flat, percent)))


def sureness(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """How many prompts stand behind the figures, and how wide the interval is."""
    accuracy = figure(metrics.get("accuracy"))
    clusters = number(mapping(metrics.get("counts")).get("clusters"))
    if accuracy.low is not None and accuracy.high is not None and clusters is not None:
        half = (accuracy.high - accuracy.low) / 2
        tone: Tone = "good" if half <= NARROW else "open"
        said = say("verdict.width", half=f"{100 * half:.1f}", n=count(accuracy.n), k=count(clusters))
        yield Finding("sure", tone, said)
    if clusters is not None and clusters < FEW_CLUSTERS:
        yield Finding("sure", "open", say("verdict.few", k=count(clusters)))
    yield from _agreement(figure(metrics.get("human_alpha")))


def _agreement(alpha: ParsedFigure) -> Iterator[Finding]:
    """Judgements that people do not agree on are a poor measure of anything."""
    if alpha.sure:
        tone: Tone = "good" if alpha.above(AGREEMENT) else "open"
        yield Finding("sure", tone, say("verdict.alpha", figure=with_interval(alpha, two)))


def left_out(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """What was cut, refused or missing."""
    counts = mapping(metrics.get("counts"))
    for name in ("truncated", "scores_not_finite", "rejected_rows", "scores_of_other_groups", "baselines_left_out"):
        if many := number(counts.get(name)):
            yield Finding("sure", "open", say(f"verdict.{name}", k=count(many)))
