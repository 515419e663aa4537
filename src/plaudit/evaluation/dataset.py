"""An evaluation's data: judgements flattened once, and the scores of the model and its baselines. Any subset of it is
as good as the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Bool, Int64

from plaudit.groups import Group
from plaudit.judgements import (
    AttributeRatings,
    Comparisons,
    PerResponse,
    RankedLists,
    Responses,
    comparisons_of,
    index_rankings,
    index_responses,
    ratings_of,
)
from plaudit.scoring import ScoredGroups
from plaudit.statistics import JACKKNIFE, Intervals


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationData:
    """The judgements of some groups, and what models score their responses.

    Attributes:
        responses: of all groups; everything else points into these.
        included: [n], indices of the responses of this subset.
        comparisons: what the rankings imply.
        votes: the same before annotators were merged.
        rankings: those of three responses or more.
        ratings: attribute -> ratings.
        model: what is measured, with its baselines.
        intervals: how intervals are made.
    """

    responses: Responses
    included: Int64[np.ndarray, " included"]
    comparisons: Comparisons
    votes: Comparisons
    rankings: RankedLists
    ratings: Mapping[str, AttributeRatings]
    model: ScoredGroups
    intervals: Intervals = JACKKNIFE

    def of(self, groups: Bool[np.ndarray, " groups"]) -> EvaluationData:
        """The subset that belongs to some groups. An attribute that none of them has is no part of it.

        Args:
            groups: [groups], which of them.
        """
        ratings = {name: rated[groups[rated.group]] for name, rated in self.ratings.items()}
        return replace(
            self,
            included=self.included[groups[self.responses.group[self.included]]],
            comparisons=self.comparisons[groups[self.comparisons.group]],
            votes=self.votes[groups[self.votes.group]],
            rankings=self.rankings[groups[self.rankings.group]],
            ratings={name: rated for name, rated in ratings.items() if len(rated)},
        )

    def missing(self, scores: PerResponse, needed: Int64[np.ndarray, " needed"]) -> str | None:
        """Which of the scores [responses] at the indices `needed` are not finite, in words; None if all are."""
        return self.responses.missing(scores, needed)


def gather_data(
    groups: Sequence[Group],
    model: ScoredGroups,
    *,
    clusters: str | None,
    people: Sequence[Group] | None,
    intervals: Intervals = JACKKNIFE,
) -> EvaluationData:
    """Flatten the judgements of groups; arguments as in `plaudit.evaluation.evaluate`."""
    responses = index_responses(groups, clusters)
    comparisons = comparisons_of(groups, responses)
    votes = comparisons
    if people is not None and people is not groups:
        votes = comparisons_of(people, index_responses(people, clusters))
    return EvaluationData(
        responses=responses,
        included=np.arange(len(responses.group)),
        comparisons=comparisons,
        votes=votes,
        rankings=index_rankings(groups, responses),
        ratings=ratings_of(groups, responses, model.scales),
        model=model,
        intervals=intervals,
    )
