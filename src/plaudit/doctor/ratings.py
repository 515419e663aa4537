"""Ratings that are probably wrong: far from what models and other raters lead one to expect.

On an attribute's scale [0, 1] a rating is the models' held-out prediction, plus how far the response lies from it
(variance tau^2, shared by all who rated it), plus the rater's own noise (sigma^2). What others gave the same response
shrinks towards the prediction as a random effect does. The standardised residual is then either noise around 0, with
tails as heavy as the ratings show, or a slip, anywhere on the scale; an EM fit says how wide the noise is and how
frequent slips are, and Bayes' rule which one a rating is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from plaudit.data import Scale, scales_of
from plaudit.doctor.crossfit import Held, starts
from plaudit.doctor.findings import Item, rating_target
from plaudit.doctor.noise import Floats
from plaudit.doctor.rankings import LISTED, REMOVED
from plaudit.errors import PlauditError
from plaudit.groups import Group, Rating

FAR = 3.0
"""A residual is only called far beyond the spread from so many standard deviations on, whatever the mixture says."""

_TAILS = (3.0, 5.0, 10.0, math.inf)
"""Degrees of freedom of the noise; with infinitely many it is normal."""

_FEWEST = 3
"""Of fewer ratings none can be called far from the others."""

_KNOWN_RIGHT = 10.0
"""Ratings known to be no slips that their share is estimated with: few data accuse nobody."""

_MOST_SLIPS = 0.45
_STEPS = 100
_ROUNDS = 2
"""Times that what looks like a slip is believed less as evidence about others."""

_LEAST_BELIEF = 1e-3


@dataclass(frozen=True, slots=True)
class _Rated:
    """One rating on [0, 1], and the number of its response among all."""

    group: int
    number: int
    response: int
    unit: float
    rating: Rating


def suspicious_ratings(
    groups: Sequence[Group], held: Mapping[str, Sequence[Held]], removed: float = REMOVED
) -> tuple[list[Item], dict[str, str]]:
    """Items for single ratings, and the reason for each attribute whose ratings could not be judged.

    Ratings with a weight of their own (other than 1) are shares of a crowd's votes, not one person's judgement: they
    are left alone.

    Args:
        groups: with R responses in all.
        held: for each model, what it says in each deal of the groups into folds. Empty: the mean of all ratings and
            other raters only.
    """
    try:
        scales = scales_of(groups)
    except PlauditError as error:
        return [], {"ratings": str(error)}
    items: list[Item] = []
    reasons: dict[str, str] = {}
    for name, scale in scales.items():
        rated = list(_rated(groups, name, scale))
        if reason := _no_spread(rated):
            reasons[f"ratings of {name}"] = reason
            continue
        items += _far(groups, rated, _expected(rated, name, scale, held), scale, removed)
    return items, reasons


def _no_spread(rated: Sequence[_Rated]) -> str | None:
    """Why none of these ratings can be called far from the others; None if one can."""
    if len(rated) < _FEWEST:
        return f"it takes {_FEWEST} with weight 1 to have a spread, and there are {len(rated)}"
    first = rated[0]
    if all(one.unit == first.unit for one in rated):
        return f"every one is {first.rating.value:g}, so none is far from what the others lead one to expect"
    return None


def _rated(groups: Sequence[Group], name: str, scale: Scale) -> Iterator[_Rated]:
    for g, (start, group) in enumerate(zip(starts(groups), groups, strict=True)):
        for number, rating in enumerate(group.ratings):
            if rating.attribute == name and rating.weight == 1:
                yield _Rated(g, number, start + rating.response, scale.unit(rating), rating)


def _expected(rated: Sequence[_Rated], name: str, scale: Scale, held: Mapping[str, Sequence[Held]]) -> Floats:
    """[N], what the models expect of each rated response, on [0, 1]; the mean rating where no model says anything."""
    at = np.array([one.response for one in rated])
    mean = float(np.mean([one.unit for one in rated]))
    said = [deal.values[name][at] for deals in held.values() for deal in deals if name in deal.values]
    if not said:
        return np.full(len(rated), mean)
    units = (np.mean(said, axis=0) - scale.low) / (scale.high - scale.low)
    return np.where(np.isfinite(units), np.clip(units, 0, 1), mean)


def _far(
    groups: Sequence[Group], rated: Sequence[_Rated], expected: Floats, scale: Scale, removed: float
) -> Iterator[Item]:
    response = np.array([one.response for one in rated])
    gap, belief = np.array([one.unit for one in rated]) - expected, np.ones(len(rated))
    for _ in range(1 + _ROUNDS):
        residual, spread, heard = leave_one_out(gap, response, belief)
        z = np.divide(residual, spread, out=np.zeros(len(rated)), where=spread > 0)
        wrong = slips(z, spread)
        belief = _belief(wrong, np.abs(z), response)
    typical = math.sqrt(float(np.mean(residual**2)))
    for i in map(int, np.flatnonzero((wrong >= min(LISTED, removed)) & (np.abs(residual) >= FAR * typical))):
        one = rated[i]
        given, looked_for = scale.value(one.unit), scale.value(one.unit - residual[i])
        group, who = groups[one.group], one.rating.annotator
        others = f" and {heard[i]} other ratings of it" if heard[i] else ""
        yield Item(
            "suspicious-rating",
            float(wrong[i]),
            f"{f'{who} rates' if who is not None else 'rates'} response {one.rating.response} {given:g} on "
            f"{one.rating.attribute}; the models{others} lead one to expect {looked_for:.2g}, "
            f"{abs(residual[i]) / typical:.1f} times the usual residual away",
            keep=bool(wrong[i] < removed),
            group=group.id,
            evidence={
                "value": given,
                "expected": round(float(looked_for), 4),
                "residual_in_sd": round(float(residual[i] / typical), 3),
                "other_ratings": int(heard[i]),
                **({} if who is None else {"annotator": who}),
            },
            target=rating_target(group, one.number),
        )


def _belief(wrong: Floats, distance: Floats, response: np.ndarray) -> Floats:
    """[N], how much each rating is believed as evidence about others of its response. Only the farthest of a response
    is doubted: one slip makes those beside it look far away, too."""
    _, place = np.unique(response, return_inverse=True)
    farthest = np.zeros(place.max() + 1)
    np.maximum.at(farthest, place, distance)
    return np.where(distance == farthest[place], np.maximum(1 - wrong, _LEAST_BELIEF), 1.0)


def leave_one_out(residual: Floats, response: np.ndarray, belief: Floats) -> tuple[Floats, Floats, np.ndarray]:
    """Residuals once the others of the same response are heard, their standard deviations, and how many were heard.

    Variances by moments: sigma^2 within responses rated more than once, tau^2 what is left of the whole.

    Args:
        residual: [N], ratings minus predictions.
        response: [N], numbers.
        belief: [N] in (0, 1], how much each counts for others and for the variances.
    """
    _, place = np.unique(response, return_inverse=True)
    count, weight = np.bincount(place), np.bincount(place, belief)
    total = np.bincount(place, belief * residual)
    within = residual - (total / weight)[place]
    freedom = float((weight - 1)[count > 1].clip(0).sum())
    whole = float(np.average(residual**2, weights=belief))
    sigma2 = float(np.sum(belief * within**2)) / freedom if freedom else whole
    tau2 = max(0.0, whole - sigma2)
    heard = weight[place] - belief
    several = count[place] > 1
    others = np.divide(total[place] - belief * residual, heard, out=np.zeros(len(residual)), where=several)
    shrink = np.divide(tau2 * heard, tau2 * heard + sigma2, out=np.zeros(len(residual)), where=several)
    # Where nothing at all varies, what the others say is all there is to say.
    shrink[np.isnan(shrink)] = 0.0
    return residual - shrink * others, np.sqrt(tau2 * (1 - shrink) + sigma2), count[place] - 1


def slips(z: Floats, spread: Floats) -> Floats:
    """[N], the probability that each standardised residual is a slip: noise of some width around 0 against anywhere on
    a scale that is 1 / `spread` [N] standard deviations long. The noise has the tails, of `_TAILS`, under which the
    residuals are most likely: where many ratings are far off, being far off is what raters do."""
    if not (spread > 0).all() or not z.any():
        return np.zeros(len(z))
    found = [_mixture(z, spread, tails) for tails in _TAILS]
    return max(found, key=lambda one: one[1])[0]


def _mixture(z: Floats, spread: Floats, tails: float) -> tuple[Floats, float]:
    """[N] probabilities of a slip and the mean log likelihood, by EM, with noise of Student's t of `tails` degrees of
    freedom."""
    size, share = max(float(np.median(np.abs(z)) / student.ppf(0.75, tails)), 1e-3 * float(np.abs(z).max())), 0.01
    for _ in range(_STEPS):
        noise, slip = (1 - share) * student.pdf(z, tails, scale=size), share * spread
        wrong = slip / (slip + noise)
        # Far residuals say less about the width of heavy tails (Lange, Little & Taylor, JASA 84, 1989).
        pull = 1.0 if math.isinf(tails) else (tails + 1) / (tails + (z / size) ** 2)
        size = max(math.sqrt(float(np.sum((1 - wrong) * pull * z**2) / np.sum(1 - wrong))), 1e-12)
        share = min(float(wrong.sum()) / (len(z) + _KNOWN_RIGHT), _MOST_SLIPS)
    return wrong, float(np.mean(np.log(slip + noise)))
