"""A summary of the explanations of many responses, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from plaudit.explaining import Explanation, MethodAgreement
from plaudit.statistics import Measurement, mean


@dataclass(frozen=True, slots=True)
class Summary:
    """Over n explanations.

    Attributes:
        n: how many.
        agreement: mean rank correlation of attributions with ablation effects, over the responses that have one.
        randomised: mean rank correlation of attributions ("signed"), and of their absolute values ("sizes"), with those
            under shuffled weights; none if that was not checked.
        incomplete: responses whose attributions miss what they explain by more than the tolerance.
    """

    n: int
    agreement: Measurement
    randomised: dict[str, Measurement]
    incomplete: int

    def to_json(self) -> dict[str, Any]:
        return {
            "agreement": self.agreement.to_json(),
            "randomised": {name: value.to_json() for name, value in self.randomised.items()},
            "incomplete": self.incomplete,
        }


def summarise(explanations: Sequence[Explanation]) -> Summary:
    """Means over responses, their intervals clustered by group."""
    # The group of --prompt has no id; its responses are one cluster all the same.
    cluster_of = {group: number for number, group in enumerate(dict.fromkeys(e.group for e in explanations))}

    def mean_of(agreement_of: Callable[[Explanation], MethodAgreement | None]) -> Measurement:
        agreements = [(agreement_of(e), cluster_of[e.group]) for e in explanations]
        known = [(a.value, cluster) for a, cluster in agreements if a is not None and a.value is not None]
        values = np.array([value for value, _ in known], dtype=np.float64)
        clusters = np.array([cluster for _, cluster in known], dtype=np.int64)
        return mean(values, np.ones(len(known)), clusters, (-1.0, 1.0))

    checked = any(explanation.randomised for explanation in explanations)
    return Summary(
        n=len(explanations),
        agreement=mean_of(lambda e: e.agreement),
        randomised={
            "signed": mean_of(lambda e: e.randomised[0] if e.randomised else None),
            "sizes": mean_of(lambda e: e.randomised[1] if e.randomised else None),
        }
        if checked
        else {},
        incomplete=sum(explanation.complete is False for explanation in explanations),
    )
