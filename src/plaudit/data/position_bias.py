"""Annotators who always take one side: of the responses they rank, the one that stands first (or last) in the row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import chain

from plaudit.groups import Group

LEVEL = 0.05
"""An annotator is named when chance would do this to any of them with less than this probability."""

_SIDES = {"first": 2, "last": 3}
"""Where an annotator's tally counts each side, behind rankings and the first's chances."""


@dataclass(frozen=True, slots=True)
class AlwaysFirst:
    """An annotator who put the first response on top every time (or the last, where that was asked for).

    Attributes:
        annotator: who.
        rankings: how often: rankings with one response on top.
        p_value: the probability of that, were that side no more likely on top than chance or than other annotators
            have it (one-sided binomial test).
    """

    annotator: str
    rankings: int
    p_value: float


class FirstTally:
    """`AlwaysFirst` over the groups of single rows, before they are merged, in memory of some numbers an annotator.

    In chosen and rejected columns the first always wins by construction; then everyone has it so, and nobody is named
    (unless there is one annotator only).
    """

    def __init__(self) -> None:
        self._said: dict[str, list[float]] = defaultdict(lambda: [0, 0.0, 0, 0])

    def add(self, group: Group) -> None:
        for ranking in group.rankings:
            if ranking.annotator is None or len(ranking.tiers) < 2 or len(ranking.tiers[0]) > 1:
                continue
            named = list(chain.from_iterable(ranking.tiers))
            said = self._said[ranking.annotator]
            said[0] += 1
            said[1] += 1 / len(named)
            said[_SIDES["first"]] += ranking.tiers[0][0] == min(named)
            said[_SIDES["last"]] += ranking.tiers[0][0] == max(named)

    def result(self, side: str = "first") -> list[AlwaysFirst]:
        """Those who always had this side (`first` or `last`) on top, the least likely first."""
        from scipy.stats import binomtest

        rankings, sided = (sum(said[i] for said in self._said.values()) for i in (0, _SIDES[side]))
        found = []
        for annotator, said in self._said.items():
            own, chances, own_sided = said[0], said[1], said[_SIDES[side]]
            if own_sided < own:
                continue
            others = (sided - own_sided) / (rankings - own) if rankings > own else 0.0
            expected = max(chances / own, others)
            p_value = float(binomtest(int(own), int(own), expected, alternative="greater").pvalue)
            if p_value < LEVEL / len(self._said):
                found.append(AlwaysFirst(annotator, int(own), p_value))
        return sorted(found, key=lambda one: one.p_value)
