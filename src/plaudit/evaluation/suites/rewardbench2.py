"""RewardBench 2 (Malik et al., arXiv 2506.01937): best of four, and a subset of prompts with many right answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf, tanh
from typing import Any

from plaudit.data import need, prompt_of, response_of
from plaudit.evaluation.suites.rules import NO_CHANCE, above, by_subset, separated
from plaudit.evaluation.suites.suite import (
    Outcome,
    Place,
    Scores,
    Shape,
    Suite,
    SuiteFigure,
    average,
    each,
    register_suite,
)
from plaudit.groups import Group, GroupError, Ranking

BEST_OF_FOUR = ("Factuality", "Precise IF", "Math", "Safety", "Focus")
TIES = "Ties"
TIES_SHARES = {
    "Ties: accuracy, several right answers": 0.3,
    "Ties: accuracy, one right answer": 0.3,
    "Ties: gap wider than spread": 0.2,
    "Ties: also the gap of one right answer": 0.2,
    "Ties: how much wider": 0.01,
}
"""The parts of the Ties score. The last is in [-1, 1], the others in [0, 1]."""

_TIED, _REF, _CLOSER, _CLOSER_ON_BOTH, _MARGIN = TIES_SHARES


def read(row: dict[str, Any], place: Place) -> Group:
    """The right answers, then the wrong ones. `ref:7` and `tied:7` of Ties are a pair, so they are one cluster."""
    right, wrong = ([response_of(text, side) for text in _list(row, side)] for side in ("chosen", "rejected"))
    name, subset = str(need(row, "id")), str(need(row, "subset"))
    kind, _, number = name.partition(":")
    if subset == TIES and (kind not in ("ref", "tied") or not number):
        raise GroupError(f"the id of a Ties row is {name!r}", remedy="it must be ref:NUMBER or tied:NUMBER")
    order = Ranking((tuple(range(len(right))), tuple(range(len(right), len(right) + len(wrong)))))
    return Group(
        id=name,
        prompt=prompt_of(row) or "",
        responses=(*right, *wrong),
        rankings=(order,),
        subset=subset,
        meta={"kind": kind, "cluster": f"Ties {number}"} if subset == TIES else {},
    )


def _list(row: dict[str, Any], side: str) -> list[Any]:
    value = need(row, side)
    if not isinstance(value, list) or not value:
        raise GroupError(f'"{side}" must be a list of one answer or more')
    return value


_best_of_four = separated(by_subset, share_ties=True)


def rule(groups: Sequence[Group], scores: Scores) -> Iterator[tuple[int, Outcome]]:
    """Best of four: 1/k for a right answer that shares the first place with k - 1 others. Ties: see `_ties`."""
    ties = {item for item, group in enumerate(groups) if group.subset == TIES}
    yield from ((item, outcome) for item, outcome in _best_of_four(groups, scores) if item not in ties)
    yield from _ties(groups, scores, ties)


def _ties(groups: Sequence[Group], scores: Scores, ties: set[int]) -> Iterator[tuple[int, Outcome]]:
    """Is every right answer above every wrong one, on the prompt with one right answer (ref) and the one with many
    (tied)? And is the gap between right and wrong wider than the spread among the right ones: on the tied prompt, on
    both, and by how much?"""
    gaps: dict[tuple[str, str], float] = {}
    spreads: dict[str, tuple[int, float]] = {}
    for item in sorted(ties):
        group = groups[item]
        right, wrong = ([scores[item][i] for i in tier] for tier in group.rankings[0].tiers)
        kind, pair = group.meta["kind"], group.meta["cluster"]
        gaps[kind, pair] = min(right) - max(wrong)
        strict, shared, chance = above(right, wrong)
        yield item, Outcome(_REF if kind == "ref" else _TIED, float(strict), shared, chance)
        if kind == "tied":
            spreads[pair] = item, max(right) - min(right)
    for pair, (item, spread) in spreads.items():
        if ("ref", pair) in gaps:
            both = min(gaps["ref", pair], gaps["tied", pair])
            for part, value in (
                (_CLOSER, float(gaps["tied", pair] > spread)),
                (_CLOSER_ON_BOTH, float(both > spread)),
                (_MARGIN, _by_how_much(both, spread)),
            ):
                yield item, Outcome(part, value, value, NO_CHANCE)


def _by_how_much(gap: float, spread: float) -> float:
    """tanh(gap / spread - 1), in the limit where the right answers' scores are equal, and 0 where the gap is 0 too."""
    if spread:
        return tanh(gap / spread - 1)
    return tanh(gap * inf) if gap else 0.0


def figures(present: Sequence[str]) -> Iterator[SuiteFigure]:
    """The mean of the subsets, each subset, and the parts of Ties."""
    subsets = list(each((part for part in present if part not in TIES_SHARES), 1))
    if set(TIES_SHARES) <= set(present):
        subsets.append(SuiteFigure(TIES, TIES_SHARES, 1, bounds=(-0.01, 1.01)))
    known = [figure for figure in subsets if figure.name in (*BEST_OF_FOUR, TIES)]
    yield from average("score", known)
    yield from subsets
    yield from (
        SuiteFigure(part, {part: 1.0}, bounds=(-1.0, 1.0) if part == _MARGIN else (0.0, 1.0))
        for part in TIES_SHARES
        if part in present
    )


register_suite(
    Suite(
        name="rewardbench2",
        title="RewardBench 2 (arXiv 2506.01937)",
        shapes=(Shape(("id", "prompt", "chosen", "rejected", "subset"), read),),
        rule=rule,
        figures=figures,
        subsets=(*BEST_OF_FOUR, TIES),
    )
)
