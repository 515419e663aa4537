"""The rule most suites share: every right answer must score above every wrong one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import comb, nan

from plaudit.evaluation.suites.suite import Outcome, Rule, Scores
from plaudit.groups import Group


def above(right: Sequence[float], wrong: Sequence[float]) -> tuple[bool, float, float]:
    """Whether every right answer scores above every wrong one.

    Returns:
        By strict inequality; its probability when equal scores are ordered at random; and its probability when all are.
    """
    least, most = min(right), max(wrong)
    a, b = sum(score == most for score in right), sum(score == most for score in wrong)
    shared = 1 / comb(a + b, a) if least == most else float(least > most)
    return least > most, shared, 1 / comb(len(right) + len(wrong), len(right))


def separated(parts_of: Callable[[Group], Iterable[str]], share_ties: bool = False) -> Rule:
    """The rule for items with one ranking: its first tier above its second. A tie people saw says nothing.

    Args:
        parts_of: the parts an item counts in.
        share_ties: give equal scores the share a coin would, instead of nothing.
    """

    def rule(groups: Sequence[Group], scores: Scores) -> Iterator[tuple[int, Outcome]]:
        for item, (group, row) in enumerate(zip(groups, scores, strict=True)):
            for ranking in group.rankings:
                if len(ranking.tiers) == 2:
                    right, wrong = ([row[i] for i in tier] for tier in ranking.tiers)
                    strict, shared, chance = above(right, wrong)
                    value = shared if share_ties else float(strict)
                    for part in parts_of(group):
                        yield item, Outcome(part, value, shared, chance)

    return rule


def by_subset(group: Group) -> Iterator[str]:
    """The item's subset as the only part it counts in."""
    yield group.subset or ""


NO_CHANCE = nan
"""What random scores get where that depends on how they are distributed."""
