"""A way to choose and what it gives: gold and its own reward against n, the fitted law, and how far gold falls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.evaluation.best_of_n.decline import fall
from plaudit.evaluation.best_of_n.divergence import best_of_n_kl, points
from plaudit.evaluation.best_of_n.expected import expected_best
from plaudit.evaluation.best_of_n.fitting import CurveFit, fit_curve, no_fit
from plaudit.evaluation.best_of_n.pools import standardised
from plaudit.statistics import Floats, Ints, Measurement, by_cluster, mean, of_sums, pooled_sd, ratio, undefined

NO_CHOICE = "no prompt has two candidates with a gold value"
SAME_GOLD = "gold values every candidate of a prompt the same"
SAME_REWARD = "every candidate of a prompt has the same reward, so the choice is random"
NO_IDEAL = "gold's own best gains nothing"

_ROUNDING = 1e-12
"""Gains below this, in standard deviations, are sums that are zero in exact arithmetic."""


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What every choice is measured on.

    Attributes:
        n: [points], ascending from 1.
        gold: one array a prompt, standardised.
        cluster: [prompts].
        ideal: [prompts], what gold's own best gains at the largest n.
    """

    n: tuple[int, ...]
    gold: Sequence[Floats]
    cluster: Ints
    ideal: Floats

    @classmethod
    def of(cls, gold: Sequence[Floats], cluster: Ints, most: int) -> Ground:
        """From gold as it was given, one array a prompt."""
        units, n = standardised(gold), points(most)
        return cls(n, units, cluster, gains(units, units, n)[:, -1] if len(units) else np.zeros(0))

    @property
    def distance(self) -> Floats:
        """[points], sqrt(KL)."""
        return np.sqrt(best_of_n_kl(np.array(self.n)))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One way to choose, measured at every n.

    Attributes:
        name: of the proxy or the combination.
        kind: "proxy", "ensemble", "length" or "ideal".
        gold: one a point, what the choice is worth above a random one, in standard deviations of gold within prompts.
        reward: the same in its own reward's eyes.
        fit: the fitted law of `gold`.
        highest_at: the n at which gold is highest.
        fall: how far gold at the largest n lies below its maximum, from 0 up.
        of_ideal: gold at the largest n as a share of what choosing by gold itself gains.
        lead: for an ensemble, gold at the largest n minus its members' average there; else None.
        gains: [prompts, points], each prompt's part in `gold`.
    """

    name: str
    kind: str
    gold: tuple[Measurement, ...]
    reward: tuple[Measurement, ...]
    fit: CurveFit
    highest_at: int | None
    fall: Measurement
    of_ideal: Measurement
    lead: Measurement | None
    gains: Floats

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "gold": [point.to_json() for point in self.gold],
            "reward": [point.to_json() for point in self.reward],
            "fit": self.fit.to_json(),
            "highest_at": self.highest_at,
            "fall": self.fall.to_json(),
            "of_ideal": self.of_ideal.to_json(),
            **({} if self.lead is None else {"lead": self.lead.to_json()}),
        }


def curve(name: str, kind: str, rewards: Sequence[Floats], ground: Ground, members: Sequence[Curve] = ()) -> Curve:
    """Measure the choice by `rewards`, one array a prompt; `members` are the curves of what an ensemble combines."""
    of_gold = gains(rewards, ground.gold, ground.n)
    if reason := _nothing_to_see(rewards, ground):
        nothing, nowhere = undefined(reason), tuple(undefined(reason) for _ in ground.n)
        lead = nothing if members else None
        return Curve(
            name=name,
            kind=kind,
            gold=nowhere,
            reward=nowhere,
            fit=no_fit(reason),
            highest_at=None,
            fall=nothing,
            of_ideal=nothing,
            lead=lead,
            gains=of_gold,
        )
    in_own_eyes = gains(rewards, standardised(rewards), ground.n)
    cluster, lead = ground.cluster, None
    if members:
        apart = of_gold[:, -1] - np.mean([member.gains[:, -1] for member in members], axis=0)
        lead = mean(_exact_zeros(apart), np.ones(len(apart)), cluster)
    return Curve(
        name=name,
        kind=kind,
        gold=_points(of_gold, cluster),
        reward=_points(in_own_eyes, cluster),
        fit=fit_curve(ground.distance, of_gold, cluster),
        highest_at=ground.n[int(np.argmax(of_gold.mean(axis=0)))],
        fall=fall(of_gold, cluster),
        of_ideal=_share(of_gold[:, -1], ground.ideal, cluster),
        lead=lead,
        gains=of_gold,
    )


def _nothing_to_see(rewards: Sequence[Floats], ground: Ground) -> str | None:
    """Why a choice cannot be measured; None if it can."""
    if not ground.gold:
        return NO_CHOICE
    if not pooled_sd(ground.gold) > 0:
        return SAME_GOLD
    return None if pooled_sd(rewards) > 0 else SAME_REWARD


def gains(rewards: Sequence[Floats], values: Sequence[Floats], n: Sequence[int]) -> Floats:
    """[prompts, n], what the best of n by `rewards` is worth in `values` whose mean is 0, one array a prompt."""
    found = [expected_best(own, value, n) for own, value in zip(rewards, values, strict=True)]
    return _exact_zeros(np.array(found).reshape(len(found), len(n)))


def _exact_zeros(values: Floats) -> Floats:
    return np.where(np.abs(values) < _ROUNDING, 0.0, values)


def _points(by_prompt: Floats, cluster: Ints) -> tuple[Measurement, ...]:
    """The means over prompts. At n = 1 the choice is random, and what it gains is 0 by the unit's definition."""
    prompts = len(by_prompt)
    later = (mean(column, np.ones(prompts), cluster) for column in by_prompt.T[1:])
    return (Measurement(0.0, 0.0, 0.0, prompts), *later)


def _share(own: Floats, ideal: Floats, cluster: Ints) -> Measurement:
    """A ratio of two sums over prompts; the ideal's is what no choice exceeds."""
    parts, wholes = by_cluster(own, cluster), by_cluster(ideal, cluster)
    if not wholes.sum() > 0:
        return undefined(NO_IDEAL)
    sizes = by_cluster(np.ones(len(own)), cluster)
    return of_sums(ratio, (parts, wholes), sizes, len(own), bounds=(-np.inf, 1.0))
