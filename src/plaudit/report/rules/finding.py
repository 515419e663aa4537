"""Findings, and on which side of a line a figure surely lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.statistics import Form, Measurement
from plaudit.text import page_name

Side = Literal["use", "misleads", "sure"]
Tone = Literal["good", "bad", "open"]
Standing = Literal["above", "below", "open", "unsure", "none"]

NAMED = 5
"""Names that one finding lists before it counts the rest."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim that the figures allow.

    Attributes:
        side: which question it answers: what the model is of use for, where it misleads, how sure we are.
        tone: good, bad, or open (it could be either).
        sentence: the claim.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> from plaudit.report import judge
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(40)]
        >>> finding = judge(evaluate(groups, [[1.0, 0.0]] * 40)).findings[0]
        >>> finding.side, finding.tone, finding.sentence.plain("en").split(":")[0]
        ('use', 'good', 'Telling the better answer from the worse')
    """

    side: Side
    tone: Tone
    sentence: Sentence


SIDES: Mapping[Standing, tuple[Side, Tone]] = {
    "above": ("use", "good"),
    "below": ("misleads", "bad"),
    "open": ("misleads", "open"),
    "unsure": ("sure", "open"),
}
"""Side and tone of the finding on a figure that should lie above its line."""


def standing(measured: Measurement, line: float = 0.0) -> Standing:
    """On which side of a line a figure lies, as far as its interval says."""
    if measured.value is None:
        return "none"
    if not measured.has_interval:
        return "unsure"
    return "above" if measured.above(line) else "below" if measured.below(line) else "open"


def lead_text(lead: Measurement, bare: Form, with_sign: Form) -> str:
    """By how much one is ahead of the other: with a sign only where the sentence cannot say which of them it is."""
    stands = standing(lead)
    if stands in ("open", "unsure"):
        return lead.format(with_sign)
    return (lead.negated if stands == "below" else lead).format(bare)


def listed(names: Sequence[Wording]) -> Sentence | Markup:
    """Names (at least one) in one line, the first few of them if there are many."""
    first, *rest = [name if isinstance(name, Sentence | Markup) else page_name(name, 60) for name in names[:NAMED]]
    shown: Sentence | Markup = first
    for name in rest:
        shown = say("list.and", first=shown, next=name)
    more = len(names) - NAMED
    return say("list.more", names=shown, more=count(more)) if more > 0 else shown
