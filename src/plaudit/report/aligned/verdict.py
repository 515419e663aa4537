"""Rules of the verdict on a run: what its figures on the test prompts allow to be claimed."""

from __future__ import annotations

from collections.abc import Iterator

from plaudit.report.aligned.result import probe_name, raised
from plaudit.report.aligned.run import FIGURES, AlignmentRun
from plaudit.report.i18n import Sentence, Wording, count, say
from plaudit.report.labels import reason_label
from plaudit.report.rules.finding import SIDES, Finding, Standing, listed, standing
from plaudit.report.verdict import Signal, Verdict
from plaudit.statistics import Measurements, measurement_of, points, signed, two
from plaudit.text import page_name

FEW = 20
"""Test prompts below which an interval is as wide as most gains."""

LONGER, SHORTER = 1.25, 0.8
"""Ratios of lengths beyond which a gain may be one of length."""

_SHARES_LOST = {"ended": "above", "distinct": "above", "distinct_within": "above", "repeated": "below"}
"""Shares that should not fall, and one that should not rise: on which side of its old value the good one lies."""


def judge_run(run: AlignmentRun) -> Verdict:
    """The verdict on a run: gold on the test prompts decides, where there is gold."""
    findings = tuple(finding for rule in RULES for finding in rule(run))
    faults = any(finding.side == "misleads" for finding in findings)
    return Verdict(
        signal=_signal(run, faults),
        headline=_headline(run),
        cautions=say("aligned.kept_and_stopped", kept=_kept(run), stopped=_stopped(run)),
        findings=findings,
    )


def word(run: AlignmentRun, verdict: Verdict) -> Sentence:
    """What the lamp means."""
    if not run.has_gold:
        return say("aligned.word_unknown")
    if run.kept == 0:
        return say("aligned.word_untrained")
    stands = standing(measurement_of(run.gain, "gold"))
    if stands == "above":
        return say("aligned.word_better" if verdict.signal == "sound" else "aligned.word_care")
    return say("aligned.word_worse" if stands == "below" else "aligned.word_open")


def _signal(run: AlignmentRun, faults: bool) -> Signal:
    if not run.has_gold:
        return "unknown"
    stands = standing(measurement_of(run.gain, "gold"))
    if stands == "below":
        return "unfit"
    return "sound" if stands == "above" and not faults else "care"


def _headline(run: AlignmentRun) -> Sentence:
    if run.kept == 0:
        return say("aligned.headline_untrained")
    reward = standing(measurement_of(run.gain, "reward"))
    if not run.has_gold:
        return say("aligned.headline_unknown", reward=say(f"aligned.reward_{reward}"))
    gold = standing(measurement_of(run.gain, "gold"))
    if gold == reward == "open":
        return say("aligned.headline_neither")
    return say("aligned.headline", gold=say(f"aligned.gold_{gold}"), reward=say(f"aligned.reward_{reward}"))


def _kept(run: AlignmentRun) -> Sentence:
    """Which policy is kept, and why."""
    at, evaluations = run.after_step(run.kept), count(len(run.validation))
    if run.kept == 0:
        return say("aligned.kept_untrained_gold" if run.has_gold else "aligned.kept_untrained", k=evaluations)
    if run.has_gold:
        return say("aligned.kept_by_gold", at=at, k=evaluations)
    return say("aligned.kept_before_alarm" if run.alarm is not None else "aligned.kept_last", at=at)


def _stopped(run: AlignmentRun) -> Sentence:
    """Why it went no further."""
    if run.alarm is None:
        return say("aligned.went_through", at=run.after_step(run.last))
    reason = reason_label(str(run.alarm.get("says") or run.alarm.get("reason")))
    return say("aligned.stopped", at=run.after_step(int(run.alarm["step"])), reason=reason)


def _gains(run: AlignmentRun) -> Iterator[Finding]:
    """Gold and reward, paired by prompt."""
    gold_stands: Standing = standing(measurement_of(run.gain, "gold"))
    for name in ("gold", "reward"):
        gain = measurement_of(run.gain, name)
        stands = standing(gain)
        if stands == "none" or run.kept == 0:
            continue
        side, tone = SIDES[stands]
        if name == "reward" and gold_stands != "above" and stands == "above":
            # A reward that rises is what was optimised; it is no success by itself.
            tone = "open"
        ends = {"before": _value(run.before, name), "after": _value(run.after, name), "gain": gain.format(signed)}
        yield Finding(
            side, tone, say(f"aligned.gain_{name}_{stands}", **_name(run, name), **ends, **_distance(run, name))
        )


def _name(run: AlignmentRun, name: str) -> dict[str, Wording]:
    return {"name": page_name(str(run.record.get("gold") or "–"), 60)} if name == "gold" else {}


def _distance(run: AlignmentRun, name: str) -> dict[str, str]:
    return {"kl": measurement_of(run.after, "kl").format(two) or "–"} if name == "reward" else {}


def _value(figures: Measurements, name: str) -> str:
    value = measurement_of(figures, name).value
    return "–" if value is None else FIGURES[name][0](value)


def _parted(run: AlignmentRun) -> Iterator[Finding]:
    """The reward rose, and gold did not."""
    if (
        run.has_gold
        and measurement_of(run.gain, "reward").above(0.0)
        and not measurement_of(run.gain, "gold").above(0.0)
    ):
        yield Finding("misleads", "bad", say("aligned.parted"))


def _answers(run: AlignmentRun) -> Iterator[Finding]:
    """Answers that do not end, repeat each other or themselves, or have another length."""
    for name, good in _SHARES_LOST.items():
        gain = measurement_of(run.gain, name)
        if gain.below(0.0) if good == "above" else gain.above(0.0):
            ends = {"before": _value(run.before, name), "after": _value(run.after, name)}
            yield Finding("misleads", "bad", say(f"aligned.lost_{name}", gain=gain.format(points), **ends))
    before, after = (measurement_of(part, "length").value for part in (run.before, run.after))
    if before and after and not SHORTER < after / before < LONGER:
        key = "aligned.longer" if after > before else "aligned.shorter"
        yield Finding("misleads", "open", say(key, before=two(before), after=two(after)))
    spread = measurement_of(run.gain, "spread")
    if spread.above(0.0):
        yield Finding("misleads", "open", say("aligned.spread_rose", gain=spread.format(signed)))


def _next(run: AlignmentRun) -> Iterator[Finding]:
    """What the reward would pay for next."""
    names = raised(run.test[-1].probes) if run.test else []
    if names:
        yield Finding("misleads", "open", say("aligned.would_pay", names=listed([probe_name(name) for name in names])))


def _known(run: AlignmentRun) -> Iterator[Finding]:
    """How sure all of it is."""
    if not run.has_gold:
        yield Finding("sure", "open", say("aligned.without_gold"))
    if run.learned_from("test"):
        learned, all_of_them = count(run.learned_from("test")), count(run.prompts("test"))
        yield Finding("misleads", "bad", say("aligned.learned_prompts", n=learned, of=all_of_them))
    elif not run.test_is_new:
        yield Finding("misleads", "bad", say("aligned.same_prompts"))
    elif run.prompts("test"):
        yield Finding("sure", "good", say("aligned.other_prompts", n=count(run.prompts("test"))))
    if run.prompts("test") < FEW:
        yield Finding("sure", "open", say("aligned.few_prompts", n=count(run.prompts("test"))))
    yield Finding("sure", "open", say("aligned.one_seed"))


RULES = (_gains, _parted, _answers, _next, _known)
"""In the order in which their findings are read."""
