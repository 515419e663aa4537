"""What there is to measure: judgements flattened once, and what models say of the responses. Any part of it is as good
as the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plaudit.groups import Group
from plaudit.judgements import (
    AttributeRatings,
    Comparisons,
    Ranked,
    Responses,
    comparisons_of,
    index_rankings,
    index_responses,
    ratings_of,
)
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Floats, Ints


@dataclass(frozen=True, slots=True)
class EvaluationData:
    """Some groups' judgements, and the models' word on them.

    Attributes:
        responses: of all groups; everything else points into these.
        inside: [n], the responses of this part.
        compared: comparisons, without scores.
        voted: the same before annotators were merged.
        ranked: rankings of three responses or more.
        rated: attribute -> ratings.
        model: what is measured, with its baselines.
    """

    responses: Responses
    inside: Ints
    compared: Comparisons
    voted: Comparisons
    ranked: Ranked
    rated: Mapping[str, AttributeRatings]
    model: ScoredGroups

    def of(self, groups: NDArray[np.bool_]) -> EvaluationData:
        """The part that belongs to the groups named [groups]. An attribute that none of them has is no part of it."""
        rated = {name: one[groups[one.group]] for name, one in self.rated.items()}
        return replace(
            self,
            inside=self.inside[groups[self.responses.group[self.inside]]],
            compared=self.compared[groups[self.compared.group]],
            voted=self.voted[groups[self.voted.group]],
            ranked=self.ranked[groups[self.ranked.group]],
            rated={name: one for name, one in rated.items() if len(one)},
        )

    @property
    def judged(self) -> Ints:
        """Where the responses that are compared stand, each as often as it is."""
        return np.concatenate([self.compared.better_at, self.compared.worse_at])

    def hole(self, scores: Floats, needed: Ints) -> str | None:
        """Which of the scores [responses] that are needed are not finite, in words; None if all are."""
        return self.responses.hole(scores, needed)

    def places(self, rated: AttributeRatings) -> Ints:
        """[n], where rated responses stand among all."""
        return self.responses.start[rated.group] + rated.response


def gather_data(
    groups: Sequence[Group], model: ScoredGroups, clusters: str | None, people: Sequence[Group] | None
) -> EvaluationData:
    """Flatten what people said of the groups; arguments as in `plaudit.evaluation.evaluate`."""
    responses = index_responses(groups, clusters)
    compared = comparisons_of(groups, responses)
    return EvaluationData(
        responses=responses,
        inside=np.arange(len(responses.group)),
        compared=compared,
        voted=compared
        if people is None or people is groups
        else comparisons_of(people, index_responses(people, clusters)),
        ranked=index_rankings(groups, responses),
        rated=ratings_of(groups, responses, model.scales),
        model=model,
    )
