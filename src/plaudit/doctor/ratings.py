"""Ratings that are probably wrong: far from what the models and other raters predict.

On an attribute's scale [0, 1] a rating is the models' out-of-fold prediction, plus a random effect of the response
(variance tau^2, shared by all who rated it), plus the rater's own noise (sigma^2). The other ratings of a response
shrink towards the prediction accordingly, as in best linear unbiased prediction. A standardised residual is then either
noise around 0, with tails as heavy as the data show, or a gross error, uniform on the scale (Huber, Ann. Math. Stat.
35, 1964). An EM fit of this mixture estimates the width of the noise and the rate of gross errors, and Bayes' rule says
how likely each rating is one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from plaudit.data import Scale, scales_of
from plaudit.doctor.crossfit import OutOfFoldScores
from plaudit.doctor.findings import Item, rating_target
from plaudit.doctor.rankings import LISTED, REMOVED
from plaudit.errors import PlauditError
from plaudit.groups import Group, Rating
from plaudit.judgements import response_starts
from plaudit.text import counted

PerRating = Float[np.ndarray, " N"]
Indices = Int[np.ndarray, " N"]

FAR = 3.0
"""Residuals of fewer standard deviations are never called far, whatever the mixture says."""

_DEGREES_OF_FREEDOM = (3.0, 5.0, 10.0, math.inf)
"""Of the noise, Student's t; with infinitely many it is normal."""

_MIN_RATINGS = 3
"""Of fewer ratings none can be called far from the others."""

_PRIOR_COUNT = 10.0
"""Pseudo-count of ratings known to be right in the rate of gross errors: few data accuse nobody."""

_MAX_ERROR_RATE = 0.45
_EM_STEPS = 100
_REWEIGHTING_ROUNDS = 2
"""How often probable gross errors are discounted as evidence about other ratings."""

_MIN_WEIGHT = 1e-3


@dataclass(frozen=True, slots=True)
class _IndexedRating:
    """One rating and where it stands.

    Attributes:
        group: index of the group.
        number: index within the group's ratings.
        response: index of the response among all of all groups.
        unit: the value on [0, 1].
        rating: as in the data.
    """

    group: int
    number: int
    response: int
    unit: float
    rating: Rating


def suspicious_ratings(
    groups: Sequence[Group], out_of_fold: Mapping[str, Sequence[OutOfFoldScores]], threshold: float = REMOVED
) -> tuple[list[Item], dict[str, str]]:
    """Items for single ratings, and the reason for each attribute whose ratings could not be examined.

    Ratings whose weight is not 1 are shares of a crowd's votes and not one person's judgement: they are left alone.

    Args:
        groups: with R responses in all.
        out_of_fold: model -> its scores under each assignment of groups to folds. Empty: the mean of all ratings and
            the other raters only.
        threshold: probability of being wrong from which removal is proposed.
    """
    try:
        scales = scales_of(groups)
    except PlauditError as error:
        return [], {"ratings": str(error)}
    items: list[Item] = []
    reasons: dict[str, str] = {}
    for name, scale in scales.items():
        ratings = list(_ratings_of(groups, name, scale))
        if reason := _no_spread(ratings):
            reasons[f"ratings of {name}"] = reason
            continue
        items += _far_ratings(groups, ratings, _predictions(ratings, name, scale, out_of_fold), scale, threshold)
    return items, reasons


def _no_spread(ratings: Sequence[_IndexedRating]) -> str | None:
    """Why none of these ratings can be called far from the others; None if one can."""
    if len(ratings) < _MIN_RATINGS:
        return f"it takes {_MIN_RATINGS} with weight 1 to have a spread, and there are {len(ratings)}"
    first = ratings[0]
    if all(rating.unit == first.unit for rating in ratings):
        return f"every one is {first.rating.value:g}, so none is far from what the others lead one to expect"
    return None


def _ratings_of(groups: Sequence[Group], attribute: str, scale: Scale) -> Iterator[_IndexedRating]:
    for g, (start, group) in enumerate(zip(response_starts(groups)[:-1].tolist(), groups, strict=True)):
        for number, rating in enumerate(group.ratings):
            if rating.attribute == attribute and rating.weight == 1:
                yield _IndexedRating(
                    group=g,
                    number=number,
                    response=start + rating.response,
                    unit=scale.unit(rating),
                    rating=rating,
                )


def _predictions(
    ratings: Sequence[_IndexedRating],
    attribute: str,
    scale: Scale,
    out_of_fold: Mapping[str, Sequence[OutOfFoldScores]],
) -> PerRating:
    """[N], the models' mean prediction for each rated response, on [0, 1]; the mean rating where there is none."""
    response = np.array([rating.response for rating in ratings])
    mean = float(np.mean([rating.unit for rating in ratings]))
    predicted = [
        scores.ratings[attribute][response]
        for repeats in out_of_fold.values()
        for scores in repeats
        if attribute in scores.ratings
    ]
    if not predicted:
        return np.full(len(ratings), mean)
    units = (np.mean(predicted, axis=0) - scale.low) / (scale.high - scale.low)
    return np.where(np.isfinite(units), np.clip(units, 0, 1), mean)


def _far_ratings(
    groups: Sequence[Group],
    ratings: Sequence[_IndexedRating],
    predictions: PerRating,
    scale: Scale,
    threshold: float,
) -> Iterator[Item]:
    """Items for the ratings that are probably gross errors and at least `FAR` usual residuals away."""
    response = np.array([rating.response for rating in ratings])
    gap, weight = np.array([rating.unit for rating in ratings]) - predictions, np.ones(len(ratings))
    for _ in range(1 + _REWEIGHTING_ROUNDS):
        residual, spread, others = leave_one_out(gap, response, weight)
        z = np.divide(residual, spread, out=np.zeros(len(ratings)), where=spread > 0)
        p_wrong = gross_errors(z, spread)
        weight = _discounts(p_wrong, np.abs(z), response)
    typical = math.sqrt(float(np.mean(residual**2)))
    listed = (p_wrong >= min(LISTED, threshold)) & (np.abs(residual) >= FAR * typical)
    for i in map(int, np.flatnonzero(listed)):
        yield _item(
            groups[ratings[i].group],
            ratings[i],
            scale,
            p_wrong=float(p_wrong[i]),
            residual=float(residual[i]),
            typical=typical,
            others=int(others[i]),
            keep=bool(p_wrong[i] < threshold),
        )


def _item(
    group: Group,
    rated: _IndexedRating,
    scale: Scale,
    *,
    p_wrong: float,
    residual: float,
    typical: float,
    others: int,
    keep: bool,
) -> Item:
    rating = rated.rating
    value, expected = scale.value(rated.unit), scale.value(rated.unit - residual)
    verb = f"{rating.annotator} rates" if rating.annotator is not None else "rates"
    other_ratings = f" and {counted(others, 'other ratings of it')}" if others else ""
    return Item(
        kind="suspicious-rating",
        suspicion=p_wrong,
        what=f"{verb} response {rating.response} {value:g} on {rating.attribute}; the models{other_ratings} lead one "
        f"to expect {expected:.2g}, {abs(residual) / typical:.1f} times the usual residual away",
        keep=keep,
        group=group.id,
        evidence={
            "value": value,
            "expected": round(float(expected), 4),
            "residual_in_sd": round(residual / typical, 3),
            "other_ratings": others,
            **({} if rating.annotator is None else {"annotator": rating.annotator}),
        },
        target=rating_target(group, rated.number),
    )


def _discounts(p_wrong: PerRating, distance: PerRating, response: Indices) -> PerRating:
    """[N], the weight of each rating as evidence about the others of its response.

    Only the farthest of a response is discounted: one gross error makes the ratings beside it look far away, too.
    """
    _, index = np.unique(response, return_inverse=True)
    farthest = np.zeros(index.max() + 1)
    np.maximum.at(farthest, index, distance)
    return np.where(distance == farthest[index], np.maximum(1 - p_wrong, _MIN_WEIGHT), 1.0)


def leave_one_out(gap: PerRating, response: Indices, weight: PerRating) -> tuple[PerRating, PerRating, Indices]:
    """Residuals given the other ratings of the same response.

    Variances by the method of moments: sigma^2 from within responses rated more than once, and tau^2 is what is left of
    the mean square. The other ratings, of total weight w, predict the random effect as their mean times
    tau^2 w / (tau^2 w + sigma^2).

    Args:
        gap: [N], ratings minus predictions.
        response: [N], which response each is of.
        weight: [N] in (0, 1], how much each counts for the others and for the variances.

    Returns:
        [N] residuals, [N] their standard deviations, and [N] how many other ratings the response has.
    """
    _, index = np.unique(response, return_inverse=True)
    count, total_weight = np.bincount(index), np.bincount(index, weight)
    total = np.bincount(index, weight * gap)
    within = gap - (total / total_weight)[index]
    degrees = float((total_weight - 1)[count > 1].clip(0).sum())
    mean_square = float(np.average(gap**2, weights=weight))
    sigma2 = float(np.sum(weight * within**2)) / degrees if degrees else mean_square
    tau2 = max(0.0, mean_square - sigma2)
    weight_of_others = total_weight[index] - weight
    has_others = count[index] > 1
    mean_of_others = np.divide(total[index] - weight * gap, weight_of_others, out=np.zeros(len(gap)), where=has_others)
    shrinkage = np.divide(
        tau2 * weight_of_others, tau2 * weight_of_others + sigma2, out=np.zeros(len(gap)), where=has_others
    )
    # 0 / 0 where nothing varies at all: then there is nothing to shrink.
    shrinkage[np.isnan(shrinkage)] = 0.0
    return gap - shrinkage * mean_of_others, np.sqrt(tau2 * (1 - shrinkage) + sigma2), count[index] - 1


def gross_errors(z: PerRating, spread: PerRating) -> PerRating:
    """[N], the probability that each rating is a gross error.

    Of the tails in `_DEGREES_OF_FREEDOM` the noise has those with the highest likelihood: where many ratings are far
    off, being far off is what raters do.

    Args:
        z: [N], standardised residuals.
        spread: [N], their standard deviations on [0, 1]: a scale is 1 / spread standard deviations long, so the density
            of a gross error is `spread`.
    """
    if not (spread > 0).all() or not z.any():
        return np.zeros(len(z))
    fits = [_fit_mixture(z, spread, degrees) for degrees in _DEGREES_OF_FREEDOM]
    return max(fits, key=lambda fit: fit[1])[0]


def _fit_mixture(z: PerRating, spread: PerRating, degrees: float) -> tuple[PerRating, float]:
    """[N] probabilities of a gross error and the mean log likelihood, by EM."""
    # The median of |z| is a start that a few gross errors do not move.
    width = max(float(np.median(np.abs(z)) / student.ppf(0.75, degrees)), 1e-3 * float(np.abs(z).max()))
    error_rate = 0.01
    for _ in range(_EM_STEPS):
        noise, error = (1 - error_rate) * student.pdf(z, degrees, scale=width), error_rate * spread
        p_wrong = error / (error + noise)
        # Under heavy tails, far residuals say less about the width (Lange, Little & Taylor, JASA 84, 1989).
        t_weight = 1.0 if math.isinf(degrees) else (degrees + 1) / (degrees + (z / width) ** 2)
        width = max(math.sqrt(float(np.sum((1 - p_wrong) * t_weight * z**2) / np.sum(1 - p_wrong))), 1e-12)
        error_rate = min(float(p_wrong.sum()) / (len(z) + _PRIOR_COUNT), _MAX_ERROR_RATE)
    return p_wrong, float(np.mean(np.log(error + noise)))
