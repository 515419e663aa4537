"""What there is to measure: judgements flattened once, and what models say of the responses. Any part of it is as good
as the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from plaudit.data import Bounds
from plaudit.groups import Group
from plaudit.judgements import (
    AttributeRatings,
    Comparisons,
    Ranked,
    Responses,
    Scores,
    comparisons_of,
    flatten_scores,
    index_rankings,
    index_responses,
    ratings_of,
)
from plaudit.statistics import Floats, Ints


@dataclass(frozen=True, slots=True)
class ModelScores:
    """What one model gives all responses of all groups.

    Attributes:
        scores: [responses].
        attributes: attribute -> [responses], its values in the attribute's units.
        spreads: [responses], of the scores over the model's heads or members; None where it has one only.
    """

    scores: Floats
    attributes: Mapping[str, Floats] = field(default_factory=dict)
    spreads: Floats | None = None

    def on(self, attribute: str) -> Floats:
        """[responses], its values of an attribute, or its scores where it does not know it."""
        return self.attributes.get(attribute, self.scores)


def model_scores(
    groups: Sequence[Group], scores: Scores, attributes: Mapping[str, Scores] | None, spreads: Scores | None = None
) -> ModelScores:
    """The scores of a model, checked for their shape and laid out in a row.

    Raises:
        PlauditError: if there is not one value for each response of each group.
    """
    return ModelScores(
        flatten_scores(groups, scores),
        {name: flatten_scores(groups, values) for name, values in (attributes or {}).items()},
        None if spreads is None else flatten_scores(groups, spreads),
    )


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
        model: what is measured.
        baselines: plain models, by name.
    """

    responses: Responses
    inside: Ints
    compared: Comparisons
    voted: Comparisons
    ranked: Ranked
    rated: Mapping[str, AttributeRatings]
    model: ModelScores
    baselines: Mapping[str, ModelScores]

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
    groups: Sequence[Group],
    model: ModelScores,
    baselines: Mapping[str, ModelScores],
    clusters: str | None,
    people: Sequence[Group] | None,
    scales: Mapping[str, Bounds] | None,
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
        rated=ratings_of(groups, responses, scales),
        model=model,
        baselines=baselines,
    )
