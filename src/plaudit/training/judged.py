"""All that a run's losses read of a group, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from plaudit.data import Scale
from plaudit.groups import Group
from plaudit.losses import RankingLoss
from plaudit.model import Outputs
from plaudit.training.targets import ComparisonTargets, RankedPlaces, RatingTargets


@dataclass(frozen=True, slots=True)
class Judged:
    """All that a loss reads of a group, or of a hand.

    Attributes:
        comparisons: always; what a loss of comparisons learns from, and what accuracy is counted on.
        places: what a loss of whole rankings learns from; None for a loss of comparisons.
        ratings: theirs.
        rating_weight: what one rating counts beside one ranking.
    """

    comparisons: ComparisonTargets
    places: RankedPlaces | None
    ratings: RatingTargets
    rating_weight: float = 1.0

    def among(self, keep: Sequence[int]) -> Judged:
        """What was said inside a hand, renumbered to positions in `keep` (ascending)."""
        places = None if self.places is None else self.places.among(keep)
        return replace(self, comparisons=self.comparisons.among(keep), places=places, ratings=self.ratings.among(keep))

    def moved(self, responses: int, rankings: int) -> Judged:
        """The same of responses and rankings with higher numbers."""
        return replace(
            self,
            comparisons=self.comparisons.moved(responses, rankings),
            places=None if self.places is None else self.places.moved(responses, rankings),
            ratings=self.ratings.moved(responses, rankings),
        )

    def at_no_weight(self) -> Judged:
        """The same, all at weight 0."""
        return replace(
            self,
            comparisons=self.comparisons.at_no_weight(),
            places=None if self.places is None else self.places.at_no_weight(),
            ratings=self.ratings.at_no_weight(),
        )

    @property
    def weight(self) -> float:
        """Of all judgements learned from, each as often as the heads drew it on average."""
        rankings = (self.comparisons if self.places is None else self.places).drawn
        return rankings + self.rating_weight * self.ratings.drawn

    def __len__(self) -> int:
        """Judgements learned from: 0 if there is nothing to learn."""
        return len(self.comparisons if self.places is None else self.places) + len(self.ratings)


@dataclass(frozen=True, slots=True)
class Judge:
    """Reads groups as the chosen losses need them.

    Attributes:
        loss: of rankings.
        ties: how a loss of comparisons reads them.
        outputs: what the head says.
        scales: of the rated attributes.
        rating_weight: see Judged.
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

    def __call__(self, group: Group, number: int | None = None) -> Judged:
        """What was said of a group. `number`, its place among those learned from, decides its bootstrap samples;
        without one, every head counts every judgement once."""
        of_rankings = self._copies(len(group.rankings), number, 0)
        of_ratings = self._copies(len(group.ratings), number, 1)
        whole = self.loss.unit == "rankings"
        return Judged(
            ComparisonTargets.of(
                group, self.ties, annotators=self.annotators or {}, copies=of_rankings, shared=self.loss.shared
            ),
            RankedPlaces.of(group, of_rankings, ties=self.loss.ties) if whole else None,
            RatingTargets.of(group, self.outputs, self.scales, of_ratings),
            self.rating_weight,
        )

    def _copies(self, judgements: int, number: int | None, kind: int) -> np.ndarray | None:
        heads = self.outputs.heads
        if heads == 1:
            return None
        if number is None:
            return np.ones((judgements, heads))
        return np.random.default_rng((self.seed, number, kind)).poisson(1.0, (judgements, heads)).astype(float)


def gather(judged: Sequence[Judged], sizes: Sequence[int]) -> Judged:
    """What was said of several groups, as of one whose responses are all of theirs in order; `sizes` are their numbers
    of responses. Rankings keep apart."""
    responses = np.cumsum([0, *sizes]).tolist()
    rankings = np.cumsum([0, *(_rankings(said) for said in judged)]).tolist()
    first, *rest = (said.moved(r, k) for said, r, k in zip(judged, responses, rankings, strict=False))
    return replace(
        first,
        comparisons=first.comparisons.with_rows_of([said.comparisons for said in rest]),
        places=None
        if first.places is None
        else first.places.with_rows_of([said.places for said in rest if said.places is not None]),
        ratings=first.ratings.with_rows_of([said.ratings for said in rest]),
    )


def _rankings(said: Judged) -> int:
    """One more than the highest number of a ranking."""
    columns = [said.comparisons.ranking, *([said.places.ranking] if said.places is not None else [])]
    return 1 + max(int(column.max(initial=-1)) for column in columns)
