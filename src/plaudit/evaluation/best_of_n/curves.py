"""Best-of-n curves: gold and the proxy's reward against n, the fitted law, and the decline of gold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64

from plaudit.evaluation.best_of_n.estimators import best_of_n_kl, curve_points, decline, expected_best
from plaudit.evaluation.best_of_n.fitting import CurveFit, fit_curve, no_fit
from plaudit.evaluation.best_of_n.pools import standardised
from plaudit.statistics import Measurement, by_cluster, mean, of_sums, pooled_sd, ratio, undefined

NO_CHOICE = "no prompt has two candidates with a gold value"
SAME_GOLD = "gold values every candidate of a prompt the same"
SAME_REWARD = "every candidate of a prompt has the same reward, so the choice is random"
NO_IDEAL = "gold's own best gains nothing"

_ROUNDING = 1e-12
"""Gains below this, in standard deviations, are sums that are zero in exact arithmetic."""


@dataclass(frozen=True, slots=True, eq=False)
class GoldPools:
    """The gold values of the candidates, on which every choice is measured.

    Attributes:
        n: [points], ascending from 1.
        gold: one array a prompt, standardised.
        cluster: [prompts].
        ideal: [prompts], what gold's own best gains at the largest n.
    """

    n: tuple[int, ...]
    gold: Sequence[Float64[np.ndarray, " _"]]
    cluster: Int64[np.ndarray, " prompts"]
    ideal: Float64[np.ndarray, " prompts"]

    @classmethod
    def of(
        cls, gold: Sequence[Float64[np.ndarray, " _"]], cluster: Int64[np.ndarray, " prompts"], most: int
    ) -> GoldPools:
        """From raw gold values, one array a prompt."""
        units, n = standardised(gold), curve_points(most)
        return cls(n, units, cluster, gains(units, units, n)[:, -1] if len(units) else np.zeros(0))

    @property
    def distance(self) -> Float64[np.ndarray, " points"]:
        """[points], sqrt(KL)."""
        return np.asarray(np.sqrt(best_of_n_kl(np.array(self.n))))


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """One way to choose, measured at every n.

    Attributes:
        name: of the proxy or the combination.
        kind: "proxy", "ensemble", "length" or "ideal".
        gold: one a point, what the choice is worth above a random one, in standard deviations of gold within prompts.
        reward: the same, by the reward that chooses.
        fit: the fitted law of `gold`.
        highest_at: the n at which gold is highest.
        fall: how far gold at the largest n lies below its maximum, from 0 up.
        of_ideal: gold at the largest n as a share of what choosing by gold gains.
        lead: for an ensemble, gold at the largest n minus its members' average there; else None.
        gains: [prompts, points], each prompt's part in `gold`.

    Example:
        >>> from plaudit import Group, best_of
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> gold = [[1.0, 0.0, 0.0]] * 7 + [[0.0, 1.0, 0.0]]
        >>> curve = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold).curves[0]
        >>> curve.name, curve.highest_at, f"{curve.of_ideal.value:.0%} of what choosing by gold gains"
        ('my-model', 3, '81% of what choosing by gold gains')
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
    gains: Float64[np.ndarray, "prompts points"]

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


def curve(
    name: str,
    kind: str,
    rewards: Sequence[Float64[np.ndarray, " _"]],
    gold_pools: GoldPools,
    members: Sequence[Curve] = (),
) -> Curve:
    """Measure the choice by `rewards`, one array a prompt; `members` are the curves of what an ensemble combines."""
    of_gold = gains(rewards, gold_pools.gold, gold_pools.n)
    if reason := _immeasurable(rewards, gold_pools):
        nothing, nowhere = undefined(reason), tuple(undefined(reason) for _ in gold_pools.n)
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
    by_reward = gains(rewards, standardised(rewards), gold_pools.n)
    cluster, lead = gold_pools.cluster, None
    if members:
        ahead = of_gold[:, -1] - np.mean([member.gains[:, -1] for member in members], axis=0)
        lead = mean(_exact_zeros(ahead), np.ones(len(ahead)), cluster)
    return Curve(
        name=name,
        kind=kind,
        gold=_points(of_gold, cluster),
        reward=_points(by_reward, cluster),
        fit=fit_curve(gold_pools.distance, of_gold, cluster),
        highest_at=gold_pools.n[int(np.argmax(of_gold.mean(axis=0)))],
        fall=decline(of_gold, cluster),
        of_ideal=_share(of_gold[:, -1], gold_pools.ideal, cluster),
        lead=lead,
        gains=of_gold,
    )


def _immeasurable(rewards: Sequence[Float64[np.ndarray, " _"]], gold_pools: GoldPools) -> str | None:
    """Why a choice cannot be measured; None if it can."""
    if not gold_pools.gold:
        return NO_CHOICE
    if not pooled_sd(gold_pools.gold) > 0:
        return SAME_GOLD
    return None if pooled_sd(rewards) > 0 else SAME_REWARD


def gains(
    rewards: Sequence[Float64[np.ndarray, " _"]], values: Sequence[Float64[np.ndarray, " _"]], n: Sequence[int]
) -> Float64[np.ndarray, "prompts points"]:
    """[prompts, n], what the best of n by `rewards` is worth in `values` whose mean is 0, one array a prompt."""
    by_prompt = [expected_best(reward, value, n) for reward, value in zip(rewards, values, strict=True)]
    return _exact_zeros(np.array(by_prompt).reshape(len(by_prompt), len(n)))


def _exact_zeros(values: Float64[np.ndarray, "*gains"]) -> Float64[np.ndarray, "*gains"]:
    return np.where(np.abs(values) < _ROUNDING, 0.0, values)


def _points(
    by_prompt: Float64[np.ndarray, "prompts points"], cluster: Int64[np.ndarray, " prompts"]
) -> tuple[Measurement, ...]:
    """The means over prompts. At n = 1 the choice is random, and what it gains is 0 by the unit's definition."""
    prompts = len(by_prompt)
    later = (mean(column, np.ones(prompts), cluster) for column in by_prompt.T[1:])
    return (Measurement(0.0, 0.0, 0.0, prompts), *later)


def _share(
    gain: Float64[np.ndarray, " prompts"],
    ideal: Float64[np.ndarray, " prompts"],
    cluster: Int64[np.ndarray, " prompts"],
) -> Measurement:
    """A ratio of two sums over prompts, at most 1, since no choice gains more than the ideal."""
    parts, wholes = by_cluster(gain, cluster), by_cluster(ideal, cluster)
    if not wholes.sum() > 0:
        return undefined(NO_IDEAL)
    sizes = by_cluster(np.ones(len(gain)), cluster)
    return of_sums(ratio, (parts, wholes), sizes, len(gain), bounds=(-np.inf, 1.0))
