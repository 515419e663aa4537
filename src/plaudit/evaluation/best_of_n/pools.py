"""Candidates to choose among: for each prompt the score of each by every proxy and by gold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text
from plaudit.judgements import check_shapes, cluster_ids
from plaudit.statistics import centred, pooled_sd
from plaudit.text import counted

Scores = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """The candidates of one prompt that have a gold value.

    Attributes:
        cluster: prompts that may be alike share one.
        gold: [K].
        proxies: [P, K].
        length: [K], characters.
    """

    cluster: int
    gold: Float64[np.ndarray, " candidates"]
    proxies: Float64[np.ndarray, "proxies candidates"]
    length: Float64[np.ndarray, " candidates"]

    def __len__(self) -> int:
        return len(self.gold)


@dataclass(frozen=True, slots=True, eq=False)
class Pools:
    """The prompts whose candidates a curve is made of.

    Attributes:
        prompts: those with `most` candidates or more; the same ones at every point of a curve.
        most: the largest n that is measured.
        counts: what takes part, and what does not.
    """

    prompts: Sequence[Pool]
    most: int
    counts: Mapping[str, int]


def gather_pools(
    groups: Sequence[Group], proxies: Mapping[str, Scores], gold: Scores, most: int | None, clusters: str | None
) -> Pools:
    """The prompts that can be measured up to n = `most`.

    A curve never changes its prompts along the way. So by default `most` is the least number of candidates among the
    prompts that have two or more; a larger one leaves out prompts that have fewer, and they are counted.

    Args:
        groups: prompts and candidates.
        proxies: name -> one list a group, one score a response.
        gold: the same; NaN for a candidate it does not value, which is left out.
        most: the largest n.
        clusters: as in `plaudit.evaluation.flatten`.

    Raises:
        PlauditError: if scores do not fit the groups, a proxy has none for a candidate that gold values, or no prompt
            has `most` candidates.
    """
    for scores in (*proxies.values(), gold):
        check_shapes(groups, scores)
    numbers = cluster_ids(groups, clusters)
    pools = [_pool(group, g, numbers[g], proxies, gold[g]) for g, group in enumerate(groups)]
    sizes = [len(pool) for pool in pools if len(pool) > 1]
    reached = most or min(sizes, default=1)
    if reached > max(sizes, default=1):
        raise InvalidInputError(
            f"no prompt has {counted(reached, 'candidates')} with a gold value",
            remedy=f"the most is {max(map(len, pools))}",
        )
    used = [pool for pool in pools if len(pool) >= max(reached, 2)]
    return Pools(
        prompts=used,
        most=reached,
        counts={
            "groups": len(groups),
            "prompts": len(used),
            "candidates": sum(map(len, used)),
            "most_candidates": max(map(len, pools), default=0),
            "clusters": len({pool.cluster for pool in used}),
            "candidates_without_gold": sum(len(group.responses) for group in groups) - sum(map(len, pools)),
            "prompts_without_choice": len(pools) - len(sizes),
            "prompts_with_fewer_candidates": len(sizes) - len(used),
        },
    )


def _pool(group: Group, g: int, cluster: int, proxies: Mapping[str, Scores], gold: Sequence[float]) -> Pool:
    kept = [i for i, value in enumerate(gold) if math.isfinite(value)]
    for name, scores in proxies.items():
        if broken := [i for i in kept if not math.isfinite(scores[g][i])]:
            value = scores[g][broken[0]]
            raise InvalidInputError(
                f"{name}: the score of response {broken[0]} of group {group.id!r} is "
                f"{'missing' if math.isnan(value) else value}, so nobody knows whether it would be picked",
                remedy="score these groups again, or take the group out of the data",
            )
    return Pool(
        cluster=cluster,
        gold=np.array([gold[i] for i in kept], dtype=np.float64),
        proxies=np.array([[scores[g][i] for i in kept] for scores in proxies.values()], dtype=np.float64),
        length=np.array([len(plain_text(group.responses[i])) for i in kept], dtype=np.float64),
    )


def standardised(values: Sequence[Float64[np.ndarray, " _"]]) -> list[Float64[np.ndarray, " _"]]:
    """Each prompt's values about their mean, in units of `pooled_sd`; zeros where nothing varies."""
    unit = pooled_sd(values)
    return [centred(row) / unit if unit > 0 else np.zeros_like(row) for row in values]
