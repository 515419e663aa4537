"""Rules on two models: which is better, and no more than interval and test allow."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.evaluation import Contrast, Paired
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.labels import reason_label
from plaudit.report.rules.finding import Finding, listed
from plaudit.statistics import LEVEL, NO_VARIATION, Form, Measurement, percent, signed, signed_percent
from plaudit.text import page_name

ALPHA = 1 - LEVEL


def judge_pair(paired: Paired) -> tuple[Finding, ...]:
    """What can be claimed of the rankings, of the subsets, and of each rated attribute.

    Example:
        >>> from plaudit import Group, Ranking, compare
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> (finding,) = judge_pair(compare(groups, [[1.0, 0.0]] * 8, [[0.0, 1.0]] * 8))
        >>> finding.sentence.plain("en")
        'A is right in 100.0% and B in 0.0% of 8 comparisons: A is more accurate (+100.0%, p = 0.0078).'
    """
    return tuple(_findings(paired))


def _findings(paired: Paired) -> Iterator[Finding]:
    overall = paired.overall["accuracy"]
    if overall.difference.value is not None:
        yield _accuracy(overall, paired)
    elif paired.counts["comparisons"] or not paired.ratings:
        yield _open(say("compare.undefined", reason=reason_label(overall.difference.reason)))
    if any(contrast.q is not None for contrast in paired.subsets.values()):
        yield _subsets(paired)
    for attribute, figures in paired.ratings.items():
        yield _rated(attribute, figures["spearman"])


def _open(sentence: Sentence) -> Finding:
    return Finding("sure", "open", sentence)


def _ahead(sentence: Sentence) -> Finding:
    return Finding("use", "good", sentence)


def _accuracy(contrast: Contrast, paired: Paired) -> Finding:
    apart, p = contrast.difference, contrast.p
    figures = say("compare.accuracy", a=_value(contrast.a, percent), b=_value(contrast.b, percent), n=count(apart.n))
    if apart.reason == NO_VARIATION and apart.value == 0:
        return _open(say("compare.same", figures=figures))
    values: dict[str, Wording] = {"figures": figures, "apart": _value(apart, signed_percent), "p": f"{p:.2g}"}
    leader, unlikely = _leader(apart), p is not None and p < ALPHA
    if leader and unlikely:
        return _ahead(say("compare.ahead", leader=leader, **values))
    if apart.low is None:
        clusters = page_name(paired.clusters, 40)
        return _open(say("compare.unsure", reason=reason_label(apart.reason), clusters=clusters, **values))
    if leader or unlikely:
        which = say("compare.by_interval" if leader else "compare.by_test")
        return _open(say("compare.weak", which=which, **values))
    return _open(say("compare.alike", **values))


def _subsets(paired: Paired) -> Finding:
    tested = {name: contrast for name, contrast in paired.subsets.items() if contrast.q is not None}
    ahead: dict[str, list[str]] = {}
    for name, contrast in tested.items():
        if contrast.q is not None and contrast.q < ALPHA:
            ahead.setdefault("A" if (contrast.difference.value or 0) > 0 else "B", []).append(name)
    within = say("compare.together", k=count(len(tested)), alpha=f"{ALPHA:.0%}")
    if not ahead:
        return _open(say("compare.no_subset", within=within))
    first, *rest = (say("compare.ahead_in", model=model, names=listed(ahead[model])) for model in sorted(ahead))
    leads = say("compare.both", first=first, next=rest[0]) if rest else first
    return _ahead(say("compare.subsets", within=within, leads=leads))


def _rated(attribute: str, contrast: Contrast) -> Finding:
    apart, name = contrast.difference, page_name(attribute, 60)
    if apart.value is None:
        return _open(say("compare.rated_undefined", attribute=name, reason=reason_label(apart.reason)))
    a, b = _value(contrast.a, signed), _value(contrast.b, signed)
    figures = say("compare.rated", attribute=name, a=a, b=b, n=count(apart.n))
    if apart.low is None:
        return _open(say("compare.rated_unsure", figures=figures, reason=reason_label(apart.reason)))
    if leader := _leader(apart):
        return _ahead(say("compare.rated_ahead", figures=figures, leader=leader))
    return _open(say("compare.rated_alike", figures=figures))


def _value(measured: Measurement, form: Form) -> str:
    return "–" if measured.value is None else form(measured.value)


def _leader(apart: Measurement) -> str | None:
    """Who is ahead, where the interval of A's figure minus B's leaves out zero or has no width."""
    low, high = (apart.value, apart.value) if apart.reason == NO_VARIATION else (apart.low, apart.high)
    if low is None or high is None or low <= 0 <= high:
        return None
    return "A" if low > 0 else "B"
