"""Ratings flattened once to parallel arrays, one set an attribute: what each response is worth to people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plaudit.data import Bounds, Scale
from plaudit.errors import PlauditError
from plaudit.groups import Group, Rating
from plaudit.judgements.responses import Responses, index_responses
from plaudit.judgements.votes import numbered
from plaudit.statistics import Floats, Ints

_DIGITS = 9
"""Decimals kept of a value carried over to another scale: the same judgement on two scales must stay a tie."""

_MEAN_DIGITS = 12
"""Decimals kept of a mean: means of the same values added up in another order must be a tie."""


@dataclass(frozen=True, slots=True)
class AttributeRatings:
    """The responses rated on one attribute, an entry a response; and their raters, an entry a rater of a response.

    Attributes:
        group: [n], index of the group.
        response: [n], index of the response in its group.
        human: [n], weighted mean of the response's ratings, in the attribute's units.
        length: [n], characters.
        cluster: [n], responses that may be alike share one.
        ratings: [n], how many ratings the response has.
        rater: [m], the value one named annotator gave a response that others rated too.
        others: [m], the mean of the others' values for it.
        rater_of: [m], which of the n responses it is.
        sheet: [m], shared by what one annotator rated in one group.
    """

    group: Ints
    response: Ints
    human: Floats
    length: Floats
    cluster: Ints
    ratings: Ints
    rater: Floats
    others: Floats
    rater_of: Ints
    sheet: Ints

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: NDArray[np.bool_]) -> AttributeRatings:
        """The responses that `keep` [n] names, with their raters."""
        raters, number = keep[self.rater_of], np.cumsum(keep) - 1
        return AttributeRatings(
            self.group[keep],
            self.response[keep],
            self.human[keep],
            self.length[keep],
            self.cluster[keep],
            self.ratings[keep],
            self.rater[raters],
            self.others[raters],
            number[self.rater_of[raters]],
            self.sheet[raters],
        )

    @property
    def rater_cluster(self) -> Ints:
        """[m], what `cluster` says of the rater's response."""
        return self.cluster[self.rater_of]

    def of(self, scores: Sequence[Sequence[float]], groups: Sequence[Group], whose: str) -> Floats:
        """[n], the scores of the rated responses, from one list a group.

        Raises:
            PlauditError: if one is not finite; `whose` says in the message what was missing.
        """
        given = np.array([scores[g][i] for g, i in zip(self.group, self.response, strict=True)], dtype=np.float64)
        broken = np.flatnonzero(~np.isfinite(given))
        if len(broken):
            first = broken[0]
            raise PlauditError(
                f"group {groups[self.group[first]].id!r}: response {self.response[first]} has {whose} {given[first]}; "
                f"{len(broken)} of {len(given)} rated responses have no finite one, and none may be left out"
            )
        return given


def flatten_ratings(
    groups: Sequence[Group], clusters: str | None = None, scales: Mapping[str, Bounds] | None = None
) -> dict[str, AttributeRatings]:
    """The rated responses of each attribute, in the order of first appearance.

    Values are as people gave them, unless ratings declare another scale than the attribute's: those are carried over
    to the attribute's scale, lowest to lowest and highest to highest.

    Args:
        groups: what people said.
        clusters: as in `plaudit.evaluation.flatten`.
        scales: attribute -> its scale; by default the one most of its ratings declare.
    """
    return ratings_of(groups, index_responses(groups, clusters), scales)


def ratings_of(
    groups: Sequence[Group], responses: Responses, scales: Mapping[str, Bounds] | None = None
) -> dict[str, AttributeRatings]:
    """As `flatten_ratings`, for groups whose responses were laid out before."""
    said: dict[str, list[tuple[int, Rating]]] = defaultdict(list)
    for g, group in enumerate(groups):
        for rating in group.ratings:
            said[rating.attribute].append((g, rating))
    return {name: _flat(given, responses, _scale(given, (scales or {}).get(name))) for name, given in said.items()}


def _flat(given: Sequence[tuple[int, Rating]], responses: Responses, scale: Scale | None) -> AttributeRatings:
    names: dict[str | None, int] = {None: -1}
    group = np.array([g for g, _ in given], dtype=np.int64)
    at = responses.start[group] + np.array([rating.response for _, rating in given], dtype=np.int64)
    values = np.array([_value(rating, scale) for _, rating in given], dtype=np.float64)
    weights = np.array([rating.weight for _, rating in given], dtype=np.float64)
    annotator = np.array([names.setdefault(rating.annotator, len(names) - 1) for _, rating in given], dtype=np.int64)
    places, row = np.unique(at, return_inverse=True)
    named = annotator >= 0
    # Someone who rated a response twice has one value, the mean of the two.
    voice = numbered(row[named], annotator[named])
    value = _means(values[named], weights[named], voice)
    of, who = np.zeros((2, len(value)), dtype=np.int64)
    of[voice], who[voice] = row[named], annotator[named]
    heard = np.bincount(of, minlength=len(places))
    several = heard[of] > 1
    of, who, value = of[several], who[several], value[several]
    others = np.bincount(of, value, len(places))[of] - value
    return AttributeRatings(
        group=responses.group[places],
        response=places - responses.start[responses.group[places]],
        human=_means(values, weights, row),
        length=responses.length[places],
        cluster=responses.cluster[places],
        ratings=np.bincount(row),
        rater=value,
        others=np.round(others / (heard[of] - 1), _MEAN_DIGITS),
        rater_of=of,
        sheet=numbered(responses.group[places][of], who),
    )


def _scale(given: Iterable[tuple[int, Rating]], declared: Bounds | None) -> Scale | None:
    """The attribute's scale; None where nobody declares one, and values are as they are."""
    own = Counter(rating.scale for _, rating in given)
    del own[None]
    bounds = declared or next((bounds for bounds, _ in own.most_common(1)), None)
    return None if bounds is None else Scale(*bounds)


def _value(rating: Rating, scale: Scale | None) -> float:
    if scale is None or rating.scale in (None, scale.bounds):
        return rating.value
    return round(scale.value(scale.unit(rating)), _DIGITS)


def _means(values: Floats, weights: Floats, index: Ints) -> Floats:
    """[max(index) + 1], the weighted mean of the values [n] of each index [n]."""
    low, high, most = np.full((3, int(index.max(initial=-1)) + 1), [[np.inf], [-np.inf], [0.0]])
    np.minimum.at(low, index, values)
    np.maximum.at(high, index, values)
    np.maximum.at(most, index, weights)
    # Weights over the largest of them: sums of huge ones overflow.
    relative = weights / most[index]
    means = np.bincount(index, values * relative) / np.bincount(index, relative)
    # Never outside the values: equal ones must not differ by rounding.
    return np.clip(np.round(means, _MEAN_DIGITS), low, high)
