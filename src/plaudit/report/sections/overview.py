"""The headline picture: the model, its baselines and people on one axis, and what it leads by."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Evaluation
from plaudit.report.blocks import Entry, Note, Section, dots
from plaudit.report.i18n import say
from plaudit.report.labels import baseline_label, reason_label
from plaudit.statistics import Measurement, measurement_of, percent, points

_SHARES = (0.0, 1.0)
_COIN = Measurement(0.5, None, None, 0)


def section(evaluation: Evaluation) -> Section | None:
    """Accuracy, and best of K. None where the data have no comparisons at all and ratings stand instead."""
    accuracy = measurement_of(evaluation.overall, "accuracy")
    if accuracy.value is None:
        if evaluation.ratings:
            return None
        text = (
            say("glance.undefined", reason=reason_label(accuracy.reason)) if accuracy.reason else say("headline.none")
        )
        return Section("glance", (), (Note(text),))
    blocks = [
        dots(
            list(_accuracies(evaluation)),
            percent,
            say("head.accuracy"),
            say("glance.caption"),
            lines=[("chance", 0.5)],
            bounds=_SHARES,
        )
    ]
    if leads := list(_leads(evaluation)):
        caption = say("glance.leads")
        blocks.append(dots(leads, points, say("head.lead"), caption, lines=[("zero", 0.0)]))
    if rankings := list(_best_of(evaluation)):
        caption = say("glance.several")
        blocks.append(dots(rankings, percent, say("head.several"), caption, bounds=_SHARES))
    return Section("glance", (), tuple(blocks))


def _accuracies(evaluation: Evaluation) -> Iterator[Entry]:
    overall = evaluation.overall
    human, length = measurement_of(overall, "human_accuracy"), measurement_of(overall, "length_accuracy")
    if human.value is not None:
        yield Entry(say("row.people"), human, "people")
    yield Entry(say("row.model"), measurement_of(overall, "accuracy"), "highlight")
    for name, measured in evaluation.baselines.items():
        yield Entry(baseline_label(name), measurement_of(measured.overall, "accuracy"), "baseline")
    if length.value is not None:
        yield Entry(say("row.length"), length, "baseline")
    yield Entry(say("row.chance"), overall.get("chance", _COIN), "line")


def _leads(evaluation: Evaluation) -> Iterator[Entry]:
    leads = [(say("row.over_length"), measurement_of(evaluation.overall, "lead_over_length"))]
    for name, measured in evaluation.baselines.items():
        leads.append((say("row.over", name=baseline_label(name)), measurement_of(measured.overall, "lead")))
    for label, lead in leads:
        if lead.value is not None:
            yield Entry(label, lead, "good" if lead.above(0) else "bad" if lead.below(0) else "open")


def _best_of(evaluation: Evaluation) -> Iterator[Entry]:
    for name in ("top1", "ndcg"):
        measured = measurement_of(evaluation.overall, name)
        chance = measurement_of(evaluation.overall, f"{name}_chance").value
        if measured.value is not None:
            note = None if chance is None else say("row.chance_at", value=percent(chance))
            yield Entry(say(f"row.{name}"), measured, "model", [("chance", chance)], note)
