"""What people said of responses, as arrays that a loss can read: comparisons, whole rankings, ratings.

Every judgement has a weight and, for each of K heads, a number of copies: 1 for a single head, a Poisson draw for
several, so that each head learns from a bootstrap sample of its own (Oza & Russell 2001).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, Self, cast

import numpy as np

from plaudit.data import Scale
from plaudit.groups import Group
from plaudit.model import Outputs

NOBODY = -1
"""The annotator's number where nobody is named."""


class JudgementTable:
    """Arrays of one length, a row a judgement or a part of one.

    Attributes:
        RESPONSES: the columns that hold response numbers.
        WEIGHTS: the column that holds what was said to count.
    """

    RESPONSES: ClassVar[tuple[str, ...]] = ("response",)
    WEIGHTS: ClassVar[str] = "judgement"

    def __len__(self) -> int:
        return len(getattr(self, self.WEIGHTS))

    @property
    def drawn(self) -> float:
        """The sum of the weights, each as often as the heads drew it on average."""
        return float((cast(Any, self).weight * cast(Any, self).copies.mean(1)).sum())

    def rows(self, keep: np.ndarray | slice) -> Self:
        """Some of the rows, by a mask, by numbers or by a slice."""
        return self._with({name: column[keep] for name, column in self._columns().items()})

    def among(self, keep: Sequence[int]) -> Self:
        """What lies inside a hand, renumbered to positions in `keep` (ascending)."""
        inside = self.rows(np.logical_and.reduce([np.isin(getattr(self, name), keep) for name in self.RESPONSES]))
        return inside._with({name: np.searchsorted(keep, getattr(inside, name)) for name in self.RESPONSES})

    def moved(self, responses: int, rankings: int) -> Self:
        """The same of responses and rankings with higher numbers."""
        by = dict.fromkeys(self.RESPONSES, responses) | {"ranking": rankings}
        return self._with({name: column + by[name] for name, column in self._columns().items() if name in by})

    def at_no_weight(self) -> Self:
        return self._with({self.WEIGHTS: np.zeros_like(getattr(self, self.WEIGHTS))})

    def with_rows_of(self, others: Sequence[Self]) -> Self:
        """The rows of this table and of others, in order."""
        all_of = [table._columns() for table in (self, *others)]
        return self._with({name: np.concatenate([columns[name] for columns in all_of]) for name in all_of[0]})

    def _columns(self) -> dict[str, np.ndarray]:
        values = {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}

    def _with(self, columns: Mapping[str, np.ndarray]) -> Self:
        return cast(Self, replace(cast(Any, self), **columns))


@dataclass(frozen=True, slots=True)
class ComparisonTargets(JudgementTable):
    """The C comparisons that a group's rankings imply.

    Attributes:
        better, worse: `[C]` response numbers; for a tie, the two in either order.
        tie: `[C]` bool.
        strength: `[C]`, 0 where none was given.
        ranking: `[C]`, the number of the ranking each comes from.
        judgement: `[C]`, that ranking's weight.
        annotator: `[C]`, numbers; NOBODY where none is named.
        copies: `[C, K]`.
        shared: whether a ranking's comparisons share its weight.
    """

    RESPONSES = ("better", "worse")

    better: np.ndarray
    worse: np.ndarray
    tie: np.ndarray
    strength: np.ndarray
    ranking: np.ndarray
    judgement: np.ndarray
    annotator: np.ndarray
    copies: np.ndarray
    shared: bool = True

    @classmethod
    def of(
        cls,
        group: Group,
        ties: str = "half",
        *,
        annotators: Mapping[str, int] = {},
        copies: np.ndarray | None = None,
        shared: bool = True,
    ) -> ComparisonTargets:
        """All comparisons of all of a group's rankings; without the ties, if `ties` is `ignore`. `copies` is
        `[rankings, K]`."""
        parts = [_implied(ranking.tiers, ties != "ignore") for ranking in group.rankings]
        better, worse, tie = (np.concatenate(columns) for columns in zip(_NONE, *parts, strict=True))
        number = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
        each = lambda values, kind: np.array(list(values), dtype=kind)[number]  # noqa: E731
        return cls(
            better,
            worse,
            tie,
            each((ranking.strength or 0.0 for ranking in group.rankings), float),
            number,
            each((ranking.weight for ranking in group.rankings), float),
            each((annotators.get(ranking.annotator or "", NOBODY) for ranking in group.rankings), int),
            np.ones((len(number), 1)) if copies is None else copies[number],
            shared,
        )

    @property
    def weight(self) -> np.ndarray:
        """`[C]`: each ranking's weight, shared equally among its comparisons here (Ouyang et al. 2022: all pairs of one
        ranking are one example), or given to each if they are not `shared`."""
        if not self.shared or not len(self):
            return self.judgement
        return self.judgement / np.bincount(self.ranking)[self.ranking]


@dataclass(frozen=True, slots=True)
class RankedPlaces(JudgementTable):
    """The places of responses in a group's rankings, a row a response of a ranking.

    Attributes:
        response: `[N]` numbers.
        tier: `[N]`, 0 the best.
        ranking: `[N]`, the number of the ranking.
        judgement: `[N]`, its weight.
        copies: `[N, K]`.
    """

    response: np.ndarray
    tier: np.ndarray
    ranking: np.ndarray
    judgement: np.ndarray
    copies: np.ndarray

    @classmethod
    def of(cls, group: Group, copies: np.ndarray | None = None, *, ties: bool = True) -> RankedPlaces:
        """All rankings of two responses or more; without those that are one tie alone, unless `ties`."""
        rows = [
            (response, tier, number, ranking.weight)
            for number, ranking in enumerate(group.rankings)
            if ties or len(ranking.tiers) > 1
            for tier, members in enumerate(ranking.tiers)
            for response in members
        ]
        response, tier, number, weight = np.array(rows, dtype=float).reshape(-1, 4).T
        number = number.astype(int)
        every = np.ones((len(number), 1)) if copies is None else copies[number]
        return cls(response.astype(int), tier.astype(int), number, weight, every)._compared()

    def among(self, keep: Sequence[int]) -> RankedPlaces:
        """What lies inside a hand; a ranking of which one response is left compares nothing and is left out."""
        return JudgementTable.among(self, keep)._compared()

    def _compared(self) -> RankedPlaces:
        return self.rows(np.bincount(self.ranking, minlength=1)[self.ranking] > 1) if len(self) else self

    @property
    def weight(self) -> np.ndarray:
        """`[L]`: the weight of each ranking, ascending by number."""
        return self.judgement[self._first]

    @property
    def drawn(self) -> float:
        return float((self.weight * self.copies[self._first].mean(1)).sum())

    @property
    def _first(self) -> np.ndarray:
        """`[L]`: the first row of each ranking, ascending by number."""
        return np.unique(self.ranking, return_index=True)[1]

    def table(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """`[L, M]` response numbers and tiers (0 and -1 where a ranking has fewer than M members; tiers from 0 up) and
        `[L, K]` copies; a row a ranking."""
        _, first, number, sizes = np.unique(self.ranking, return_index=True, return_inverse=True, return_counts=True)
        order = np.lexsort((self.tier, number))
        column = np.arange(len(order)) - np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
        response = np.zeros((len(sizes), sizes.max(initial=0)), dtype=int)
        tier = np.full_like(response, -1)
        response[number[order], column], tier[number[order], column] = self.response[order], self.tier[order]
        # A hand may lack a ranking's first tiers: the best of those present stand at 0, and no tier is skipped.
        steps = np.diff(tier, axis=1, prepend=tier[:, :1]) > 0
        return response, np.where(tier >= 0, steps.cumsum(1), -1), self.copies[first]


@dataclass(frozen=True, slots=True)
class RatingTargets(JudgementTable):
    """A group's ratings.

    Attributes:
        response: `[N]` numbers.
        attribute: `[N]`, numbers of the head's attributes.
        target: `[N]`, the rating in standard deviations of the training ratings from their mean.
        level: `[N]`, its place among the attribute's levels; -1 where it has none.
        weight: `[N]`.
        copies: `[N, K]`.
    """

    WEIGHTS = "weight"

    response: np.ndarray
    attribute: np.ndarray
    target: np.ndarray
    level: np.ndarray
    weight: np.ndarray
    copies: np.ndarray

    @classmethod
    def of(
        cls, group: Group, outputs: Outputs, scales: Mapping[str, Scale], copies: np.ndarray | None = None
    ) -> RatingTargets:
        """Every rating of an attribute that the head has."""
        numbers = {a.name: n for n, a in enumerate(outputs.attributes) if a.readout != "reward"}
        known = [(n, rating) for n, rating in enumerate(group.ratings) if rating.attribute in numbers]
        rows = []
        for _, rating in known:
            attribute = outputs.attributes[numbers[rating.attribute]]
            unit = scales[rating.attribute].unit(rating)
            nearest = int(np.argmin(np.abs(np.array(attribute.unit_levels) - unit))) if attribute.levels else -1
            standard = (unit - attribute.centre) / attribute.spread
            rows.append((rating.response, numbers[rating.attribute], standard, nearest, rating.weight))
        every = np.ones((len(rows), 1)) if copies is None else copies[[n for n, _ in known]]
        response, place, target, level, weight = np.array(rows, dtype=float).reshape(-1, 5).T
        return cls(response.astype(int), place.astype(int), target, level.astype(int), weight, every)


_NONE = (np.zeros(0, int), np.zeros(0, int), np.zeros(0, bool))


def _implied(tiers: Sequence[Sequence[int]], ties: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The comparisons of one ranking, `Ranking.comparisons` for many responses at once."""
    members = np.array([response for tier in tiers for response in tier], dtype=int)
    place = np.repeat(np.arange(len(tiers)), [len(tier) for tier in tiers])
    first, second = np.triu_indices(len(members), 1)
    tie = place[first] == place[second]
    keep = slice(None) if ties else ~tie
    return members[first][keep], members[second][keep], tie[keep]
