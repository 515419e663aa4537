"""Rules on the rewards themselves: confidence, one score whatever the computation, and a spread to learn from."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Evaluation, Invariance
from plaudit.report.i18n import count, say
from plaudit.report.labels import known_label
from plaudit.report.rules.finding import Finding, listed
from plaudit.statistics import measurement_of, percent, plain, points_ahead, three

FLAT_PROMPTS = 0.05
"""Share of prompts without any spread that is worth a caution."""


def confidence(evaluation: Evaluation) -> Iterator[Finding]:
    """Does a confidence mean what it says?"""
    figures = evaluation.overall
    temperature, ece = measurement_of(figures, "temperature"), measurement_of(figures, "ece")
    luck = measurement_of(figures, "ece_chance").value
    if temperature.above(1.0):
        yield Finding("misleads", "bad", say("verdict.overconfident", figure=temperature.format(plain)))
    elif temperature.below(1.0):
        yield Finding("misleads", "bad", say("verdict.underconfident", figure=temperature.format(plain)))
    elif luck is not None and ece.has_interval:
        values = {"figure": ece.format(three), "luck": three(luck)}
        if ece.above(luck):
            yield Finding("misleads", "bad", say("verdict.miscalibrated", **values))
        elif measurement_of(figures, "accuracy").above(0.5):
            # A coin that is always 50% sure is calibrated, too.
            yield Finding("use", "good", say("verdict.calibrated", **values))
    knows = measurement_of(figures, "selective_lead")
    if knows.above(0.0):
        yield Finding("use", "good", say("verdict.knows", figure=knows.format(points_ahead)))


def one_score(invariance: Invariance | None) -> Iterator[Finding]:
    """Does the score depend on what it must not depend on?"""
    if invariance is None:
        return
    if invariance.broken:
        names = listed([known_label("check", check.name) for check in invariance.broken])
        yield Finding("misleads", "bad", say("verdict.varies", names=names))
    elif passed := sum(check.ok is True for check in invariance.checks):
        yield Finding("sure", "good", say("verdict.invariant", k=count(passed)))


def spread(evaluation: Evaluation) -> Iterator[Finding]:
    """Is there anything for reinforcement learning to learn from?"""
    if evaluation.rewards is not None and evaluation.rewards.prompts_without_spread.above(FLAT_PROMPTS):
        figure = evaluation.rewards.prompts_without_spread.format(percent)
        yield Finding("misleads", "bad", say("verdict.flat", figure=figure))
