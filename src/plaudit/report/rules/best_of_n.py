"""Rules on a curve of best-of-n: what choosing harder does, the first claim that the figures bear out."""

from __future__ import annotations

from plaudit.evaluation import Curve
from plaudit.report.i18n import Sentence, say
from plaudit.report.labels import reason_label
from plaudit.report.rules.finding import Finding
from plaudit.statistics import Measurement, signed, two


def judge_curve(curve: Curve, most: int) -> Finding:
    """What one curve allows to be said.

    Args:
        curve: of a proxy or an ensemble.
        most: the largest n.

    Example:
        >>> from plaudit import Group, best_of
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> gold = [[1.0, 0.0, 0.0]] * 7 + [[0.0, 1.0, 0.0]]
        >>> result = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold)
        >>> finding = judge_curve(result.curves[0], result.most)
        >>> finding.tone, finding.sentence.plain("en").partition(",")[0]
        ('good', 'no sign of over-optimisation up to n = 3')
    """
    finding = _on_gold(curve, most)
    if curve.lead is None:
        return finding
    both = say("best_of.with_lead", claim=finding.sentence, lead=_lead(curve.lead))
    return Finding(finding.side, finding.tone, both)


def _on_gold(curve: Curve, last: int) -> Finding:
    gold, fall, peak, most = curve.gold[-1], curve.fall, curve.fit.peak, f"{last:,}"
    highest = "" if curve.highest_at is None else f"{curve.highest_at:,}"
    turn = peak.format(_n) if peak.has_interval else ""
    if not gold.has_interval:
        return Finding("sure", "open", say("best_of.undefined", reason=reason_label(gold.reason)))
    if gold.below(0.0):
        rise = say("best_of.never_above") if curve.highest_at == 1 else say("best_of.highest", n=highest)
        figure = gold.negated.format(two)
        return Finding("misleads", "bad", say("best_of.harmful", most=most, figure=figure, rise=rise))
    if fall.above(0.0):
        claim = say("best_of.falls", n=highest, most=most, figure=fall.format(two))
        return Finding("misleads", "bad", say("best_of.with_turn", claim=claim, turn=turn) if turn else claim)
    if not gold.above(0.0):
        return Finding("misleads", "open", say("best_of.useless", most=most))
    # The fitted peak lies within the data, its whole interval too.
    if turn and peak.below(last):
        return Finding("misleads", "open", say("best_of.turns", turn=turn, most=most))
    return Finding("use", "good", say("best_of.sound", most=most, figure=gold.format(two)))


def _lead(lead: Measurement) -> Sentence:
    """An ensemble's lead over its members."""
    if not lead.has_interval:
        return say("best_of.lead_undefined", reason=reason_label(lead.reason))
    stands = "above" if lead.above(0.0) else "below" if lead.below(0.0) else "open"
    return say(f"best_of.lead_{stands}", figure=lead.format(signed))


def _n(value: float) -> str:
    return f"{value:,.1f}" if value < 10 else f"{value:,.0f}"
