"""All that a run's losses read of a group, and how it is read from the group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import overload

import numpy as np
from jaxtyping import Float

from plaudit.data import Scale
from plaudit.groups import Group
from plaudit.losses import RankingLoss
from plaudit.model import Outputs
from plaudit.training.targets import ComparisonTargets, RankingTargets, RatingTargets


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTargets:
    """All that a loss reads of a group, or of a hand.

    Attributes:
        comparisons: always; what a loss of comparisons learns from, and what accuracy is counted on.
        rankings: what a loss of whole rankings learns from; None for a loss of comparisons.
        ratings: what a loss of ratings learns from.
        rating_weight: what one rating counts beside one ranking.
    """

    comparisons: ComparisonTargets
    rankings: RankingTargets | None
    ratings: RatingTargets
    rating_weight: float = 1.0

    def subset(self, responses: Sequence[int]) -> GroupTargets:
        """What was judged inside a hand, renumbered to positions in it (`responses` ascend)."""
        return replace(
            self,
            comparisons=self.comparisons.subset(responses),
            rankings=None if self.rankings is None else self.rankings.subset(responses),
            ratings=self.ratings.subset(responses),
        )

    def shifted(self, responses: int, rankings: int) -> GroupTargets:
        """The same judgements with the numbers of responses and rankings raised."""
        return replace(
            self,
            comparisons=self.comparisons.shifted(responses, rankings),
            rankings=None if self.rankings is None else self.rankings.shifted(responses, rankings),
            ratings=self.ratings.shifted(responses, rankings),
        )

    def with_zero_weight(self) -> GroupTargets:
        return replace(
            self,
            comparisons=self.comparisons.with_zero_weight(),
            rankings=None if self.rankings is None else self.rankings.with_zero_weight(),
            ratings=self.ratings.with_zero_weight(),
        )

    @property
    def total_weight(self) -> float:
        """Of all judgements learned from, each as often as the heads count it on average."""
        rankings = self.comparisons if self.rankings is None else self.rankings
        return rankings.total_weight + self.rating_weight * self.ratings.total_weight

    def __len__(self) -> int:
        """Judgements learned from: 0 if there is nothing to learn."""
        return len(self.comparisons if self.rankings is None else self.rankings) + len(self.ratings)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReader:
    """Reads groups as the chosen losses need them.

    Attributes:
        loss: of rankings.
        ties: how a loss of comparisons reads them.
        outputs: of the head.
        scales: of the rated attributes.
        rating_weight: see GroupTargets.
        annotators: name -> number, of those whose reliability is modelled.
        seed: of the bootstrap samples of several heads.
    """

    loss: RankingLoss
    ties: str
    outputs: Outputs
    scales: Mapping[str, Scale]
    rating_weight: float = 1.0
    annotators: Mapping[str, int] | None = None
    seed: int = 0

    def __call__(self, group: Group, number: int | None = None) -> GroupTargets:
        """The targets of a group.

        Args:
            group: any.
            number: its place among the training groups, which decides its bootstrap samples; None: every head counts
                every judgement once.
        """
        of_rankings = self._bootstrap_counts(len(group.rankings), number, 0)
        of_ratings = self._bootstrap_counts(len(group.ratings), number, 1)
        return GroupTargets(
            comparisons=ComparisonTargets.of(
                group,
                self.ties,
                annotators=self.annotators or {},
                bootstrap_counts=of_rankings,
                share_weight=self.loss.share_weight,
            ),
            rankings=(
                RankingTargets.of(group, of_rankings, ties=self.loss.reads_lone_ties)
                if self.loss.unit == "rankings"
                else None
            ),
            ratings=RatingTargets.of(group, self.outputs, self.scales, of_ratings),
            rating_weight=self.rating_weight,
        )

    def _bootstrap_counts(
        self, judgements: int, number: int | None, kind: int
    ) -> Float[np.ndarray, "judgements heads"] | None:
        heads = self.outputs.heads
        if heads == 1:
            return None
        if number is None:
            return np.ones((judgements, heads))
        return np.random.default_rng((self.seed, number, kind)).poisson(1.0, (judgements, heads)).astype(float)


def read_targets(groups: Sequence[Group], reader: TargetReader, *, numbered: bool) -> Sequence[GroupTargets]:
    """The targets of groups: of a list all at once, of what stays on disk each when it is asked for.

    Args:
        groups: any.
        reader: of their targets.
        numbered: whether they are the training groups, whose places decide their bootstrap samples.
    """
    if not isinstance(groups, list):
        return _TargetsOnDemand(groups, reader, numbered)
    return [reader(group, number if numbered else None) for number, group in enumerate(groups)]


class _TargetsOnDemand(Sequence[GroupTargets]):
    def __init__(self, groups: Sequence[Group], reader: TargetReader, numbered: bool) -> None:
        self._groups, self._reader, self._numbered = groups, reader, numbered

    def __len__(self) -> int:
        return len(self._groups)

    @overload
    def __getitem__(self, index: int) -> GroupTargets: ...
    @overload
    def __getitem__(self, index: slice) -> list[GroupTargets]: ...
    def __getitem__(self, index: int | slice) -> GroupTargets | list[GroupTargets]:
        if isinstance(index, slice):
            return [self[one] for one in range(len(self))[index]]
        return self._reader(self._groups[index], range(len(self))[index] if self._numbered else None)


def concatenate_targets(targets: Sequence[GroupTargets], sizes: Sequence[int]) -> GroupTargets:
    """The targets of several groups as those of one, whose responses are all of theirs in order.

    Args:
        targets: of each group; their rankings stay different rankings.
        sizes: how many responses each has.
    """
    responses = np.cumsum([0, *sizes]).tolist()
    rankings = np.cumsum([0, *(_count_rankings(one) for one in targets)]).tolist()
    first, *rest = (one.shifted(r, k) for one, r, k in zip(targets, responses, rankings, strict=False))
    return replace(
        first,
        comparisons=first.comparisons.followed_by([one.comparisons for one in rest]),
        rankings=None
        if first.rankings is None
        else first.rankings.followed_by([one.rankings for one in rest if one.rankings is not None]),
        ratings=first.ratings.followed_by([one.ratings for one in rest]),
    )


def _count_rankings(targets: GroupTargets) -> int:
    """One more than the highest number of a ranking."""
    columns = [targets.comparisons.ranking, *([] if targets.rankings is None else [targets.rankings.ranking])]
    return 1 + max(int(column.max(initial=-1)) for column in columns)
