"""Best of n: how much of what a proxy reward promises is true, and from which n on choosing harder does harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.errors import InvalidInputError
from plaudit.evaluation.best_of_n.curves import Curve, Ground, curve
from plaudit.evaluation.best_of_n.divergence import best_of_n_kl
from plaudit.evaluation.best_of_n.ensembles import PENALTY, combine
from plaudit.evaluation.best_of_n.pools import Pools, gather_pools, standardised
from plaudit.groups import Group, each_group
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import LEVEL, Floats, pooled_sd

LENGTH = "the longer answer"
IDEAL = "gold itself"


@dataclass(frozen=True, slots=True, eq=False)
class BestOfN:
    """What choosing the best of n gives.

    Attributes:
        n: of the points of every curve, from 1 (a random answer) to the largest.
        curves: each proxy's; with several, each combination's; the longer answer's; and gold's own, the ideal.
        gold_sd: gold's standard deviation within prompts, in its own units: the unit of every curve's `gold`.
        gold_mean: gold's mean over the candidates of a prompt, averaged over prompts: what 0 stands for.
        counts: what took part, and what could not.
        clusters: what intervals are clustered by, "prompt" or a meta field.
    """

    n: tuple[int, ...]
    curves: Sequence[Curve]
    gold_sd: float | None
    gold_mean: float | None
    counts: Mapping[str, int]
    clusters: str

    @property
    def most(self) -> int:
        """The largest n."""
        return self.n[-1]

    def to_json(self) -> dict[str, Any]:
        kl = [float(best_of_n_kl(n)) for n in self.n]
        return {
            "n": list(self.n),
            "kl": kl,
            "distance": [float(np.sqrt(own)) for own in kl],
            "curves": [own.to_json() for own in self.curves],
            "gold": {"sd": self.gold_sd, "mean": self.gold_mean},
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
        }


def best_of(
    groups: Sequence[Group],
    proxies: Mapping[str, GroupScores],
    gold: GroupScores,
    *,
    penalty: float = PENALTY,
    most: int | None = None,
    clusters: str | None = None,
    counts: Mapping[str, int] | None = None,
) -> BestOfN:
    """Measure choosing the best of n candidates by a proxy reward, in the eyes of a gold reward.

    Args:
        groups: prompts and their candidates: independent samples of one policy, if the curve is to speak of it.
        proxies: name -> its scores, in any form that `plaudit.evaluation.evaluate` takes. Several are also combined
            (`combine`).
        gold: the scores taken for the truth; NaN for a candidate without one, which takes no part.
        penalty: lambda of the ensemble that subtracts variance, 0 or more.
        most: the largest n; by default what every prompt with a choice has (see `gather`).
        clusters: as in `plaudit.evaluation.flatten`.
        counts: more to report beside the counts made here.

    Raises:
        InvalidInputError: if there is no proxy, the penalty is negative, scores do not fit the groups, a proxy has no
            score for a candidate that gold values, or no prompt has `most` candidates.
        TypeError: if `groups` are not groups, or proxies have no names.
    """
    groups = list(each_group(groups))
    if isinstance(proxies, str) or not isinstance(proxies, Mapping):
        raise TypeError(f"proxies are named: {{'NAME': scores}}; not {type(proxies).__name__}")
    if not proxies:
        raise InvalidInputError("there is no proxy to choose by", remedy="give one or more")
    if not 0 <= penalty < np.inf:
        raise InvalidInputError(f"lambda is {penalty:g}", remedy="it must be a number of 0 or more")
    rows = {name: ScoredGroups.matching(groups, scores).per_group() for name, scores in proxies.items()}
    pools = gather_pools(groups, rows, ScoredGroups.matching(groups, gold).per_group(), most, clusters)
    raw_gold = [pool.gold for pool in pools.prompts]
    ground = Ground.of(raw_gold, np.array([pool.cluster for pool in pools.prompts], dtype=np.int64), pools.most)
    rewards = {name: standardised(own) for name, own in zip(proxies, _by_proxy(pools, len(proxies)), strict=True)}
    singles = [curve(name, "proxy", own, ground) for name, own in rewards.items()]
    lengths = [pool.length for pool in pools.prompts]
    return BestOfN(
        n=ground.n,
        curves=[
            *singles,
            *_ensembles(list(rewards.values()), penalty, ground, singles),
            curve(LENGTH, "length", lengths, ground),
            curve(IDEAL, "ideal", ground.gold, ground),
        ],
        gold_sd=pooled_sd(raw_gold) if raw_gold else None,
        gold_mean=float(np.mean([own.mean() for own in raw_gold])) if raw_gold else None,
        counts={**pools.counts, **(counts or {})},
        clusters=clusters or "prompt",
    )


def _by_proxy(pools: Pools, proxies: int) -> list[list[Floats]]:
    """For each proxy its rewards, one array a prompt."""
    return [[pool.proxies[number] for pool in pools.prompts] for number in range(proxies)]


def _ensembles(
    members: Sequence[Sequence[Floats]], penalty: float, ground: Ground, singles: Sequence[Curve]
) -> list[Curve]:
    if len(members) < 2:
        return []
    by_prompt = [combine(np.array(own), penalty) for own in zip(*members, strict=True)]
    names = list(by_prompt[0]) if by_prompt else []
    return [curve(name, "ensemble", [own[name] for own in by_prompt], ground, singles) for name in names]
