"""Rules on comparisons and rankings: accuracy beside a coin, length, baselines and people; the best of several."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Evaluation
from plaudit.report.i18n import count, say
from plaudit.report.labels import baseline_label, reason_label
from plaudit.report.rules.finding import SIDES, Finding, lead_text, standing
from plaudit.statistics import NO_VARIATION, NOTHING, measurement_of, percent, points, points_ahead


def against_chance(evaluation: Evaluation) -> Iterator[Finding]:
    """Accuracy beside a coin."""
    accuracy = measurement_of(evaluation.overall, "accuracy")
    stands = standing(accuracy, 0.5)
    if stands == "none":
        if accuracy.reason == NOTHING and not evaluation.ratings:
            yield Finding("sure", "open", say("verdict.no_judgements"))
        elif accuracy.reason and accuracy.reason != NOTHING:
            yield Finding("sure", "open", say("verdict.accuracy_none", reason=reason_label(accuracy.reason)))
        return
    sentence = say(
        f"verdict.chance_{stands}",
        figure=accuracy.format(percent),
        n=count(accuracy.n),
        reason=reason_label(accuracy.reason),
    )
    yield Finding(*SIDES[stands], sentence)


def against_length(evaluation: Evaluation) -> Iterator[Finding]:
    """Accuracy beside "the longer response wins"."""
    lead = measurement_of(evaluation.overall, "lead_over_length")
    stands = standing(lead)
    if stands in ("above", "below", "open"):
        sentence = say(f"verdict.length_{stands}", figure=lead_text(lead, points_ahead, points))
        yield Finding(*SIDES[stands], sentence)
    elif lead.value == 0 and lead.reason == NO_VARIATION:
        yield Finding("misleads", "open", say("verdict.length_same"))


def against_baselines(evaluation: Evaluation) -> Iterator[Finding]:
    """Accuracy beside plain models fitted to the same judgements."""
    for name, measured in evaluation.baselines.items():
        lead = measurement_of(measured.overall, "lead")
        stands = standing(lead)
        if stands != "none":
            values = {"name": baseline_label(name), "figure": lead_text(lead, points_ahead, points)}
            sentence = say(f"verdict.baseline_{stands}", **values, reason=reason_label(lead.reason))
            yield Finding(*SIDES[stands], sentence)


def against_people(evaluation: Evaluation) -> Iterator[Finding]:
    """Accuracy beside one person's. The two are of different comparisons, so only intervals apart say anything."""
    accuracy = measurement_of(evaluation.overall, "accuracy")
    human = measurement_of(evaluation.overall, "human_accuracy")
    if not accuracy.has_interval or human.low is None or human.high is None:
        return
    values = {"figure": accuracy.format(percent), "human": human.format(percent)}
    if accuracy.above(human.high):
        yield Finding("use", "good", say("verdict.people_above", **values))
    elif accuracy.below(human.low):
        yield Finding("misleads", "bad", say("verdict.people_below", **values))
    else:
        yield Finding("sure", "open", say("verdict.people_open", **values))


def best_of(evaluation: Evaluation) -> Iterator[Finding]:
    """Does its first choice of several lie in people's top tier?"""
    top1 = measurement_of(evaluation.overall, "top1")
    chance = measurement_of(evaluation.overall, "top1_chance").value
    if chance is None:
        return
    stands = standing(top1, chance)
    if stands in ("above", "below", "open"):
        sentence = say(f"verdict.top1_{stands}", figure=top1.format(percent), chance=percent(chance))
        yield Finding(*SIDES[stands], sentence)
