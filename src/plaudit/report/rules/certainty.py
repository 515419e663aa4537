"""Rules on how sure the figures are: prompts behind them, agreement of people, and what was cut or missing."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Evaluation
from plaudit.report.i18n import count, say
from plaudit.report.rules.finding import Finding, Tone
from plaudit.statistics import Measurement, measurement_of, two

FEW_CLUSTERS = 20
"""Prompts below which intervals, honest as they are, lean on few of them."""

NARROW = 0.05
"""Half a width of accuracy's interval that is narrow enough to rely on."""

AGREEMENT = 2 / 3
"""Alpha below which no conclusion should rest on judgements (Krippendorff, Content Analysis, 2004)."""

LEFT_OUT = ("truncated", "scores_not_finite", "rejected_rows", "scores_of_other_groups", "baselines_left_out")
"""Counts of what could not take part, in the order they are told."""


def certainty(evaluation: Evaluation) -> Iterator[Finding]:
    """How many prompts stand behind the figures, and how wide the interval is."""
    accuracy, clusters = measurement_of(evaluation.overall, "accuracy"), evaluation.counts.get("clusters")
    if accuracy.low is not None and accuracy.high is not None and clusters is not None:
        half = (accuracy.high - accuracy.low) / 2
        tone: Tone = "good" if half <= NARROW else "open"
        values = {"half": f"{100 * half:.1f}", "n": count(accuracy.n), "k": count(clusters)}
        yield Finding("sure", tone, say("verdict.width", **values))
    if clusters is not None and clusters < FEW_CLUSTERS:
        yield Finding("sure", "open", say("verdict.few", k=count(clusters)))
    yield from _agreement(measurement_of(evaluation.overall, "human_alpha"))


def _agreement(alpha: Measurement) -> Iterator[Finding]:
    """Judgements that people do not agree on are a poor measure of anything."""
    if alpha.has_interval:
        tone: Tone = "good" if alpha.above(AGREEMENT) else "open"
        yield Finding("sure", tone, say("verdict.alpha", figure=alpha.format(two)))


def left_out(evaluation: Evaluation) -> Iterator[Finding]:
    """What was cut, refused or missing."""
    for name in LEFT_OUT:
        if number := evaluation.counts.get(name):
            yield Finding("sure", "open", say(f"verdict.{name}", k=count(number)))
