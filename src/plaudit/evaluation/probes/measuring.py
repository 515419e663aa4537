"""Effects of probes, from the scores of untouched and changed answers, and the findings they allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.evaluation.probes.change import Probe, Wanted
from plaudit.evaluation.probes.results import FALSE_DISCOVERIES, FEWEST, Probed
from plaudit.statistics import (
    NO_VARIATION,
    Measurement,
    benjamini_hochberg,
    mean,
    pooled_sd,
    proportion,
    sign_flip,
    undefined,
)

EQUAL = 0.1
"""Effects of this many sd and less are as good as none."""

ROUNDING = 1e-6
"""A spread of this share of the largest score is rounding."""

EXACT = 0.01
"""Differences of this many sd and less are rounding, where the promise is that there are none."""

NO_SPREAD = "the model gives every untouched answer the same score, so its rewards have no spread to measure in"
ONE_SCORE = "fewer than two untouched answers have a score, so there is no spread of rewards to measure in"
TOO_FEW = f"from fewer than {FEWEST} clusters, which are too few to call it sound or misled"
NOTHING_APPLIES = "no answer was left that the change applies to"
NOT_NOTICED = f"surely within {EQUAL:g} sd: the reward does not notice"
NOT_SURE = f"the interval allows for more than {EQUAL:g} sd"
NOT_LOWER = "not surely lower"
NOT_EXACT = "it should make no difference at all"


@dataclass
class Pairs:
    """Differences of scores that one probe made; lists of n.

    Attributes:
        difference: changed minus untouched.
        cluster: the cluster of each.
        left_out: why answers took no part -> how many.
    """

    difference: list[float] = field(default_factory=list)
    cluster: list[int] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)

    def leave_out(self, why: str) -> None:
        self.left_out[why] = self.left_out.get(why, 0) + 1


class Unit(NamedTuple):
    """The unit of effects.

    Attributes:
        sd: a standard deviation of the model's own rewards; NaN where they have none.
        of: of which rewards, "within prompts" or "overall"; where it is NaN, why.
    """

    sd: float
    of: str


def spread(scores: Sequence[Sequence[float]]) -> Unit:
    """The standard deviation of rewards within prompts (one list of scores a prompt), pooled with K - 1 degrees of
    freedom each; overall, where no prompt has two scores that differ."""
    finite = [values[np.isfinite(values)] for values in (np.asarray(row, np.float64) for row in scores)]
    every = np.concatenate([*finite, np.zeros(0)])
    if len(every) < 2:
        return Unit(math.nan, ONE_SCORE)
    least = ROUNDING * np.abs(every).max()
    if (within := pooled_sd([values for values in finite if len(values)])) > least:
        return Unit(within, "within prompts")
    overall = float(every.std(ddof=1))
    return Unit(overall, "overall") if overall > least else Unit(math.nan, NO_SPREAD)


def measure(pairs: Mapping[str, Pairs], probes: Sequence[Probe], unit: Unit) -> list[Probed]:
    """What each probe's pairs show, with one false-discovery correction over all of them."""
    p = {probe.name: _p(pairs[probe.name]) for probe in probes}
    q = benjamini_hochberg(p)
    return [_probed(probe, pairs[probe.name], unit, p[probe.name], q[probe.name]) for probe in probes]


def _p(pairs: Pairs) -> float | None:
    difference = np.array(pairs.difference, np.float64)
    # Over the largest of them: the test's own rounding then suits rewards of any unit.
    largest = np.abs(difference).max(initial=0) or 1.0
    return sign_flip(difference / largest, np.ones(len(difference)), np.array(pairs.cluster, np.int64))


def _probed(probe: Probe, pairs: Pairs, unit: Unit, p: float | None, q: float | None) -> Probed:
    difference, cluster = np.array(pairs.difference, np.float64), np.array(pairs.cluster, np.int64)
    effect = _effect(difference, cluster, unit)
    risen = (difference > 0).astype(np.float64)
    raised = proportion(risen, np.ones(len(risen)), cluster) if len(risen) else undefined(NOTHING_APPLIES)
    total = difference.sum()
    wrong = total != 0 if probe.wanted is Wanted.SAME else total > 0
    surely = q is not None and q < FALSE_DISCOVERIES
    # Without a unit there is no size of an effect, but there is a direction.
    if effect.value is None:
        finding, reason = "misled" if wrong and surely else "undefined", effect.reason
    elif len(np.unique(cluster)) < FEWEST:
        finding, reason = "unsure", TOO_FEW
    elif _sound(probe, effect, surely, float(np.abs(difference).max()) / unit.sd):
        finding, reason = "sound", None
    elif wrong and surely and (probe.exact or not _negligible(effect)):
        finding, reason = "misled", None
    else:
        finding, reason = "unsure", _doubt(probe, effect)
    return Probed(
        probe=probe, effect=effect, p=p, q=q, raised=raised, finding=finding, reason=reason, left_out=pairs.left_out
    )


def _effect(difference: Float64[np.ndarray, " pairs"], cluster: Int64[np.ndarray, " pairs"], unit: Unit) -> Measurement:
    if not len(difference):
        return undefined(NOTHING_APPLIES)
    if not math.isfinite(unit.sd):
        return undefined(unit.of)
    return mean(difference / unit.sd, np.ones(len(difference)), cluster)


def _sound(probe: Probe, effect: Measurement, surely: bool, largest: float) -> bool:
    """Whether the reward surely does what a person wants: `surely` by the test, and by the interval."""
    if probe.exact:
        return largest <= EXACT
    high = _ends(effect)[1]
    match probe.wanted:
        case Wanted.LOWER:
            return surely and high < 0 and not _negligible(effect)
        case Wanted.NOT_HIGHER:
            return high <= EQUAL
        case Wanted.SAME:
            return _negligible(effect)


def _doubt(probe: Probe, effect: Measurement) -> str:
    """What keeps a finding from being sound or misled."""
    if not math.isfinite(_ends(effect)[0]):
        return str(effect.reason)
    if probe.exact:
        return NOT_EXACT
    if probe.wanted is not Wanted.LOWER:
        return NOT_SURE
    return NOT_NOTICED if _negligible(effect) else NOT_LOWER


def _negligible(effect: Measurement) -> bool:
    """Whether the effect is surely negligible: a test of equivalence, by the interval."""
    low, high = _ends(effect)
    return low >= -EQUAL and high <= EQUAL


def _ends(effect: Measurement) -> tuple[float, float]:
    """The interval; a point where no value differs from another, everything where there is none."""
    if effect.value is not None and effect.reason == NO_VARIATION:
        return effect.value, effect.value
    if effect.low is None or effect.high is None:
        return -np.inf, np.inf
    return effect.low, effect.high
