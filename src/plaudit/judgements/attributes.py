"""What was rated: each attribute's values, the scales its ratings declare, and the responses that lack it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from plaudit.data import Bounds
from plaudit.groups import Group


@dataclass(frozen=True, slots=True)
class AttributeSummary:
    """The ratings of one attribute.

    Attributes:
        ratings: how many.
        low, high: the lowest and the highest value seen. Where they are the same there is one class only.
        scales: (declared scale, ratings), the most frequent first; None for those that declare none.
        missing: responses that were rated on another attribute but not on this.
    """

    ratings: int
    low: float
    high: float
    scales: tuple[tuple[Bounds | None, int], ...]
    missing: int


@dataclass
class AttributeTally:
    """`Rated` for each attribute over a stream of groups."""

    _rated: int = 0
    _responses: Counter[str] = field(default_factory=Counter)
    _ranges: dict[str, Bounds] = field(default_factory=dict)
    _scales: dict[str, Counter[Bounds | None]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, group: Group) -> None:
        for rating in group.ratings:
            low, high = self._ranges.get(rating.attribute, (rating.value, rating.value))
            self._ranges[rating.attribute] = min(low, rating.value), max(high, rating.value)
            self._scales[rating.attribute][rating.scale] += 1
        self._rated += len({rating.response for rating in group.ratings})
        said = {(rating.response, rating.attribute) for rating in group.ratings}
        self._responses.update(attribute for _, attribute in said)

    def result(self) -> dict[str, AttributeSummary]:
        """Attribute -> what was said of it, in the order of first appearance."""
        return {
            name: AttributeSummary(
                scales.total(), *self._ranges[name], tuple(scales.most_common()), self._rated - self._responses[name]
            )
            for name, scales in self._scales.items()
        }
