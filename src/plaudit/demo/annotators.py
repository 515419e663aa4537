"""Simulated annotators, with a noise whose probabilities are known exactly.

To an annotator, an answer has the utility `quality / temperature + g`, where g is Gumbel noise drawn anew for each
task. Sorting by utility then gives Plackett-Luce orders (Plackett, 1975), whose pairs follow Bradley-Terry. In a pair,
two utilities closer than `tie` are a tie, which is Rao and Kupper's model (1967) with threshold `tie`. In a share
`lapse` of the tasks an annotator pays no attention, and quality counts for nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, permutations
from random import Random

from plaudit.groups import Ranking


@dataclass(frozen=True, slots=True)
class Annotator:
    """One simulated annotator.

    Attributes:
        name: as on rankings.
        temperature: in units of quality.
        tie: threshold in units of utility (log odds).
        lapse: share of tasks without attention.
    """

    name: str
    temperature: float
    tie: float
    lapse: float


ANNOTATORS = (
    Annotator("ana", 0.6, 0.4, 0.00),
    Annotator("bo", 0.7, 0.2, 0.02),
    Annotator("chen", 0.8, 0.5, 0.00),
    Annotator("dara", 0.9, 0.3, 0.02),
    Annotator("emil", 1.0, 0.6, 0.05),
    Annotator("fang", 1.1, 0.4, 0.00),
    Annotator("gus", 1.2, 0.2, 0.05),
    Annotator("hana", 1.4, 0.5, 0.05),
    Annotator("ivo", 1.2, 0.3, 0.35),
    Annotator("jun", 1.6, 0.8, 0.40),
)
BY_NAME = {annotator.name: annotator for annotator in ANNOTATORS}


def judge(annotator: Annotator, quality: Sequence[float], shown: Sequence[int], task: str, random: Random) -> Ranking:
    """A ranking of the responses `shown` by an annotator.

    Args:
        annotator: who judges.
        quality: of every response of the group.
        shown: indices of the responses to judge.
        task: "pair", "order" (a full order) or "best_worst".
        random: source of all draws.
    """
    attention = 0.0 if random.random() < annotator.lapse else 1.0 / annotator.temperature
    # Minus the logarithm of an exponential variable is a Gumbel variable.
    utility = {i: quality[i] * attention - math.log(random.expovariate(1.0)) for i in shown}
    order = sorted(shown, key=lambda i: -utility[i])
    return Ranking(_tiers(order, utility, annotator.tie, task), annotator=annotator.name)


def _tiers(order: list[int], utility: dict[int, float], tie: float, task: str) -> tuple[tuple[int, ...], ...]:
    if task == "pair":
        a, b = order
        return ((a, b),) if utility[a] - utility[b] < tie else ((a,), (b,))
    if task == "best_worst":
        return ((order[0],), tuple(sorted(order[1:-1])), (order[-1],))
    return tuple((i,) for i in order)


def expected_agreement(ranking: Ranking, quality: Sequence[float]) -> tuple[float, float]:
    """How often the truth is expected to agree with a ranking of these responses by this annotator.

    Returns:
        `(agreeing, decided)`: the expected numbers of comparisons in which the annotator ranks the truly better
        response higher, and in which the annotator ranks at all. Where quality is equal the truth gets half credit.
    """
    annotator = BY_NAME[ranking.annotator or ""]
    shown = [i for tier in ranking.tiers for i in tier]
    best_worst = len(ranking.tiers) == 3 and len(shown) == 4
    above = _above_best_worst if best_worst else _above
    attentive = above([quality[i] / annotator.temperature for i in shown], annotator.tie)
    inattentive = above([0.0] * len(shown), annotator.tie)
    agreeing = decided = 0.0
    for a, b in combinations(range(len(shown)), 2):
        a_first, b_first = (
            (1 - annotator.lapse) * attentive[pair] + annotator.lapse * inattentive[pair] for pair in ((a, b), (b, a))
        )
        gap = quality[shown[a]] - quality[shown[b]]
        decided += a_first + b_first
        agreeing += a_first if gap > 0 else b_first if gap < 0 else (a_first + b_first) / 2
    return agreeing, decided


def _above(utility: list[float], tie: float) -> dict[tuple[int, int], float]:
    """P(i is ranked above j): Rao-Kupper for a pair, Bradley-Terry inside a full order."""
    threshold = tie if len(utility) == 2 else 0.0
    return {
        (i, j): 1 / (1 + math.exp(utility[j] - utility[i] + threshold)) for i, j in permutations(range(len(utility)), 2)
    }


def _above_best_worst(utility: list[float], tie: float) -> dict[tuple[int, int], float]:
    """P(i is ranked above j, and not tied with it in the middle): the sum of Plackett-Luce over every order."""
    above = dict.fromkeys(permutations(range(len(utility)), 2), 0.0)
    for order in permutations(range(len(utility))):
        weights = [math.exp(utility[i]) for i in order]
        chance = math.prod(weight / sum(weights[rank:]) for rank, weight in enumerate(weights))
        for (p, i), (q, j) in combinations(enumerate(order), 2):
            if p == 0 or q == len(order) - 1:
                above[i, j] += chance
    return above
