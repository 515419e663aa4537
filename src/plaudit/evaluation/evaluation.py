"""All measurements of one model on one set of judgements, with what they must be read against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.errors import PlauditError
from plaudit.evaluation.comparisons import NO_SUBSET, Comparisons, flatten
from plaudit.evaluation.intervals import LEVEL, Measurement
from plaudit.evaluation.measurements import MEASUREMENTS, RIVALS, human_accuracy
from plaudit.evaluation.top1 import Choice, choices, top1
from plaudit.groups import Group

Measurements = Mapping[str, Measurement]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured.

    Attributes:
        overall: measurements by name, `accuracy` first.
        subsets: the same for each subset, in the order of the data; empty where the data have none.
        counts: groups, comparisons and so on, and everything that could not take part.
        clusters: what intervals are clustered by, "prompt" or a meta field.
    """

    overall: Measurements
    subsets: Mapping[str, Measurements]
    counts: Mapping[str, int]
    clusters: str

    def to_json(self) -> dict[str, Any]:
        """One object: each measurement under its own name, then `subsets`, `counts`, `clusters` and `level`."""
        return {
            **_to_json(self.overall),
            "subsets": {name: _to_json(measured) for name, measured in self.subsets.items()},
            "counts": dict(self.counts),
            "clusters": self.clusters,
            "level": LEVEL,
        }


def evaluate(
    groups: Sequence[Group],
    scores: Sequence[Sequence[float]],
    *,
    clusters: str | None = None,
    people: Sequence[Group] | None = None,
    counts: Mapping[str, int] | None = None,
) -> Evaluation:
    """Measure scores against judgements.

    Args:
        groups: what people said.
        scores: one score for each response of each group, in the same order.
        clusters: a meta field whose value is shared by groups that may be alike (a debate, a document); by default,
            groups with the same prompt are.
        people: the same groups before their annotators were merged (`plaudit.data.majority`), for the human ceiling.
        counts: more to report beside the counts made here, such as `truncated`.

    Raises:
        PlauditError: if there is nothing to compare, a compared response has no finite score, or `clusters` is missing.
    """
    compared = flatten(groups, scores, clusters)
    if not len(compared):
        rated = sum(bool(group.ratings) for group in groups)
        raise PlauditError(
            f"nothing to measure: none of the {len(groups)} groups has a ranking of two responses"
            + (f" ({rated} have ratings, which are not measured yet)" if rated else "")
            + "; give data with judgements"
        )
    voted = compared if people is None else flatten(people, scores, clusters)
    chosen = choices(groups, scores, clusters)
    names = dict.fromkeys(group.subset or NO_SUBSET for group in groups)
    return Evaluation(
        overall=_measure(compared, voted, chosen),
        subsets={
            name: _measure(
                compared[compared.subset == name], voted[voted.subset == name], [c for c in chosen if c[0] == name]
            )
            for name in names
            if names.keys() != {NO_SUBSET}
        },
        counts={**_counts(groups, compared), **(counts or {})},
        clusters=clusters or "prompt",
    )


def _measure(compared: Comparisons, voted: Comparisons, chosen: Sequence[Choice]) -> Measurements:
    measured = {name: measure(compared) for name, measure in {**MEASUREMENTS, **RIVALS}.items()}
    measured["human_accuracy"] = human_accuracy(voted)
    if chosen:
        measured |= {"top1": top1(chosen), "top1_chance": top1(chosen, random=True)}
    return measured


def _counts(groups: Sequence[Group], compared: Comparisons) -> dict[str, int]:
    return {
        "groups": len(groups),
        "groups_without_comparisons": len(groups) - len(np.unique(compared.group)),
        "responses": sum(len(group.responses) for group in groups),
        "comparisons": len(compared),
        "ties": int(compared.tie.sum()),
        "equal_scores": int(((compared.gap == 0) & ~compared.tie).sum()),
        "clusters": len(np.unique(compared.cluster)),
        "ratings_not_measured": sum(len(group.ratings) for group in groups),
    }


def _to_json(measured: Measurements) -> dict[str, Any]:
    return {name: measurement.to_json() for name, measurement in measured.items()}
