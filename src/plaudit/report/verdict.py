"""The verdict in plain words: every rule asked in turn, and one signal that sums up what they found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from plaudit.report import cautions, findings, probing
from plaudit.report.findings import Finding, Side, standing
from plaudit.report.format import ParsedFigure, count, figure, mapping
from plaudit.report.i18n import Said, say

Signal = Literal["sound", "care", "unfit", "unknown"]

Rule = Callable[[Mapping[str, Any]], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    findings.against_chance,
    findings.against_length,
    findings.against_baselines,
    findings.against_people,
    findings.best_of,
    findings.ratings,
    probing.probes,
    probing.untried,
    cautions.lengths,
    cautions.subsets,
    cautions.confidence,
    cautions.invariance,
    cautions.spread,
    cautions.sureness,
    cautions.left_out,
)
"""In the order in which their findings are read."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the figures come to.

    Attributes:
        signal: stands up to every check made, of use with care, unfit, or cannot be judged.
        headline: one sentence.
        cautions: how many faults were found and how many could not be ruled out, in a sentence.
        findings: everything the rules found, in their order.
    """

    signal: Signal
    headline: Said
    cautions: Said
    findings: tuple[Finding, ...]

    def on(self, side: Side) -> list[Finding]:
        """The findings that answer one question, the grave ones first."""
        order = {"bad": 0, "good": 1, "open": 2}
        return sorted((found for found in self.findings if found.side == side), key=lambda found: order[found.tone])


def judge(metrics: Mapping[str, Any]) -> Verdict:
    """Say what a model's figures allow to say, in the shapes of `metrics.json`; what is missing is not spoken of."""
    found = tuple(finding for rule in RULES for finding in rule(metrics))
    bad = sum(finding.side == "misleads" and finding.tone == "bad" for finding in found)
    doubtful = sum(finding.side == "misleads" and finding.tone == "open" for finding in found)
    return Verdict(
        _signal(metrics, bad + doubtful),
        _headline(metrics),
        say("verdict.cautions", bad=count(bad), open=count(doubtful)),
        found,
    )


def _signal(metrics: Mapping[str, Any], faults: int) -> Signal:
    """Unfit is a model that was not seen to follow people at all, or that a rule without any model outdoes."""
    follows = [standing(found, line) for found, line in _leading(metrics)]
    if all(stands in ("none", "unsure") for stands in follows):
        return "unknown"
    if "above" not in follows or figure(metrics.get("lead_over_length")).below(0.0):
        return "unfit"
    return "care" if faults else "sound"


def _leading(metrics: Mapping[str, Any]) -> Iterator[tuple[ParsedFigure, float]]:
    """The figures that say whether it follows people, each with the line that knows nothing."""
    yield figure(metrics.get("accuracy")), 0.5
    for row in mapping(metrics.get("ratings")).values():
        yield figure(mapping(row).get("spearman")), 0.0


def _headline(metrics: Mapping[str, Any]) -> Said:
    accuracy = figure(metrics.get("accuracy"))
    chance, length = standing(accuracy, 0.5), standing(figure(metrics.get("lead_over_length")))
    if chance == "above" and length in ("above", "below", "open"):
        return say(f"headline.above_{length}")
    if chance != "none":
        return say(f"headline.{chance}")
    follows = [standing(found) for found, _ in list(_leading(metrics))[1:]]
    above = sum(stands == "above" for stands in follows)
    if any(stands in ("above", "below", "open") for stands in follows):
        return say("headline.ratings", k=count(above), of=count(len(follows)))
    return say("headline.unsure" if "unsure" in follows else "headline.none")
