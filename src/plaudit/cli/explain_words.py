"""The numbers and the words of an explanation on screen: how many digits, and what each word means."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable

from plaudit.explaining import Explanation

_DIGITS = 3
"""Digits of the largest of some numbers that count, and decimals at least."""

_ROUNDING = 1e-7
"""Below this a number is taken for the rounding of a sum, and is shown as 0."""

_REFERENCE = (
    "reference: the score of an answer of as many tokens that say nothing, from which contributions lead to the score; "
    "what they miss of the way is unexplained"
)
# What stands on the screen -> whether it does so for an explanation.
_MEANINGS: dict[str, Callable[[Explanation], bool]] = {
    _REFERENCE: lambda e: e.steps is not None,
    "worth: the score, minus the score without this part": lambda e: bool(e.sentences),
    "tokens: what the part's tokens contributed, in all": lambda e: bool(e.sentences) and e.baseline is not None,
    "reward here: the reward read at the part's end; blank where none was read": lambda e: (
        bool(e.sentences) and e.kind is not None
    ),
    "shuffled weights: near 0 where contributions show what was learned, and not the text alone": lambda e: (
        e.randomised is not None
    ),
}


def meanings(explanations: Collection[Explanation]) -> list[str]:
    """A line for each word that these explanations need on a screen."""
    return [meaning for meaning, stands in _MEANINGS.items() if any(map(stands, explanations))]


def shape(values: Iterable[float | None]) -> str:
    """A format for numbers that stand together, in which the largest of them has three digits that count."""
    sizes = [abs(value) for value in values if value is not None and math.isfinite(value)]
    largest = max((size for size in sizes if size >= _ROUNDING), default=1.0)
    return f"{{:+z.{max(_DIGITS, _DIGITS - 1 - math.floor(math.log10(largest)))}f}}"


def part_of(explanation: Explanation) -> str:
    """What a part is, in words: "sentence", or "3 sentences" where so many were left out together."""
    together = explanation.each is not None and explanation.each > 1
    return f"{explanation.each:,} {explanation.unit}s" if together else str(explanation.unit)
