"""The result of a comparison of losses: the rows of one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plaudit.laboratory.seed_averages import Lead, SeedAverage
from plaudit.statistics import LEVEL


@dataclass(frozen=True, slots=True)
class ResultRow:
    """A loss, or a baseline.

    Attributes:
        name: of the loss, or of the baseline as `--backbone` has it.
        kind: what it learned from: `rankings` or `ratings`; `plain` for a baseline.
        rankings: figures of comparisons by name; none where nobody ranked.
        ratings: figures of each rated attribute.
        to_first: the leading figure minus the first row's, paired; None in the first row.
        to_best_loss: the same for the best loss; None in its row.
        seconds: of one training run, mean over seeds and splits.
    """

    name: str
    kind: str
    rankings: Mapping[str, SeedAverage]
    ratings: Mapping[str, Mapping[str, SeedAverage]]
    to_first: SeedAverage | None
    to_best_loss: SeedAverage | None
    seconds: float

    def figures_of(self, attribute: str | None) -> Mapping[str, SeedAverage]:
        """Those of a rated attribute, or of the rankings for None."""
        return self.rankings if attribute is None else self.ratings[attribute]

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "kind": self.kind,
            "rankings": _to_json(self.rankings),
            "ratings": {attribute: _to_json(figures) for attribute, figures in self.ratings.items()},
            "to_first": self.to_first and self.to_first.to_json(),
            "to_best_loss": self.to_best_loss and self.to_best_loss.to_json(),
            "seconds": round(self.seconds, 2),
        }


@dataclass(frozen=True, slots=True)
class LossComparison:
    """The result of a comparison of losses.

    Attributes:
        rows: best first by the leading figure.
        lead: that figure.
        same: a loss that was not run -> the one it is equivalent to on these judgements.
        left_out: a loss that does not apply -> why.
        counts: of what was measured on, as in an Evaluation.
        record: backbone, settings, seeds, how the data were split, and versions.

    Example:
        >>> from plaudit.laboratory.seed_averages import Lead, SeedAverage
        >>> figures = {"accuracy": SeedAverage(0.75, 0.70, 0.80, spread=0.01, n=400)}
        >>> row = ResultRow("bradley-terry", "rankings", figures, {}, to_first=None, to_best_loss=None, seconds=1.5)
        >>> comparison = LossComparison((row,), Lead(None, "accuracy"), same={}, left_out={}, counts={}, record={})
        >>> print(comparison.rows[0].figures_of(comparison.lead.attribute)[comparison.lead.name])
        0.750 [0.700, 0.800] (n = 400), sd over seeds 0.010
    """

    rows: tuple[ResultRow, ...]
    lead: Lead
    same: Mapping[str, str]
    left_out: Mapping[str, str]
    counts: Mapping[str, int]
    record: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": [row.to_json() for row in self.rows],
            "lead": {"attribute": self.lead.attribute, "name": self.lead.name},
            "same": dict(self.same),
            "left_out": dict(self.left_out),
            "counts": dict(self.counts),
            "level": LEVEL,
            "record": dict(self.record),
        }


def _to_json(figures: Mapping[str, SeedAverage]) -> dict[str, Any]:
    return {name: figure.to_json() for name, figure in figures.items()}
