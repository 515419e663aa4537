"""When a run has to stop, and which of its policies is kept.

A reward that is optimised rises whether answers get better or not. What can be known depends on who is asked: gold, a
second model or a known truth, shows a fall as such; without it there are only signs that the policy has left what the
reward model was trained on, or has lost its variety.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.alignment.evaluating import PolicyEvaluation, mean_over_prompts
from plaudit.alignment.settings import AlignmentSettings
from plaudit.evaluation import decline

KL_BUDGET, GOLD_FELL, GOLD_FLAT, COLLAPSED, UNSURE, NARROWED = (
    "kl budget",
    "gold fell",
    "gold flat",
    "collapsed",
    "unsure reward",
    "narrowed",
)

_MOST_REPEATED = 2.5
_LEAST_REPEATED = 0.01
_NARROW = {"entropy": 0.65, "distinct": 0.8}
"""Signs that a policy says less and less in more and more of its answers: shares of what the untrained one had, and for
repeated n-grams so many times as many. Each alone comes too late or too early in some run; two of them together came in
time in all ten that were measured, and that they were chosen on (docs/alignment.md)."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a run should not go on.

    Attributes:
        step: at which it was noticed.
        reason: one of this module's names.
        says: the sentence for people, with its figures.
        needs_gold: whether it could only be noticed by gold.
    """

    step: int
    reason: str
    says: str
    needs_gold: bool

    def to_json(self) -> dict[str, Any]:
        return {"step": self.step, "reason": self.reason, "says": self.says, "needs_gold": self.needs_gold}


def find_alarm(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> Alarm | None:
    """Whether the latest evaluation says that the run should stop.

    Args:
        evaluations: on the validation set, the untrained policy's first.
        settings: of the run.
    """
    if len(evaluations) < 2:
        return None
    alarms = (
        _over_budget(evaluations, settings),
        _collapse(evaluations, settings),
        _gold_fell(evaluations),
        _gold_flat(evaluations, settings),
        _unsure(evaluations),
        _narrowed(evaluations, settings),
    )
    return next((alarm for alarm in alarms if alarm is not None), None)


def best_evaluation(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> int:
    """The place of the evaluation whose policy is kept: the best by gold; without gold, the last before an alarm."""
    gold = [evaluation.value("gold") for evaluation in evaluations]
    if all(value is not None for value in gold):
        return int(np.argmax([value for value in gold if value is not None]))
    for count in range(2, len(evaluations) + 1):
        if find_alarm(evaluations[:count], settings) is not None:
            return count - 2
    return len(evaluations) - 1


def _over_budget(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> Alarm | None:
    latest, kl = evaluations[-1], evaluations[-1].value("kl")
    if settings.kl_budget is None or kl is None or kl <= settings.kl_budget:
        return None
    says = f"an answer's KL from the untrained policy is {kl:.1f} nats, above the budget of {settings.kl_budget:g}"
    return Alarm(latest.step, KL_BUDGET, says, needs_gold=False)


def _collapse(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> Alarm | None:
    """Answers that repeat each other, do not end, or are no longer drawn from anything."""
    first, latest = evaluations[0], evaluations[-1]
    floors = (
        ("distinct", settings.least_distinct, "share of distinct answers"),
        ("ended", settings.least_ended, "share of answers that end"),
        ("entropy", settings.least_entropy, "entropy of a token"),
    )
    for name, floor, words in floors:
        before, now = first.value(name), latest.value(name)
        if before is not None and now is not None and now < floor * before:
            says = f"the {words} has fallen from {before:.2f} to {now:.2f}, below {floor:g} of what it was"
            return Alarm(latest.step, COLLAPSED, says, needs_gold=False)
    return None


def _gold_fell(evaluations: Sequence[PolicyEvaluation]) -> Alarm | None:
    """Gold lies below its best by more than the choice of the best explains: the band of `plaudit best-of`."""
    latest = evaluations[-1]
    if "gold" not in latest.by_prompt:
        return None
    by_prompt = np.column_stack([evaluation.by_prompt["gold"] for evaluation in evaluations])
    fall = decline(by_prompt, np.arange(len(by_prompt)))
    if fall.value is None or fall.low is None or not fall.low > 0:
        return None
    says = f"gold has fallen by {fall.value:.2f} [{fall.low:.2f}, {fall.high:.2f}] from its best"
    return Alarm(latest.step, GOLD_FELL, says, needs_gold=True)


def _gold_flat(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> Alarm | None:
    """The reward has risen for as many evaluations as patience lasts, and gold is where its best was before."""
    patience, latest = settings.patience, evaluations[-1]
    if "gold" not in latest.by_prompt or len(evaluations) <= patience + 1:
        return None
    before, lately = evaluations[:-patience], evaluations[-patience:]
    best = max(evaluation.value("gold") or 0.0 for evaluation in before)
    if any((evaluation.value("gold") or 0.0) > best for evaluation in lately):
        return None
    risen = mean_over_prompts(latest.by_prompt["reward"] - before[-1].by_prompt["reward"])
    if not risen.above(0):
        return None
    says = (
        f"in {patience} evaluations the reward has risen by {risen.value:.2f} standard deviations, and gold has not "
        "come back to its best"
    )
    return Alarm(latest.step, GOLD_FLAT, says, needs_gold=True)


def _unsure(evaluations: Sequence[PolicyEvaluation]) -> Alarm | None:
    """The reward's members or heads disagree about the answers as they did about few of the untrained policy's."""
    first, latest = evaluations[0], evaluations[-1]
    now = latest.value("spread")
    if now is None or "spread" not in first.by_prompt:
        return None
    usual = float(np.quantile(first.by_prompt["spread"], 0.99))
    if now <= usual:
        return None
    says = f"the reward's spread is {now:.2f} on average, above the {usual:.2f} of all but 1% of prompts at the start"
    return Alarm(latest.step, UNSURE, says, needs_gold=False)


def _narrowed(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> Alarm | None:
    """Where nobody knows gold: several signs at once that answers become alike."""
    first, latest = evaluations[0], evaluations[-1]
    if "gold" in latest.by_prompt or not settings.narrowing_signs:
        return None
    signs = []
    for name, share in _NARROW.items():
        before, now = first.value(name), latest.value(name)
        if before and now is not None and now < share * before:
            signs.append(f"{name} from {before:.2f} to {now:.2f}")
    before, now = first.value("repeated"), latest.value("repeated")
    if before is not None and now is not None and now > _MOST_REPEATED * max(before, _LEAST_REPEATED):
        signs.append(f"repeated n-grams from {before:.0%} to {now:.0%}")
    if len(signs) < settings.narrowing_signs:
        return None
    says = f"answers become alike ({', '.join(signs)}), and without gold nobody sees whether they still get better"
    return Alarm(latest.step, NARROWED, says, needs_gold=False)
