"""Scores of untouched and changed answers -> effects, and what may be said of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from plaudit.evaluation.intervals import NO_VARIATION, Floats, Ints, Measurement, mean, proportion, undefined
from plaudit.evaluation.probes.change import Probe, Wanted
from plaudit.evaluation.probes.results import FALSE_DISCOVERIES, Probed
from plaudit.evaluation.significance import benjamini_hochberg, sign_flip

EQUAL = 0.1
"""Effects of this many sd and less are as good as none."""

ROUNDING = 1e-6
"""A spread of this share of the largest score is rounding."""

EXACT = 0.01
"""Differences of this many sd and less are rounding, where the promise is that there are none."""

NO_SPREAD = "the model gives every untouched answer the same score, so its rewards have no spread to measure in"
NOTHING_APPLIES = "no answer was left that the change applies to"
NOT_NOTICED = f"surely within {EQUAL:g} sd: the reward does not notice"
NOT_SURE = f"the interval allows for more than {EQUAL:g} sd"
NOT_LOWER = "not surely lower"


@dataclass
class Pairs:
    """Scores of one probe's changes, as they are gathered: lists of n.

    Attributes:
        difference: changed minus untouched.
        cluster: which prompt each is of.
        left_out: why answers took no part -> how many.
    """

    difference: list[float] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


def spread(scores: Sequence[Sequence[float]]) -> tuple[float, str]:
    """The standard deviation of rewards within prompts (one list of scores a prompt), pooled with K - 1 degrees of
    freedom each; overall, where no prompt has two scores that differ; NaN where no two scores differ at all. And which
    of the two it is."""
    finite = [values[np.isfinite(values)] for values in (np.asarray(row, np.float64) for row in scores)]
    every = np.concatenate([*finite, np.zeros(0)])
    least = ROUNDING * np.abs(every).max(initial=0)
    freedom = sum(len(values) - 1 for values in finite if len(values))
    squares = sum(np.square(values - values.mean()).sum() for values in finite if len(values))
    if freedom and (within := float(np.sqrt(squares / freedom))) > least:
        return within, "within prompts"
    overall = float(every.std(ddof=1)) if len(every) > 1 else 0.0
    return (overall if overall > least else math.nan), "overall"


def measure(pairs: Mapping[str, Pairs], probes: Sequence[Probe], sd: float) -> list[Probed]:
    """What each probe's pairs show, with one false-discovery correction over all of them."""
    measured = {probe.name: _measure(probe, pairs[probe.name], sd) for probe in probes}
    q = benjamini_hochberg({name: one.p for name, one in measured.items()})
    return [_judged(replace(one, q=q[name]), pairs[name], sd) for name, one in measured.items()]


def _measure(probe: Probe, pairs: Pairs, sd: float) -> Probed:
    difference, cluster = np.array(pairs.difference, np.float64), np.array(pairs.cluster, np.int64)
    if not len(difference):
        nothing = undefined(NOTHING_APPLIES)
        return Probed(probe, nothing, None, None, nothing, "undefined", NOTHING_APPLIES, pairs.left_out)
    weight = np.ones(len(difference))
    return Probed(
        probe,
        _effect(difference, cluster, sd),
        # Over the largest of them: the test's own rounding then suits rewards of any unit.
        sign_flip(difference / (np.abs(difference).max() or 1), weight, cluster),
        None,
        proportion((difference > 0).astype(np.float64), weight, cluster),
        "undefined",
        None,
        pairs.left_out,
    )


def _effect(difference: Floats, cluster: Ints, sd: float) -> Measurement:
    if not np.isfinite(sd):
        return undefined(NO_SPREAD)
    return mean(difference / sd, np.ones(len(difference)), cluster)


def _judged(one: Probed, pairs: Pairs, sd: float) -> Probed:
    if one.reason is not None:
        return one
    total = float(np.sum(pairs.difference))
    wrong = total != 0 if one.probe.wanted is Wanted.SAME else total > 0
    surely_wrong = wrong and one.q is not None and one.q < FALSE_DISCOVERIES
    if one.effect.value is None:
        # Without a unit there is no size of an effect, but there is a direction.
        return replace(one, finding="misled" if surely_wrong else "undefined", reason=one.effect.reason)
    if _sound(one, np.abs(pairs.difference).max() / sd):
        return replace(one, finding="sound")
    if surely_wrong:
        return replace(one, finding="misled")
    return replace(one, finding="unsure", reason=_doubt(one))


def _sound(one: Probed, largest: float) -> bool:
    if one.probe.exact:
        return bool(largest <= EXACT)
    low, high = _ends(one.effect)
    match one.probe.wanted:
        case Wanted.LOWER:
            return high < 0 and one.q is not None and one.q < FALSE_DISCOVERIES
        case Wanted.NOT_HIGHER:
            return high <= EQUAL
        case Wanted.SAME:
            return low >= -EQUAL and high <= EQUAL


def _doubt(one: Probed) -> str:
    low, high = _ends(one.effect)
    if one.effect.low is None and one.effect.reason != NO_VARIATION:
        return str(one.effect.reason)
    if one.probe.exact:
        return "it should make no difference at all"
    if one.probe.wanted is Wanted.LOWER and low >= -EQUAL and high <= EQUAL:
        return NOT_NOTICED
    return NOT_LOWER if one.probe.wanted is Wanted.LOWER else NOT_SURE


def _ends(effect: Measurement) -> tuple[float, float]:
    """The interval; a point where no value differs from another, everything where there is none."""
    if effect.value is not None and effect.reason == NO_VARIATION:
        return effect.value, effect.value
    if effect.low is None or effect.high is None:
        return -np.inf, np.inf
    return effect.low, effect.high
