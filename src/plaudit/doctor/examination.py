"""The whole examination: groups in, a diagnosis out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from plaudit.data import AlwaysFirst, SourceLines
from plaudit.doctor.annotators import disagreeing, one_sided, without_variance
from plaudit.doctor.cleaning import Cleaned, Order, clean
from plaudit.doctor.contamination import contaminated
from plaudit.doctor.crossfit import crossfit, judgements
from plaudit.doctor.duplicates import empty_responses, identical_responses, opposite_labels
from plaudit.doctor.findings import Item, by_suspicion
from plaudit.doctor.folds import Ints, deal_folds, units
from plaudit.doctor.label_errors import suspect
from plaudit.doctor.rankings import REMOVED, REMOVED_ALONE, suspicious_rankings
from plaudit.doctor.ratings import suspicious_ratings
from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.statistics import Measurement
from plaudit.training import TrainingSettings

BACKBONES = ("bow", "length")
"""Models that take seconds and no backbone. A frozen one ranks flips on UKP no better (docs/doctor.md)."""

FOLDS = 5

_LOOKS: tuple[Callable[[Sequence[Group]], Iterator[Item]], ...] = (
    disagreeing,
    without_variance,
    opposite_labels,
    identical_responses,
    empty_responses,
)
"""What needs the groups and nothing else."""


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        items: most suspicious first.
        figures: the share of `flipped` comparisons where others are heard; where models speak alone, that of
            `contradicted` ones (flipped, or beyond the models); and how often each agrees with what was said.
        settled: what was chosen on the way: models, folds, tau, trust, scales.
        unmeasured: what could not be examined -> why.
        groups: how many were examined.
    """

    items: list[Item]
    figures: Mapping[str, Measurement]
    settled: Mapping[str, Any]
    unmeasured: Mapping[str, str]
    groups: int

    def cleaned(self, groups: Sequence[Group]) -> Cleaned:
        """The groups with the proposed removals carried out."""
        return clean(groups, [Order(item.target) for item in self.items if item.target is not None and not item.keep])

    def to_json(self) -> dict[str, Any]:
        """Counts by kind and figures; the items are the work list."""
        return {
            "groups": self.groups,
            "listed": dict(Counter(item.kind for item in self.items)),
            "proposed_removals": dict(Counter(item.kind for item in self.items if not item.keep)),
            "figures": {name: one.to_json() for name, one in self.figures.items()},
            "settled": dict(self.settled),
            "unmeasured": dict(self.unmeasured),
        }


def diagnose(
    groups: Sequence[Group],
    test: Sequence[Group] | None = None,
    *,
    backbones: Sequence[str] = BACKBONES,
    folds: int = FOLDS,
    by: str = "prompt",
    repeats: int = 1,
    removed: float = REMOVED,
    alone: float = REMOVED_ALONE,
    seed: int = 0,
    others: bool = True,
    sides: Mapping[str, Sequence[AlwaysFirst]] | None = None,
    places: SourceLines | None = None,
    **changes: Any,
) -> Diagnosis:
    """Examine judgements.

    Args:
        groups: the training data.
        test: the test data; None: contamination is not looked for.
        backbones: the models that are cross-fitted, as for `plaudit train`; none: only other judgements are heard.
        folds: each model is trained so many times, on all folds but one.
        by: what is held out whole: `prompt` (with its near-duplicates), `subset`, or a field of `meta`.
        repeats: deals of the groups into folds, over which a model's scores are averaged.
        removed: the probability of being wrong from which a judgement's removal is proposed.
        alone: the same for rankings about which models speak alone; 1: never.
        seed: of the deals.
        others: whether other judgements of the same group are heard.
        sides: who always had one side on top (`ReadReport.positions`), by side; groups alone do not tell.
        places: where judgements were read (`ReadReport.source_lines`).
        changes: training settings to change.

    Raises:
        PlauditError: if there are no groups, `by` names a field that a group lacks, or a setting makes no sense.
    """
    if not groups:
        raise PlauditError("there are no groups to diagnose")
    if folds < 2 or repeats < 1 or not 0 < min(removed, alone) <= max(removed, alone) <= 1:
        raise PlauditError(
            f"folds={folds}, repeats={repeats}, thresholds {removed:g} and {alone:g}: it takes at least 2 folds, 1 "
            "repeat and probabilities in (0, 1]"
        )
    settings = TrainingSettings(seed=seed, folds_by=by).with_changes(changes, "doctor")
    unmeasured: dict[str, str] = {}
    unit = units(groups, by)
    size = judgements(groups, settings.ties).astype(np.float64)
    deals = [deal_folds(unit, size, folds, seed + number) for number in range(repeats)]
    if reason := _nobody_to_judge(unit[size > 0], by):
        unmeasured["models"] = reason
        backbones = ()
    held = {name: crossfit(groups, name, deals, settings) for name in backbones}
    items: list[Item] = []
    figures: Mapping[str, Measurement] = {}
    settled: dict[str, Any] = {"models": list(held), "folds": int(deals[0].max()) + 1, "by": by, "repeats": repeats}
    found = suspect(groups, held, deals[0], unit, others)
    if found is None:
        unmeasured["rankings"] = "no ranking puts one response above another, so none can be contradicted"
    else:
        figures, settled = found.figures, settled | dict(found.settled)
        items += suspicious_rankings(groups, found, removed, alone)
    ratings, reasons = suspicious_ratings(groups, held, removed)
    items += ratings
    unmeasured |= reasons
    for look in _LOOKS:
        items += look(groups)
    items += one_sided(sides or {}, groups)
    items += contaminated(groups, test or [])
    return Diagnosis(by_suspicion([_placed(item, places) for item in items]), figures, settled, unmeasured, len(groups))


def _nobody_to_judge(judged: Ints, by: str) -> str | None:
    """Why no model can be held out, given the units of all groups with judgements; None if one can."""
    count = len(np.unique(judged))
    what = "prompt" if by == "prompt" else f"value of {by}"
    if count > 1:
        return None
    return (
        f"the judgements are of {count} {what} (near-duplicates counting as one), and a model needs one to train on "
        "and another to judge; only other judgements are heard"
    )


def _placed(item: Item, places: SourceLines | None) -> Item:
    target = item.target
    if places is None or target is None or target.group is None:
        return item
    return replace(item, where=places.of(target.group, ranking=target.ranking, rating=target.rating))
