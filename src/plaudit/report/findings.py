"""What the figures on comparisons and ratings allow to be said: one rule a question, each a few findings or none.

A rule says "better" or "worse" only where a whole 95% interval lies on one side of the line. Where the interval holds
the line, the finding is open; where there is no interval, that is what is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from markupsafe import Markup

from plaudit.report.format import (
    ParsedFigure,
    Shape,
    count,
    figure,
    mapping,
    percent,
    points,
    points_ahead,
    signed,
    two,
    with_interval,
)
from plaudit.report.i18n import Said, say
from plaudit.report.labels import baseline, reason
from plaudit.text import page_name

Side = Literal["use", "misleads", "sure"]
Tone = Literal["good", "bad", "open"]
Standing = Literal["above", "below", "open", "unsure", "none"]

NAMED = 5
"""Names that one finding lists before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the figures say.

    Attributes:
        side: which question it answers: what the model is of use for, where it misleads, how sure we are.
        tone: good, bad, or open (it could be either).
        said: the sentence.
    """

    side: Side
    tone: Tone
    said: Said


def standing(found: ParsedFigure, line: float = 0.0) -> Standing:
    """On which side of a line a figure lies, as far as its interval says."""
    if found.value is None:
        return "none"
    if not found.sure:
        return "unsure"
    return "above" if found.above(line) else "below" if found.below(line) else "open"


def listed(names: Sequence[Any]) -> Said | Markup:
    """Names (at least one) in one line, the first few of them if there are many."""
    first, *rest = [name if isinstance(name, Said | Markup) else page_name(str(name), 60) for name in names[:NAMED]]
    shown: Said | Markup = first
    for name in rest:
        shown = say("list.and", first=shown, next=name)
    more = len(names) - NAMED
    return say("list.more", names=shown, more=count(more)) if more > 0 else shown


_SIDES: Mapping[Standing, tuple[Side, Tone]] = {
    "above": ("use", "good"),
    "below": ("misleads", "bad"),
    "open": ("misleads", "open"),
    "unsure": ("sure", "open"),
}
"""Where a figure that should lie above its line is spoken of."""


def against_chance(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Accuracy beside a coin."""
    accuracy = figure(metrics.get("accuracy"))
    stands = standing(accuracy, 0.5)
    if stands == "none":
        if accuracy.reason and not mapping(metrics.get("ratings")):
            yield Finding("sure", "open", say("verdict.accuracy_none", reason=reason(accuracy.reason)))
        return
    values = {
        "figure": with_interval(accuracy, percent),
        "n": count(accuracy.n),
        "reason": reason(accuracy.reason),
    }
    yield Finding(*_SIDES[stands], say(f"verdict.chance_{stands}", **values))


def against_length(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Accuracy beside "the longer response wins"."""
    lead = figure(metrics.get("lead_over_length"))
    stands = standing(lead)
    if stands in ("above", "below", "open"):
        yield Finding(*_SIDES[stands], say(f"verdict.length_{stands}", figure=_ahead(lead, points_ahead, points)))


def against_baselines(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Accuracy beside plain models fitted to the same judgements."""
    for name, row in mapping(metrics.get("baselines")).items():
        lead = figure(mapping(row).get("lead"))
        stands = standing(lead)
        if stands in ("above", "below", "open"):
            said = say(f"verdict.baseline_{stands}", name=baseline(name), figure=_ahead(lead, points_ahead, points))
            yield Finding(*_SIDES[stands], said)


def against_people(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Accuracy beside one person's. The two are of different comparisons, so only intervals apart say anything."""
    accuracy, human = figure(metrics.get("accuracy")), figure(metrics.get("human_accuracy"))
    if not accuracy.sure or human.low is None or human.high is None:
        return
    values = {"figure": with_interval(accuracy, percent), "human": with_interval(human, percent)}
    if accuracy.above(human.high):
        yield Finding("use", "good", say("verdict.people_above", **values))
    elif accuracy.below(human.low):
        yield Finding("misleads", "bad", say("verdict.people_below", **values))
    else:
        yield Finding("sure", "open", say("verdict.people_open", **values))


def best_of(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Does its first choice of several lie in people's top tier?"""
    top1, chance = figure(metrics.get("top1")), figure(metrics.get("top1_chance")).value
    if chance is None or standing(top1, chance) not in ("above", "below", "open"):
        return
    stands = standing(top1, chance)
    said = say(f"verdict.top1_{stands}", figure=with_interval(top1, percent), chance=percent(chance))
    yield Finding(*_SIDES[stands], said)


def ratings(metrics: Mapping[str, Any]) -> Iterator[Finding]:
    """Correlation with ratings, and errors beside the best constant, attribute by attribute."""
    for name, row in mapping(metrics.get("ratings")).items():
        measured, attribute = mapping(row), page_name(name, 60)
        spearman, lead = figure(measured.get("spearman")), figure(measured.get("lead_over_length"))
        stands = standing(spearman)
        if stands == "none":
            said = say("verdict.rated_none", attribute=attribute, reason=reason(spearman.reason))
            yield Finding("sure", "open", said)
        else:
            values = {"figure": with_interval(spearman, signed), "n": count(spearman.n), "attribute": attribute}
            yield Finding(*_SIDES[stands], say(f"verdict.rated_{stands}", **values))
        if standing(lead) in ("below", "open"):
            said = say(f"verdict.rated_length_{standing(lead)}", figure=_ahead(lead, two, signed), attribute=attribute)
            yield Finding(*_SIDES[standing(lead)], said)
        constant = figure(measured.get("lead_over_constant"))
        if standing(constant) in ("below", "open"):
            said = say(f"verdict.rated_constant_{standing(constant)}", attribute=attribute)
            yield Finding(*_SIDES[standing(constant)], said)
        yield from _within(measured, attribute)


def _within(measured: Mapping[str, Any], attribute: Markup) -> Iterator[Finding]:
    """Correlations over all prompts do not show that the longest response of a prompt is the better choice."""
    own, length = figure(measured.get("kendall_within")), figure(measured.get("length_kendall_within"))
    if own.high is None or length.low is None or not length.above(own.high):
        return
    values = {"figure": with_interval(own, signed), "length": with_interval(length, signed)}
    yield Finding("misleads", "bad", say("verdict.rated_within", attribute=attribute, **values))


def _ahead(lead: ParsedFigure, bare: Shape, with_sign: Shape) -> str:
    """By how much one is ahead of the other: with a sign only where the sentence cannot say which of them it is."""
    stands = standing(lead)
    if stands == "open":
        return with_interval(lead, with_sign)
    return with_interval(lead.turned if stands == "below" else lead, bare)
