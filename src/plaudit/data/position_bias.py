"""Position bias: annotators who always rank the response first that stands first (or last) in the row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal

from plaudit.groups import Group

LEVEL = 0.05
"""An annotator is named when chance would do this to any of them with less than this probability."""

Position = Literal["first", "last"]


@dataclass(frozen=True, slots=True)
class AlwaysFirst:
    """An annotator who ranked the response in one position of the row first, every time.

    Attributes:
        annotator: the annotator's name.
        rankings: rankings of theirs with one response on top.
        p_value: the probability of that, were the position no more likely on top than by chance or than with other
            annotators (one-sided binomial test).

    Example:
        >>> from plaudit import Group, Ranking
        >>> positions = PositionTally()
        >>> for n in range(6):
        ...     positions.add(Group(str(n), "Why?", ("a", "b"), (Ranking(((0,), (1,)), annotator="ann"),)))
        >>> positions.one_sided()
        [AlwaysFirst(annotator='ann', rankings=6, p_value=0.015625)]
    """

    annotator: str
    rankings: int
    p_value: float


@dataclass(slots=True)
class _Counts:
    """What one annotator did.

    Attributes:
        rankings: rankings with one response on top.
        expected: how many of these would have a given position on top by chance: the sum of 1 / responses ranked.
        on_top: position -> how many had it on top.
    """

    rankings: int = 0
    expected: float = 0.0
    on_top: dict[Position, int] = field(default_factory=lambda: {"first": 0, "last": 0})


class PositionTally:
    """Counts, over the groups of single rows (before they are merged), which position each annotator ranks first.

    In chosen and rejected columns the first always wins by construction; then it does with everyone, and nobody is
    named (unless there is one annotator only). Memory: a few numbers an annotator.
    """

    def __init__(self) -> None:
        self._counts: dict[str, _Counts] = defaultdict(_Counts)

    def add(self, group: Group) -> None:
        """Count the rankings of one row."""
        for ranking in group.rankings:
            if ranking.annotator is None or len(ranking.tiers) < 2 or len(ranking.tiers[0]) > 1:
                continue
            responses = list(chain.from_iterable(ranking.tiers))
            [best] = ranking.tiers[0]
            counts = self._counts[ranking.annotator]
            counts.rankings += 1
            counts.expected += 1 / len(responses)
            counts.on_top["first"] += best == min(responses)
            counts.on_top["last"] += best == max(responses)

    def one_sided(self, position: Position = "first") -> list[AlwaysFirst]:
        """Annotators who had this position on top every time, beyond chance; the least likely first."""
        from scipy.stats import binomtest

        rankings = sum(counts.rankings for counts in self._counts.values())
        on_top = sum(counts.on_top[position] for counts in self._counts.values())
        result = []
        for annotator, counts in self._counts.items():
            if counts.on_top[position] < counts.rankings:
                continue
            by_others = (on_top - counts.rankings) / (rankings - counts.rankings) if rankings > counts.rankings else 0.0
            rate = max(counts.expected / counts.rankings, by_others)
            test = binomtest(counts.rankings, counts.rankings, rate, alternative="greater")
            # Bonferroni: with many annotators one of them looks one-sided by chance.
            if test.pvalue < LEVEL / len(self._counts):
                result.append(AlwaysFirst(annotator, counts.rankings, float(test.pvalue)))
        return sorted(result, key=lambda annotator: annotator.p_value)
