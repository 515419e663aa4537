"""The scale of each attribute: declared or inferred; [0, 1] inside, the attribute's own units outside.

A rating that declares a scale is normalised by that one, whatever the attribute's is: 3 on [1, 5] and 2 on [0, 4] are
the same judgement.
"""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from plaudit.errors import InvalidInputError, PlauditError
from plaudit.groups import Group, Rating

Bounds = tuple[float, float]
"""The lowest and the highest value of a scale."""

MOST_LEVELS = 11
"""Values on more levels than this (0 to 10 has eleven) are read as continuous."""

_DIGITS = 9
"""Decimals of [0, 1] in which two values must differ to be two levels."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Scale:
    """The scale of one attribute, in its own units.

    Attributes:
        low, high: the lowest and the highest value.
        levels: the distinct values met, ascending, when they are at most `MOST_LEVELS`; None for continuous values.

    Raises:
        InvalidInputError: unless low < high, both finite.

    Example:
        >>> scale = Scale(1, 5)
        >>> scale.unit(Rating(0, value=4)), scale.value(0.5)
        (0.75, 3.0)
    """

    low: float
    high: float
    levels: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if not (math.isfinite(self.low) and math.isfinite(self.high) and self.low < self.high):
            raise InvalidInputError(
                f"the scale {_shown((self.low, self.high))} is none", remedy="give its lowest value first"
            )

    @property
    def bounds(self) -> Bounds:
        return self.low, self.high

    @property
    def labels(self) -> tuple[str, ...]:
        """A name for each level, for a head with a class a level; none where values are continuous."""
        return tuple(f"{level:g}" for level in self.levels or ())

    def unit(self, rating: Rating) -> float:
        """The rating's value in [0, 1], by its own scale where it declares one. Outside only when the value is outside
        a scale that was made from other ratings."""
        return _unit(rating.value, rating.scale or self.bounds)

    def value(self, unit: float) -> float:
        """From [0, 1] back to the attribute's units."""
        return self.low + unit * (self.high - self.low)


def scales_of(groups: Iterable[Group], declared: Mapping[str, Bounds] | None = None) -> dict[str, Scale]:
    """The scale of each attribute that is rated, in the order of first appearance. One pass, in bounded memory.

    An attribute's scale is what `declared` says; else what most of its ratings declare (of equally many the first met);
    else the lowest and highest value seen. Ratings that declare different scales are worth a warning, not an error.

    Args:
        groups: the ratings to learn from.
        declared: attribute -> (lowest, highest), from the user.

    Raises:
        InvalidInputError: for a rating that declares no scale and lies outside its attribute's; for an attribute whose
            ratings are all one value and declare no scale; for a declared scale whose lowest value is not the first, or
            that is for an attribute nobody rated.

    Example:
        >>> ratings = (Rating(0, 2, "helpful", scale=(0, 4)), Rating(0, 1, "kind"), Rating(1, 3, "kind"))
        >>> scales = scales_of([Group("q", "Why?", ("a", "b"), ratings=ratings)])
        >>> scales["helpful"].bounds, scales["kind"].bounds
        ((0, 4), (1, 3))
    """
    declared = {name: Scale(*bounds).bounds for name, bounds in (declared or {}).items()}
    seen: dict[str, _AttributeRatings] = {}
    for group in groups:
        for rating in group.ratings:
            seen.setdefault(rating.attribute, _AttributeRatings(rating.attribute)).add(group.id, rating)
    for name in declared:
        if name not in seen:
            rated = ", ".join(seen) or "none"
            raise InvalidInputError(
                f"a scale is declared for {name!r}, which nobody rated", remedy=f"rated attributes: {rated}"
            )
    return {name: ratings.scale(declared.get(name)) for name, ratings in seen.items()}


def parse_scale(text: str) -> tuple[str, Bounds]:
    """`helpful=0:4` -> `("helpful", (0.0, 4.0))`, as the command line has it.

    Raises:
        InvalidInputError: for any other shape.

    Example:
        >>> parse_scale("helpful=0:4")
        ('helpful', (0.0, 4.0))
    """
    name, _, bounds = text.rpartition("=")
    low, _, high = bounds.partition(":")
    try:
        scale = Scale(float(low), float(high))
    except (ValueError, PlauditError) as error:
        raise InvalidInputError(f"--scale {text} is not NAME=LOW:HIGH, such as helpful=0:4, with LOW < HIGH") from error
    if not name:
        raise InvalidInputError(f"--scale {text} names no attribute", remedy="write NAME=LOW:HIGH, such as helpful=0:4")
    return name, scale.bounds


@dataclass
class _AttributeRatings:
    """The ratings of one attribute that were read so far.

    Attributes:
        scales: declared scale (None: undeclared) -> ratings.
        extremes: (value, group) of the lowest and highest rating without a scale.
        values: distinct values of ratings without a scale.
        units: place in [0, 1] -> the first such rating with a scale. Neither grows far past `MOST_LEVELS`.
    """

    attribute: str
    scales: Counter[Bounds | None] = field(default_factory=Counter)
    extremes: tuple[tuple[float, str], ...] = ()
    values: set[float] = field(default_factory=set)
    units: dict[float, Rating] = field(default_factory=dict)

    def add(self, group: str, rating: Rating) -> None:
        self.scales[rating.scale] += 1
        if rating.scale is not None:
            if len(self.units) <= MOST_LEVELS:
                self.units.setdefault(round(_unit(rating.value, rating.scale), _DIGITS), rating)
            return
        both = (*self.extremes, (rating.value, group))
        self.extremes = (min(both), max(both))
        if len(self.values) <= MOST_LEVELS:
            self.values.add(rating.value)

    def scale(self, declared: Bounds | None) -> Scale:
        of_ratings = Counter({bounds: count for bounds, count in self.scales.items() if bounds is not None})
        bounds = declared or next((bounds for bounds, _ in of_ratings.most_common(1)), None) or self._inferred()
        for value, group in self.extremes:
            if not bounds[0] <= value <= bounds[1]:
                raise InvalidInputError(
                    f"the group {group} rates {self.attribute} {value:g}, outside its scale {_shown(bounds)}",
                    remedy=f"declare one that holds it with --scale {self.attribute}=LOW:HIGH",
                )
        if len({*of_ratings, *([declared] if declared else [])}) > 1:
            self._warn(of_ratings, bounds)
        return Scale(*bounds, self._levels(bounds))

    def _inferred(self) -> Bounds:
        low, high = (value for value, _ in self.extremes)
        if low == high:
            raise InvalidInputError(
                f"every rating of {self.attribute} is {low:g}, and none declares a scale",
                remedy=f"declare one with --scale {self.attribute}=LOW:HIGH",
            )
        return low, high

    def _levels(self, bounds: Bounds) -> tuple[float, ...] | None:
        places = Scale(*bounds)
        levels = {round(_unit(value, bounds), _DIGITS): value for value in self.values}
        for unit, rating in self.units.items():
            levels.setdefault(unit, rating.value if rating.scale == bounds else places.value(places.unit(rating)))
        return tuple(sorted(map(float, levels.values()))) if len(levels) <= MOST_LEVELS else None

    def _warn(self, of_ratings: Counter[Bounds], bounds: Bounds) -> None:
        counts = [f"{_shown(scale)} ({count:,})" for scale, count in of_ratings.items()]
        if self.scales[None]:
            counts.append(f"none ({self.scales[None]:,}, read by {_shown(bounds)})")
        _log.warning(
            "scales of %s disagree (ratings): %s; each rating is normalised by its own, and results are in %s",
            self.attribute,
            ", ".join(counts),
            _shown(bounds),
        )


def _unit(value: float, bounds: Bounds) -> float:
    low, high = bounds
    return (value - low) / (high - low)


def _shown(bounds: Bounds) -> str:
    return f"[{bounds[0]:g}, {bounds[1]:g}]"
