"""Ratings as parallel arrays, one set an attribute: what each response is worth to people."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64

from plaudit.data import Bounds, Scale
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, Rating
from plaudit.judgements.responses import PerResponse, Responses, index_responses, response_starts
from plaudit.judgements.votes import numbered

_DIGITS = 9
"""Decimals kept of a value carried over to another scale: the same judgement on two scales must stay a tie."""

_MEAN_DIGITS = 12
"""Decimals kept of a mean: means of the same values added up in another order must be a tie."""

PerRated = Float64[np.ndarray, " rated"]
"""One a rated response, of one attribute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeRatings:
    """The responses rated on one attribute, an entry a response; and their raters, an entry a rater of a response.

    Attributes:
        group: [n], index of the group.
        response: [n], index into `Responses`.
        human: [n], weighted mean of the response's ratings, in the attribute's units.
        length: [n], characters.
        cluster: [n], responses that may be alike share one.
        ratings: [n], how many ratings the response has.
        rater: [m], the value one named annotator gave a response that others rated too.
        others: [m], the mean of the others' values for it.
        rater_of: [m], which of the n responses it is.
        sheet: [m], shared by what one annotator rated in one group.

    Example:
        >>> ratings = (Rating(0, 2, annotator="ann"), Rating(0, 4, annotator="bob"), Rating(1, 5, annotator="ann"))
        >>> rated = flatten_ratings([Group("q", "Why?", ("a", "b"), ratings=ratings)])["overall"]
        >>> rated.human.tolist(), rated.ratings.tolist()
        ([3.0, 5.0], [2, 1])
        >>> rated.rater.tolist(), rated.others.tolist()
        ([2.0, 4.0], [4.0, 2.0])
    """

    group: Int64[np.ndarray, " rated"]
    response: Int64[np.ndarray, " rated"]
    human: PerRated
    length: PerRated
    cluster: Int64[np.ndarray, " rated"]
    ratings: Int64[np.ndarray, " rated"]
    rater: Float64[np.ndarray, " raters"]
    others: Float64[np.ndarray, " raters"]
    rater_of: Int64[np.ndarray, " raters"]
    sheet: Int64[np.ndarray, " raters"]

    def __len__(self) -> int:
        return len(self.group)

    def __getitem__(self, keep: Bool[np.ndarray, " rated"]) -> AttributeRatings:
        """The responses that `keep` [n] names, with their raters."""
        raters, number = keep[self.rater_of], np.cumsum(keep) - 1
        return AttributeRatings(
            group=self.group[keep],
            response=self.response[keep],
            human=self.human[keep],
            length=self.length[keep],
            cluster=self.cluster[keep],
            ratings=self.ratings[keep],
            rater=self.rater[raters],
            others=self.others[raters],
            rater_of=number[self.rater_of[raters]],
            sheet=self.sheet[raters],
        )

    @property
    def rater_cluster(self) -> Int64[np.ndarray, " raters"]:
        """[m], what `cluster` says of the rater's response."""
        return np.asarray(self.cluster[self.rater_of])


def scores_of_rated(
    rated: AttributeRatings, groups: Sequence[Group], scores: PerResponse, what: str = "score"
) -> PerRated:
    """[n], the scores of the rated responses.

    Args:
        rated: from `flatten_ratings` of these groups.
        groups: whose responses are scored.
        scores: of all responses [responses].
        what: a word for the scores, for the message.

    Raises:
        PlauditError: if one is not finite.

    Example:
        >>> groups = [Group("q", "Why?", ("a", "b"), ratings=(Rating(1, 5),))]
        >>> scores_of_rated(flatten_ratings(groups)["overall"], groups, np.array([0.5, 2.0])).tolist()
        [2.0]
    """
    values: PerRated = scores[rated.response]
    broken = np.flatnonzero(~np.isfinite(values))
    if len(broken):
        first = broken[0]
        response = rated.response[first] - response_starts(groups)[rated.group[first]]
        raise InvalidInputError(
            f"group {groups[rated.group[first]].id!r}: response {response} has {what} {values[first]}",
            remedy=f"{len(broken)} of {len(values)} rated responses have no finite one, and none may be left out",
        )
    return values


def flatten_ratings(
    groups: Sequence[Group], clusters: str | None = None, scales: Mapping[str, Bounds] | None = None
) -> dict[str, AttributeRatings]:
    """The rated responses of each attribute, in the order of first appearance.

    Values are as people gave them, unless ratings declare another scale than the attribute's: those are carried over
    to the attribute's scale, lowest to lowest and highest to highest.

    Args:
        groups: whose ratings.
        clusters: as in `flatten_comparisons`.
        scales: attribute -> its scale; by default the one most of its ratings declare.

    Example:
        >>> ratings = (Rating(0, 3, "helpful", scale=(1, 5)), Rating(1, 4, "helpful", scale=(0, 4)))
        >>> group = Group("q", "Why?", ("a", "b"), ratings=ratings)
        >>> flatten_ratings([group], scales={"helpful": (1, 5)})["helpful"].human.tolist()
        [3.0, 5.0]
    """
    return ratings_of(groups, index_responses(groups, clusters), scales)


def ratings_of(
    groups: Sequence[Group], responses: Responses, scales: Mapping[str, Bounds] | None = None
) -> dict[str, AttributeRatings]:
    """As `flatten_ratings`, for groups whose responses were indexed before.

    Example:
        >>> groups = [Group("q", "Why?", ("a", "b"), ratings=(Rating(0, 4, "kind"), Rating(1, 1, "kind")))]
        >>> ratings_of(groups, index_responses(groups))["kind"].human.tolist()
        [4.0, 1.0]
    """
    by_attribute: dict[str, list[tuple[int, Rating]]] = defaultdict(list)
    for g, group in enumerate(groups):
        for rating in group.ratings:
            by_attribute[rating.attribute].append((g, rating))
    return {
        name: _flat(ratings, responses, _scale(ratings, (scales or {}).get(name)))
        for name, ratings in by_attribute.items()
    }


def _flat(ratings: Sequence[tuple[int, Rating]], responses: Responses, scale: Scale | None) -> AttributeRatings:
    """The arrays of one attribute from (index of the group, rating)."""
    names: dict[str | None, int] = {None: -1}
    group = np.array([g for g, _ in ratings], dtype=np.int64)
    index = responses.start[group] + np.array([rating.response for _, rating in ratings], dtype=np.int64)
    values = np.array([_value(rating, scale) for _, rating in ratings], dtype=np.float64)
    weights = np.array([rating.weight for _, rating in ratings], dtype=np.float64)
    annotator = np.array([names.setdefault(rating.annotator, len(names) - 1) for _, rating in ratings], dtype=np.int64)
    rated, row = np.unique(index, return_inverse=True)
    named = annotator >= 0
    # Someone who rated a response twice has one value, the mean of the two.
    vote = numbered(row[named], annotator[named])
    value = _means(values[named], weights[named], vote)
    row_of, annotator_of = np.zeros((2, len(value)), dtype=np.int64)
    row_of[vote], annotator_of[vote] = row[named], annotator[named]
    # A rater is compared with the others of the same response; one who is alone there has none.
    raters = np.bincount(row_of, minlength=len(rated))
    shared = raters[row_of] > 1
    row_of, annotator_of, value = row_of[shared], annotator_of[shared], value[shared]
    others = np.bincount(row_of, value, len(rated))[row_of] - value
    return AttributeRatings(
        group=responses.group[rated],
        response=rated,
        human=_means(values, weights, row),
        length=responses.length[rated],
        cluster=responses.cluster[rated],
        ratings=np.bincount(row),
        rater=value,
        others=np.round(others / (raters[row_of] - 1), _MEAN_DIGITS),
        rater_of=row_of,
        sheet=numbered(responses.group[rated][row_of], annotator_of),
    )


def _scale(ratings: Iterable[tuple[int, Rating]], declared: Bounds | None) -> Scale | None:
    """The attribute's scale; None where nobody declares one, and values are as they are."""
    scales = Counter(rating.scale for _, rating in ratings)
    del scales[None]
    bounds = declared or next((bounds for bounds, _ in scales.most_common(1)), None)
    return None if bounds is None else Scale(*bounds)


def _value(rating: Rating, scale: Scale | None) -> float:
    if scale is None or rating.scale in (None, scale.bounds):
        return rating.value
    return round(scale.value(scale.unit(rating)), _DIGITS)


def _means(
    values: Float64[np.ndarray, " ratings"],
    weights: Float64[np.ndarray, " ratings"],
    index: Int64[np.ndarray, " ratings"],
) -> PerRated:
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
