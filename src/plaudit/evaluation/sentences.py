"""A few plain sentences: what the figures are worth, and no more than the intervals allow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from plaudit.evaluation.measuring import Evaluation
from plaudit.statistics import NOTHING, Measurement, Measurements


@dataclass(frozen=True, slots=True)
class _Wording:
    """How one kind of figure is spoken of.

    Attributes:
        chance: the figure of a model that knows nothing.
        opposite: what a figure below that means.
        rule: the length rule.
        same: what it means to be ahead of the length rule by exactly nothing.
        lead: how a lead is printed.
    """

    chance: float
    opposite: str
    rule: str
    same: str
    lead: str


_ACCURACY = _Wording(
    chance=0.5,
    opposite="it disagrees with people more often than a coin would",
    rule="picking the longer response",
    same="it is right and wrong exactly where picking the longer response is",
    lead="{:+.1%}",
)
_CORRELATION = _Wording(
    chance=0.0,
    opposite="it runs against people's order",
    rule="ordering by length",
    same="its order follows people's exactly as far as ordering by length does",
    lead="{:+.2f}",
)


def verdict(evaluation: Evaluation) -> str:
    """Say whether the model beats chance, the length rule and its baselines, given how sure the intervals are.

    One line for the rankings, if there are any, and one for each rated attribute.
    """
    return "\n".join(_lines(evaluation))


def _lines(evaluation: Evaluation) -> Iterator[str]:
    overall, clusters = evaluation.overall, evaluation.clusters
    accuracy = overall["accuracy"]
    if accuracy.value is not None:
        claim = f"It prefers the response people preferred in {accuracy.value:.1%} of {accuracy.n:,} comparisons"
        leads = {name: baseline.overall["lead"] for name, baseline in evaluation.baselines.items()}
        said = _claim(claim, accuracy, overall["lead_over_length"], _ACCURACY, clusters)
        yield " ".join([said, *_baselines(leads, _ACCURACY)])
    elif accuracy.reason != NOTHING:
        yield f"Accuracy is undefined: {accuracy.reason}."
    elif not evaluation.ratings:
        yield "Whether it follows people cannot be said: the data have no judgements. Only its rewards are measured."
    for attribute, measured in evaluation.ratings.items():
        leads = {name: baseline.ratings[attribute]["lead"] for name, baseline in evaluation.baselines.items()}
        yield " ".join([*_rated(attribute, measured, clusters), *_baselines(leads, _CORRELATION)])


def _rated(attribute: str, measured: Measurements, clusters: str) -> Iterator[str]:
    spearman, closer = measured["spearman"], measured["lead_over_constant"]
    if spearman.value is None:
        yield f"How well it follows people's {attribute} ratings is undefined: {spearman.reason}."
    else:
        over = f"over {spearman.n:,} responses"
        claim = f"Its order and people's {attribute} ratings correlate by {spearman.value:+.2f} {over}"
        yield _claim(claim, spearman, measured["lead_over_length"], _CORRELATION, clusters)
    if closer.value is not None:
        off = f"Its values are off by {measured['mae'].value:.3g} on average"
        side, by = "further off" if closer.value < 0 else "closer", f"by {abs(closer.value):.3g}"
        if (standing := _standing(closer)) is None:
            yield f"{off}, {side} than the best constant {by}, and how sure that is cannot be said: {closer.reason}."
        else:
            yield f"{off}, {standing} the best constant ({side} {by})."
    if not _is_worse(measured["lead_over_length"]):
        yield from _within_groups(measured["kendall_within"], measured["length_kendall_within"])


def _within_groups(own: Measurement, length: Measurement) -> Iterator[str]:
    """What correlations over all groups do not show: that the longest response of a group is the better choice."""
    if own.low is None or own.high is None or length.low is None:
        return
    figures = f"Kendall {own.value:+.2f}, length's {length.value:+.2f}"
    if length.low > own.high:
        said = f"length follows people's order better than it does ({figures})"
    elif own.low <= 0 < length.low:
        said = f"its order is not better than chance, and length's is ({figures})"
    else:
        return
    yield f"Within groups, though, {said}: the best of several responses is chosen by that order."


def _claim(claim: str, figure: Measurement, lead: Measurement, words: _Wording, clusters: str) -> str:
    if figure.low is None or figure.high is None:
        return f"{claim}, and how sure that is cannot be said: {figure.reason} ({clusters})."
    if figure.low <= words.chance:
        against = figure.high < words.chance
        said = f"{claim}: {words.opposite}" if against else f"{claim}, which is not distinguishable from chance"
        worse = f", and it is worse than {words.rule} (by {_behind(lead, words)})" if _is_worse(lead) else ""
        return f"{said}{worse}."
    if lead.low is None or lead.high is None:
        return f"{claim}, better than chance; {_no_interval(lead.value, words)}."
    by = _led(lead, words)
    if lead.low > 0:
        return f"{claim}, better than chance and than {words.rule} (by {by})."
    if _is_worse(lead):
        return f"{claim}, better than chance but worse than {words.rule} (by {_behind(lead, words)})."
    return f"{claim}, better than chance but not distinguishable from {words.rule} ({by})."


def _no_interval(lead: float | None, words: _Wording) -> str:
    if lead is None:
        return f"{words.rule} cannot be measured"
    return words.same if lead == 0 else f"on every judgement it differs by {words.lead.format(lead)} from {words.rule}"


def _baselines(leads: Mapping[str, Measurement], words: _Wording) -> Iterator[str]:
    """One sentence for all baselines whose lead can be measured, those that do as well or better not left out."""
    said: dict[str, list[str]] = {"worse than": [], "not distinguishable from": [], "better than": []}
    unsure: dict[str, list[str]] = {}
    for name, lead in leads.items():
        if lead.value is not None:
            standing = _standing(lead)
            same = unsure.setdefault(str(lead.reason), []) if standing is None else said[standing]
            same.append(f"{name} ({_led(lead, words)})")
    if parts := [f"{standing} {' and '.join(names)}" for standing, names in said.items() if names]:
        yield f"Beside plain models: it is {', '.join(parts)}."
    for reason, names in unsure.items():
        yield f"How sure its lead is over {' and '.join(names)} cannot be said: {reason}."


def _led(lead: Measurement, words: _Wording) -> str:
    return words.lead.format(lead.value)


def _behind(lead: Measurement, words: _Wording) -> str:
    """The size of a negative lead, for a sentence that says that it is one."""
    return _led(lead, words).removeprefix("-")


def _is_worse(lead: Measurement) -> bool:
    return lead.high is not None and lead.high < 0


def _standing(lead: Measurement) -> str | None:
    """None where there is no interval, which is not the same as one that holds nothing against zero."""
    if lead.low is None or lead.high is None:
        return None
    if lead.low > 0:
        return "better than"
    return "worse than" if _is_worse(lead) else "not distinguishable from"
