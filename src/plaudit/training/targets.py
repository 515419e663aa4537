"""Judgements as a loss reads them: comparisons, whole rankings and ratings, as arrays.

The pairs themselves are those of `judgements.pairs_of`. Every judgement here has a weight and, for each of K heads, a
number of times that head counts it: once for a single head, a Poisson draw for several, so that each head learns from
a bootstrap sample of its own (Oza & Russell 2001, "Online Bagging and Boosting").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import ClassVar, Self

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from plaudit.data import Scale
from plaudit.groups import Group
from plaudit.judgements import NOBODY, pairs_of
from plaudit.model import Outputs

Floats = Float[np.ndarray, " rows"]
Ints = Int[np.ndarray, " rows"]
Bools = Bool[np.ndarray, " rows"]
Counts = Float[np.ndarray, "rows heads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementTable:
    """Arrays of one length, a row for a judgement or a part of one.

    Attributes:
        judgement_weight: the weight of the judgement that a row comes from.
        bootstrap_counts: how often each head counts that judgement.
    """

    judgement_weight: Floats
    bootstrap_counts: Counts

    RESPONSE_COLUMNS: ClassVar[tuple[str, ...]] = ("response",)

    def __len__(self) -> int:
        return len(self.judgement_weight)

    @property
    def weight(self) -> Floats:
        """What each judgement counts in a loss."""
        return self.judgement_weight

    @property
    def total_weight(self) -> float:
        """The sum of the weights, each as often as the heads count it on average."""
        return float((self.weight * self.bootstrap_counts.mean(1)).sum())

    def rows(self, keep: Bool[np.ndarray, " rows"] | Int[np.ndarray, " kept"] | slice) -> Self:
        """Some of the rows, by a mask, by numbers or by a slice."""
        return replace(self, **{name: column[keep] for name, column in self._columns().items()})

    def subset(self, responses: Sequence[int]) -> Self:
        """What was judged among some responses (ascending), renumbered to their positions."""
        inside = self.rows(
            np.logical_and.reduce([np.isin(getattr(self, name), responses) for name in self.RESPONSE_COLUMNS])
        )
        places = {name: np.searchsorted(responses, getattr(inside, name)) for name in self.RESPONSE_COLUMNS}
        return replace(inside, **places)

    def shifted(self, responses: int, rankings: int) -> Self:
        """The same judgements with the numbers of responses and rankings raised."""
        by = dict.fromkeys(self.RESPONSE_COLUMNS, responses) | {"ranking": rankings}
        return replace(self, **{name: column + by[name] for name, column in self._columns().items() if name in by})

    def with_zero_weight(self) -> Self:
        return replace(self, judgement_weight=np.zeros_like(self.judgement_weight))

    def followed_by(self, others: Sequence[Self]) -> Self:
        """The rows of this table and of others, in order."""
        tables = [table._columns() for table in (self, *others)]
        return replace(self, **{name: np.concatenate([columns[name] for columns in tables]) for name in tables[0]})

    def _columns(self) -> dict[str, Shaped[np.ndarray, "rows ..."]]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonTargets(JudgementTable):
    """The comparisons that a group's rankings imply, one a row.

    Attributes:
        better, worse: response numbers; for a tie, the two in either order.
        tie: whether people judged the two equal.
        strength: how far apart the annotator put them; 0 where that is not known.
        ranking: the number of the ranking each comes from.
        annotator: numbers; `NOBODY` where none is named.
        share_weight: whether a ranking's comparisons share its weight.
    """

    RESPONSE_COLUMNS: ClassVar[tuple[str, ...]] = ("better", "worse")

    better: Ints
    worse: Ints
    tie: Bools
    strength: Floats
    ranking: Ints
    annotator: Ints
    share_weight: bool = True

    @classmethod
    def of(
        cls,
        group: Group,
        ties: str = "half",
        *,
        annotators: Mapping[str, int] = {},
        bootstrap_counts: Float[np.ndarray, "rankings heads"] | None = None,
        share_weight: bool = True,
    ) -> ComparisonTargets:
        """All comparisons of all of a group's rankings; without the ties, if `ties` is `ignore`.

        Example:
            >>> from plaudit.groups import Ranking
            >>> targets = ComparisonTargets.of(Group("a", "?", ("x", "y", "z"), (Ranking(((2,), (0,), (1,))),)))
            >>> targets.better.tolist(), targets.worse.tolist(), targets.weight.round(2).tolist()
            ([2, 2, 0], [0, 1, 1], [0.33, 0.33, 0.33])
        """
        rankings = group.rankings
        pairs = pairs_of(rankings)
        keep = ~pairs.tie if ties == "ignore" else slice(None)
        ranking = pairs.ranking[keep]
        strength = np.array([one.strength or 0.0 for one in rankings], dtype=float)
        weight = np.array([one.weight for one in rankings], dtype=float)
        annotator = np.array([annotators.get(one.annotator or "", NOBODY) for one in rankings], dtype=int)
        return cls(
            better=pairs.better[keep],
            worse=pairs.worse[keep],
            tie=pairs.tie[keep],
            strength=strength[ranking],
            ranking=ranking,
            judgement_weight=weight[ranking],
            annotator=annotator[ranking],
            bootstrap_counts=np.ones((len(ranking), 1)) if bootstrap_counts is None else bootstrap_counts[ranking],
            share_weight=share_weight,
        )

    @property
    def weight(self) -> Floats:
        """Each ranking's weight, shared equally among its comparisons here (Ouyang et al. 2022: all pairs of one
        ranking are one example), or given to each if they do not share it."""
        if not self.share_weight or not len(self):
            return self.judgement_weight
        shared: Floats = self.judgement_weight / np.bincount(self.ranking)[self.ranking]
        return shared


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingTargets(JudgementTable):
    """The tiers of a group's rankings, a row for each response of a ranking.

    Attributes:
        response: numbers.
        tier: 0 the best.
        ranking: the number of the ranking.
    """

    response: Ints
    tier: Ints
    ranking: Ints

    @classmethod
    def of(
        cls,
        group: Group,
        bootstrap_counts: Float[np.ndarray, "rankings heads"] | None = None,
        *,
        ties: bool = True,
    ) -> RankingTargets:
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
        return cls(
            response=response.astype(int),
            tier=tier.astype(int),
            ranking=number,
            judgement_weight=weight,
            bootstrap_counts=np.ones((len(number), 1)) if bootstrap_counts is None else bootstrap_counts[number],
        )._without_single_responses()

    def subset(self, responses: Sequence[int]) -> Self:
        """What was judged among some responses; a ranking of which one is left compares nothing and is left out."""
        return JudgementTable.subset(self, responses)._without_single_responses()

    def _without_single_responses(self) -> Self:
        return self.rows(np.bincount(self.ranking, minlength=1)[self.ranking] > 1) if len(self) else self

    @property
    def weight(self) -> Float[np.ndarray, " rankings"]:
        """The weight of each ranking, ascending by number."""
        weight: Float[np.ndarray, " rankings"] = self.judgement_weight[self._first_rows]
        return weight

    @property
    def total_weight(self) -> float:
        return float((self.weight * self.bootstrap_counts[self._first_rows].mean(1)).sum())

    @property
    def _first_rows(self) -> Int[np.ndarray, " rankings"]:
        """The first row of each ranking, ascending by number."""
        first: Int[np.ndarray, " rankings"] = np.unique(self.ranking, return_index=True)[1]
        return first

    def padded(
        self,
    ) -> tuple[
        Int[np.ndarray, "rankings members"], Int[np.ndarray, "rankings members"], Float[np.ndarray, "rankings heads"]
    ]:
        """A row for each ranking: response numbers and tiers (0 and -1 where a ranking has fewer members than the
        longest; tiers from 0 up), and bootstrap counts."""
        _, first, number, sizes = np.unique(self.ranking, return_index=True, return_inverse=True, return_counts=True)
        order = np.lexsort((self.tier, number))
        column = np.arange(len(order)) - np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
        response = np.zeros((len(sizes), sizes.max(initial=0)), dtype=int)
        tier = np.full_like(response, -1)
        response[number[order], column], tier[number[order], column] = self.response[order], self.tier[order]
        # A hand may lack a ranking's first tiers: the best of those present stand at 0, and no tier is skipped.
        steps = np.diff(tier, axis=1, prepend=tier[:, :1]) > 0
        return response, np.where(tier >= 0, steps.cumsum(1), -1), self.bootstrap_counts[first]


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTargets(JudgementTable):
    """A group's ratings, one a row.

    Attributes:
        response: numbers.
        attribute: numbers of the head's attributes.
        target: the rating in standard deviations of the training ratings from their mean.
        level: its place among the attribute's levels; -1 where it has none.
    """

    response: Ints
    attribute: Ints
    target: Floats
    level: Ints

    @classmethod
    def of(
        cls,
        group: Group,
        outputs: Outputs,
        scales: Mapping[str, Scale],
        bootstrap_counts: Float[np.ndarray, "ratings heads"] | None = None,
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
        response, number, target, level, weight = np.array(rows, dtype=float).reshape(-1, 5).T
        places = [n for n, _ in known]
        return cls(
            response=response.astype(int),
            attribute=number.astype(int),
            target=target,
            level=level.astype(int),
            judgement_weight=weight,
            bootstrap_counts=np.ones((len(rows), 1)) if bootstrap_counts is None else bootstrap_counts[places],
        )
