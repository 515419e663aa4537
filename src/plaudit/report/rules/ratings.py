"""Rules on ratings, attribute by attribute: correlation with people, beside length and the best constant."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from plaudit.evaluation import Evaluation
from plaudit.report.i18n import count, say
from plaudit.report.labels import baseline_label, reason_label
from plaudit.report.rules.finding import SIDES, Finding, lead_text, standing
from plaudit.statistics import NO_VARIATION, Measurement, Measurements, measurement_of, plain, signed, two
from plaudit.text import page_name


def ratings(evaluation: Evaluation) -> Iterator[Finding]:
    """What can be claimed of each attribute that people rated."""
    for name, measured in evaluation.ratings.items():
        attribute = page_name(name, 60)
        yield from _against_people(measured, attribute)
        yield from _against_length(measured, attribute)
        yield from _against_constant(measured, attribute)
        yield from _within_prompts(measured, attribute)
        for which, baseline in evaluation.baselines.items():
            lead = measurement_of(baseline.ratings.get(name, {}), "lead")
            yield from _against_baseline(lead, attribute, which)


def _against_people(measured: Measurements, attribute: Markup) -> Iterator[Finding]:
    """Rank correlation with people's ratings."""
    spearman = measurement_of(measured, "spearman")
    stands = standing(spearman)
    if stands == "none":
        sentence = say("verdict.rated_none", attribute=attribute, reason=reason_label(spearman.reason))
        yield Finding("sure", "open", sentence)
        return
    values = {"figure": spearman.format(signed), "n": count(spearman.n), "attribute": attribute}
    yield Finding(*SIDES[stands], say(f"verdict.rated_{stands}", **values))


def _against_length(measured: Measurements, attribute: Markup) -> Iterator[Finding]:
    """Its lead over ordering by length, which is worth something only to an order that follows people's."""
    lead = measurement_of(measured, "lead_over_length")
    stands = standing(lead)
    follows = standing(measurement_of(measured, "spearman")) == "above"
    if stands in ("below", "open") or (stands == "above" and follows):
        figure = lead_text(lead, two, signed)
        yield Finding(*SIDES[stands], say(f"verdict.rated_length_{stands}", figure=figure, attribute=attribute))
    elif lead.value == 0 and lead.reason == NO_VARIATION:
        yield Finding("misleads", "open", say("verdict.rated_length_same", attribute=attribute))


def _against_constant(measured: Measurements, attribute: Markup) -> Iterator[Finding]:
    """Its errors beside those of the best constant."""
    lead = measurement_of(measured, "lead_over_constant")
    stands = standing(lead)
    if stands != "none":
        missing = reason_label(lead.reason)
        values = {"figure": lead_text(lead, plain, plain), "attribute": attribute, "reason": missing}
        yield Finding(*SIDES[stands], say(f"verdict.rated_constant_{stands}", **values))


def _within_prompts(measured: Measurements, attribute: Markup) -> Iterator[Finding]:
    """Correlations over all prompts do not show that the longest response of a prompt is the better choice."""
    model, length = measurement_of(measured, "kendall_within"), measurement_of(measured, "length_kendall_within")
    if not (model.has_interval and length.has_interval):
        return
    values = {"figure": model.format(signed), "length": length.format(signed), "attribute": attribute}
    if model.high is not None and length.above(model.high):
        yield Finding("misleads", "bad", say("verdict.rated_within", **values))
    elif not model.above(0.0) and length.above(0.0):
        yield Finding("misleads", "open", say("verdict.rated_within_open", **values))


def _against_baseline(lead: Measurement, attribute: Markup, name: str) -> Iterator[Finding]:
    """Its lead in rank correlation over a plain model fitted to the same judgements."""
    stands = standing(lead)
    if stands != "none":
        values = {
            "figure": lead_text(lead, two, signed),
            "name": baseline_label(name),
            "reason": reason_label(lead.reason),
        }
        yield Finding(*SIDES[stands], say(f"verdict.rated_baseline_{stands}", attribute=attribute, **values))
