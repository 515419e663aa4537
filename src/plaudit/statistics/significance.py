"""How often chance alone would put two models this far apart: p-values for paired comparisons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import binomtest, false_discovery_control

from plaudit.statistics.arrays import Floats, Ints
from plaudit.statistics.intervals import by_cluster, relative

MOST_EXACT = 14
"""Clusters up to which every one of the 2^clusters sign patterns is tried."""

ROUNDS = 9_999
"""Random sign patterns where there are more clusters. The least p-value is then 1 / (rounds + 1)."""

_AT_ONCE = 2**20
"""Numbers drawn at once, so that a million clusters do not fill the memory."""


def sign_flip(difference: Floats, weight: Floats, cluster: Ints, seed: int = 0) -> float | None:
    """Two-sided p-value of the weighted mean of paired differences: a sign-flip permutation test over clusters.

    If which model is called A made no difference, each cluster's sum could as well have had the other sign. Clusters
    are flipped whole, because comparisons in one are alike. Exact up to `MOST_EXACT` clusters that differ at all;
    beyond, the observed pattern counts as one of the random ones, so p is never 0 and never too small on average
    (Phipson & Smyth, Stat. Appl. Genet. Mol. Biol. 9, 2010).

    Args:
        difference: [n], one model's figure minus the other's on the same comparison.
        weight: [n], each > 0.
        cluster: [n].
        seed: of the random patterns.

    Returns:
        None if there is nothing to test; 1 if the models never differ.

    Example:
        >>> sign_flip(np.array([1.0, 1.0, 1.0]), np.ones(3), np.arange(3))  # 2 of 8 patterns of signs are as far out
        0.25
    """
    if not len(difference):
        return None
    totals = by_cluster(difference * relative(weight), cluster)
    # Equal totals are exchangeable, so only how many of them are positive is drawn.
    sizes, counts = np.unique(np.round(np.abs(totals[totals != 0]), 12), return_counts=True)
    if not len(sizes):
        return 1.0
    # Sums of the same numbers in another order differ by rounding and must count as equal.
    observed = abs(totals.sum()) - 1e-9 * sizes.max()
    if counts.sum() <= MOST_EXACT:
        differing = np.repeat(sizes, counts)
        # Every pattern of signs is the binary digits of a number.
        signs = 1 - 2 * (np.arange(2 ** len(differing))[:, None] >> np.arange(len(differing)) & 1)
        return float((np.abs(signs @ differing) >= observed).mean())
    numbers, step = np.random.default_rng(seed), max(1, _AT_ONCE // len(sizes))
    as_far = 0
    for start in range(0, ROUNDS, step):
        positive = numbers.binomial(counts, 0.5, (min(step, ROUNDS - start), len(counts)))
        as_far += int((np.abs((2 * positive - counts) @ sizes) >= observed).sum())
    return (1 + as_far) / (1 + ROUNDS)


@dataclass(frozen=True, slots=True)
class McNemar:
    """Who is right on each decided comparison, and McNemar's exact test on those where one model only is.

    Every comparison counts once, whatever its weight, and as if it were independent of all others.

    Attributes:
        both: comparisons both models get right.
        only_a: those A alone gets right.
        only_b: those B alone gets right.
        neither: those both get wrong.
        equal_scores: those where a model scores the two responses the same, which are in none of the four.
        p: two-sided; None where no comparison is right for one model only.

    Example:
        >>> McNemar(both=70, only_a=12, only_b=3, neither=15, equal_scores=0, p=0.035).to_json()["only_a"]
        12
    """

    both: int
    only_a: int
    only_b: int
    neither: int
    equal_scores: int
    p: float | None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def mcnemar(gap_a: Floats, gap_b: Floats) -> McNemar:
    """McNemar's exact test (Psychometrika 12, 1947) from two models' gaps [n] on the same decided comparisons.

    Example:
        >>> test = mcnemar(gap_a=np.array([0.5, 2.0, 1.0, -1.0]), gap_b=np.array([0.1, -2.0, -1.0, -3.0]))
        >>> test.both, test.only_a, test.only_b, test.neither, round(test.p, 3)  # two heads of two coins, or two tails
        (1, 2, 0, 1, 0.5)
    """
    preferred = (gap_a != 0) & (gap_b != 0)
    a, b = gap_a[preferred] > 0, gap_b[preferred] > 0
    both, only_a, only_b, neither = (int(which.sum()) for which in (a & b, a & ~b, ~a & b, ~a & ~b))
    discordant = only_a + only_b
    p = float(binomtest(only_a, discordant).pvalue) if discordant else None
    return McNemar(both=both, only_a=only_a, only_b=only_b, neither=neither, equal_scores=int((~preferred).sum()), p=p)


def benjamini_hochberg(p: Mapping[str, float | None]) -> dict[str, float | None]:
    """p-values of one family -> the least false discovery rate at which each would be called a difference (Benjamini &
    Hochberg, J. R. Stat. Soc. B 57, 1995). Those that are None are no part of the family.

    Example:
        >>> benjamini_hochberg({"safety": 0.01, "chat": 0.5, "code": None})
        {'safety': 0.02, 'chat': 0.5, 'code': None}
    """
    tested = {name: value for name, value in p.items() if value is not None}
    adjusted = false_discovery_control(list(tested.values())) if tested else ()
    return dict.fromkeys(p) | dict(zip(tested, map(float, adjusted), strict=True))
