"""The verdict that page, card and terminal tell: every rule asked in turn, and one signal for all findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from plaudit.evaluation import Evaluation, Invariance, Probes
from plaudit.report.i18n import Sentence, count, say
from plaudit.report.rules.certainty import certainty, left_out
from plaudit.report.rules.finding import Finding, Side, standing
from plaudit.report.rules.preferences import against_baselines, against_chance, against_length, against_people, best_of
from plaudit.report.rules.probes import misled_by_family, moved_by_probes, not_noticed, too_few_clusters, untried
from plaudit.report.rules.ratings import ratings
from plaudit.report.rules.rewards import confidence, one_score, spread
from plaudit.report.rules.subsets import lengths, subsets
from plaudit.statistics import Measurement, measurement_of

Signal = Literal["sound", "care", "unfit", "unknown"]

Rule = Callable[[Evaluation], Iterator[Finding]]

RULES: tuple[Rule, ...] = (
    against_chance,
    against_length,
    against_baselines,
    against_people,
    best_of,
    ratings,
    lambda evaluation: moved_by_probes(evaluation.probes),
    untried,
    lengths,
    subsets,
    confidence,
    lambda evaluation: one_score(evaluation.invariance),
    spread,
    certainty,
    left_out,
)
"""In the order in which their findings are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the figures come to.

    Attributes:
        signal: stands up to every check made, of use with care, unfit, or cannot be judged.
        headline: one sentence.
        cautions: how many faults were found and how many could not be ruled out, in a sentence.
        findings: everything the rules yield, in their order.

    Example:
        >>> from plaudit import Group, Ranking, evaluate
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(40)]
        >>> verdict = judge(evaluate(groups, [[0.0, 1.0]] * 40))
        >>> verdict.signal, verdict.on("misleads")[0].sentence.plain("en").split(":")[0]
        ('unfit', 'It prefers the worse answer')
    """

    signal: Signal
    headline: Sentence
    cautions: Sentence
    findings: tuple[Finding, ...]

    def on(self, side: Side) -> list[Finding]:
        """The findings that answer one question, the grave ones first."""
        order = {"bad": 0, "good": 1, "open": 2}
        return sorted((one for one in self.findings if one.side == side), key=lambda finding: order[finding.tone])


def judge(evaluation: Evaluation) -> Verdict:
    """Say what the figures allow to be said of a model; of what was not measured nothing is claimed.

    Example:
        >>> from plaudit.evaluation import evaluate
        >>> from plaudit.groups import Group, Ranking
        >>> groups = [Group(f"{i}", f"{i} + 1?", (f"{i + 1}", "No."), (Ranking(((0,), (1,))),)) for i in range(40)]
        >>> verdict = judge(evaluate(groups, [[1.0, 0.0]] * 40))
        >>> verdict.signal, verdict.headline.plain("en")
        ('care', 'It prefers what people prefer more often than chance.')
    """
    findings = tuple(finding for rule in RULES for finding in rule(evaluation))
    bad = sum(finding.side == "misleads" and finding.tone == "bad" for finding in findings)
    doubtful = sum(finding.side == "misleads" and finding.tone == "open" for finding in findings)
    return Verdict(
        signal=_signal(evaluation, bad + doubtful),
        headline=_headline(evaluation),
        cautions=say("verdict.cautions", bad=count(bad), open=count(doubtful)),
        findings=findings,
    )


def judge_probes(probes: Probes, invariance: Invariance | None = None) -> tuple[Finding, ...]:
    """What probes and the checks of one score allow to be said on their own, probe by probe.

    Example:
        >>> from plaudit import Group, Ranking, probe, train
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"It is {i + 1}", "No"), (Ranking(((0,), (1,))),)) for i in range(8)]
        >>> probes = probe(train(groups, "length", backbone="length"), groups, only=["padding"])
        >>> judge_probes(probes)[0].sentence.plain("en").split(".")[0]
        'Changes that should not pay move its reward, in 1 of 1 probe: length (1 of 1)'
    """
    return (
        *moved_by_probes(probes),
        *misled_by_family(probes),
        *not_noticed(probes),
        *too_few_clusters(probes),
        *one_score(invariance),
    )


def _signal(evaluation: Evaluation, faults: int) -> Signal:
    """Unfit is a model that was not seen to follow people at all, or that a rule without any model outdoes."""
    follows = [standing(measured, line) for measured, line in _leading(evaluation)]
    if all(stands in ("none", "unsure") for stands in follows):
        return "unknown"
    if "above" not in follows or measurement_of(evaluation.overall, "lead_over_length").below(0.0):
        return "unfit"
    return "care" if faults else "sound"


def _leading(evaluation: Evaluation) -> Iterator[tuple[Measurement, float]]:
    """The figures that say whether it follows people, each with the line that knows nothing."""
    yield measurement_of(evaluation.overall, "accuracy"), 0.5
    for measured in evaluation.ratings.values():
        yield measurement_of(measured, "spearman"), 0.0


def _headline(evaluation: Evaluation) -> Sentence:
    chance = standing(measurement_of(evaluation.overall, "accuracy"), 0.5)
    length = standing(measurement_of(evaluation.overall, "lead_over_length"))
    if chance == "above" and length in ("above", "below", "open"):
        return say(f"headline.above_{length}")
    if chance != "none":
        return say(f"headline.{chance}")
    follows = [standing(measured) for measured, _ in list(_leading(evaluation))[1:]]
    above = sum(stands == "above" for stands in follows)
    if any(stands in ("above", "below", "open") for stands in follows):
        return say("headline.ratings", k=count(above), of=count(len(follows)))
    return say("headline.unsure" if "unsure" in follows else "headline.none")
