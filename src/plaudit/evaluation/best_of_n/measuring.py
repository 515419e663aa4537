"""Best of n measured: how much of a proxy's promise is true, and from which n on choosing harder does harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.evaluation.best_of_n.curves import Curve, GoldPools, curve
from plaudit.evaluation.best_of_n.estimators import PENALTY, best_of_n_kl, combine
from plaudit.evaluation.best_of_n.pools import gather_pools, standardised
from plaudit.groups import Group, each_group
from plaudit.scoring import GroupScores, ScoredGroups
from plaudit.statistics import LEVEL, pooled_sd

LENGTH = "the longer answer"
IDEAL = "gold itself"


@dataclass(frozen=True, slots=True, eq=False)
class BestOfN:
    """The curves of choosing the best of n.

    Attributes:
        n: the n of every curve's points, from 1 (a random answer) to the largest.
        curves: of each proxy; of each combination, if there is more than one proxy; of length; and of gold, the ideal.
        gold_sd: gold's standard deviation within prompts, in gold's units: the unit of every curve's `gold`.
        gold_mean: gold's mean over the candidates of a prompt, averaged over prompts: what 0 stands for.
        counts: what took part, and what could not.
        clusters: what intervals are clustered by, "prompt" or a meta field.

    Example:
        >>> from plaudit.groups import Group
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> result = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold=[[1.0, 0.0, 0.0]] * 8)
        >>> result.n, [curve.name for curve in result.curves]
        ((1, 2, 3), ['my-model', 'the longer answer', 'gold itself'])
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
            "distance": [float(np.sqrt(divergence)) for divergence in kl],
            "curves": [curve.to_json() for curve in self.curves],
            "gold": {"sd": self.gold_sd, "mean": self.gold_mean},
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
        }


@checked
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
    """Measure choosing the best of n candidates by a proxy reward, measured by a gold reward.

    Args:
        groups: prompts and their candidates: independent samples of one policy, if the curve is to speak of it.
        proxies: name -> its scores, in any form that `plaudit.evaluation.evaluate` takes. With more than one, their
            combinations are measured too (`combine`).
        gold: the scores taken as the truth; NaN for a candidate without one, which takes no part.
        penalty: lambda of the ensemble that subtracts variance, 0 or more.
        most: the largest n; by default what every prompt with a choice has (see `gather_pools`).
        clusters: as in `plaudit.evaluation.flatten`.
        counts: further counts to report.

    Raises:
        InvalidInputError: if there is no proxy, the penalty is negative, scores do not fit the groups, a proxy has no
            score for a candidate that gold values, or no prompt has `most` candidates.
        TypeError: if `groups` are not groups, or proxies have no names.

    Example:
        >>> from plaudit.groups import Group
        >>> groups = [Group(f"q{i}", f"{i} + 1?", (f"{i + 1}", "No.", "Perhaps.")) for i in range(8)]
        >>> result = best_of(groups, {"my-model": [[2.0, 1.0, 0.0]] * 8}, gold=[[1.0, 0.0, 0.0]] * 8)
        >>> [f"{point.value:.2f}" for point in result.curves[0].reward]  # of the best of 1, 2 and 3
        ['0.00', '0.67', '1.00']
    """
    groups = list(each_group(groups))
    _check_proxies(proxies, penalty)
    rows = {name: ScoredGroups.matching(groups, scores).per_group() for name, scores in proxies.items()}
    pools = gather_pools(groups, rows, ScoredGroups.matching(groups, gold).per_group(), most, clusters)
    raw_gold = [pool.gold for pool in pools.prompts]
    gold_pools = GoldPools.of(raw_gold, np.array([pool.cluster for pool in pools.prompts], dtype=np.int64), pools.most)
    rewards = {
        name: standardised([pool.proxies[number] for pool in pools.prompts]) for number, name in enumerate(proxies)
    }
    singles = [curve(name, "proxy", by_prompt, gold_pools) for name, by_prompt in rewards.items()]
    lengths = [pool.length for pool in pools.prompts]
    return BestOfN(
        n=gold_pools.n,
        curves=[
            *singles,
            *_ensembles(list(rewards.values()), penalty, gold_pools, singles),
            curve(LENGTH, "length", lengths, gold_pools),
            curve(IDEAL, "ideal", gold_pools.gold, gold_pools),
        ],
        gold_sd=pooled_sd(raw_gold) if raw_gold else None,
        gold_mean=float(np.mean([values.mean() for values in raw_gold])) if raw_gold else None,
        counts={**pools.counts, **(counts or {})},
        clusters=clusters or "prompt",
    )


def _check_proxies(proxies: Mapping[str, GroupScores], penalty: float) -> None:
    if not proxies:
        raise InvalidInputError("there is no proxy to choose by", remedy="give one or more")
    if not 0 <= penalty < np.inf:
        raise InvalidInputError(f"lambda is {penalty:g}", remedy="it must be a number of 0 or more")


def _ensembles(
    members: Sequence[Sequence[Float64[np.ndarray, " _"]]],
    penalty: float,
    gold_pools: GoldPools,
    singles: Sequence[Curve],
) -> list[Curve]:
    if len(members) < 2:
        return []
    combinations = [combine(np.array(rewards), penalty) for rewards in zip(*members, strict=True)]
    names = list(combinations[0]) if combinations else []
    return [
        curve(name, "ensemble", [combined[name] for combined in combinations], gold_pools, singles) for name in names
    ]
