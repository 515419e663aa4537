"""The examination of a set of judgements: groups in, a diagnosis out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from plaudit._arguments import checked
from plaudit.data import ReadReport, SourceLines
from plaudit.doctor.annotators import disagreeing, one_sided, without_variance
from plaudit.doctor.cleaning import Cleaned, Removal, clean
from plaudit.doctor.contamination import contaminated
from plaudit.doctor.crossfit import OutOfFoldScores, count_judgements, crossfit
from plaudit.doctor.duplicates import empty_responses, identical_responses, opposite_labels
from plaudit.doctor.findings import Item, by_suspicion
from plaudit.doctor.folds import PerGroup, assign_folds, hold_out_units
from plaudit.doctor.label_errors import find_label_errors
from plaudit.doctor.rankings import suspicious_rankings
from plaudit.doctor.ratings import suspicious_ratings
from plaudit.doctor.settings import DoctorSettings
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, each_group
from plaudit.model import check_backbone, is_baseline
from plaudit.scoring import Tell
from plaudit.statistics import Measurement
from plaudit.training import JudgementKinds, TrainingSettings, check_wishes, refuse_explicit, unused_settings

_CHECKS: tuple[Callable[[Sequence[Group]], Iterator[Item]], ...] = (
    disagreeing,
    without_variance,
    opposite_labels,
    identical_responses,
    empty_responses,
)
"""Checks that need the groups and nothing else."""


@dataclass(frozen=True)
class Diagnosis:
    """What an examination showed.

    Attributes:
        items: most suspicious first.
        figures: the flip rate of comparisons with other votes (`flipped`); the share of comparisons without other votes
            that are flipped or too hard for the models (`contradicted`); and how often each predictor agrees with the
            judgements.
        settled: what was selected on the way: models, folds, tau, trust, scales.
        unmeasured: what could not be examined -> why.
        groups: how many were examined.

    Example:
        >>> from plaudit.groups import Group, Ranking
        >>> group = Group("q", "2 + 2?", ("4", "4"), (Ranking(((0,), (1,)), annotator="jun"),))
        >>> diagnosis = diagnose([group])
        >>> [(item.kind, item.action) for item in diagnosis.items], list(diagnosis.unmeasured)
        ([('identical-responses', 'look')], ['models'])
    """

    items: list[Item]
    figures: Mapping[str, Measurement]
    settled: Mapping[str, Any]
    unmeasured: Mapping[str, str]
    groups: int

    @checked
    def cleaned(self, groups: Sequence[Group]) -> Cleaned:
        """The groups with the proposed removals carried out."""
        proposed = (item.target for item in self.items if not item.keep)
        return clean(groups, [Removal(target) for target in proposed if target is not None])

    def to_json(self) -> dict[str, Any]:
        """Counts by kind and figures; the items are the work list."""
        return {
            "groups": self.groups,
            "listed": dict(Counter(item.kind for item in self.items)),
            "proposed_removals": dict(Counter(item.kind for item in self.items if not item.keep)),
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "settled": dict(self.settled),
            "unmeasured": dict(self.unmeasured),
        }


@checked
def diagnose(
    groups: Sequence[Group],
    test: Sequence[Group] | None = None,
    settings: DoctorSettings | None = None,
    *,
    report: ReadReport | None = None,
    tell: Tell | None = None,
    **changes: Any,
) -> Diagnosis:
    """Find the judgements that are probably wrong.

    Args:
        groups: the training data.
        test: the test data, to look for contamination.
        settings: how to examine; by default `DoctorSettings()`.
        report: filled while the groups were read. It knows the order of the rows' responses, and with
            `ReadReport(source_lines=SourceLines())` the lines of the judgements; groups alone know neither.
        tell: called with what is done, how much of it and of how much, before each fit and after the last of a model.
            What a fine-tuned model says on stderr of its own progress is then left out.
        changes: settings to change, by name (`folds=10`); training settings too.

    Raises:
        PlauditError: if there are no groups, a group lacks the field to hold out by, or a setting makes no sense.

    Example:
        >>> from plaudit import load_groups
        >>> diagnosis = diagnose(load_groups("train.jsonl"), folds=2)
        >>> diagnosis.items, str(diagnosis.figures["accuracy_of_models"])
        ([], '1.000 [0.919, 1.000] (n = 60)')
    """
    groups = list(each_group(groups))
    if not groups:
        raise InvalidInputError("there are no groups to diagnose")
    settings = (settings or DoctorSettings()).with_changes(changes)
    for backbone in settings.backbones:
        check_backbone(backbone)
    examination = _Examination(settings, tell)
    examination.judgements(groups)
    for check in _CHECKS:
        examination.items += check(groups)
    if report is not None:
        by_side = {"first": report.positions.one_sided("first"), "last": report.positions.one_sided("last")}
        examination.items += one_sided(by_side, groups)
    examination.items += contaminated(groups, test or [])
    lines = None if report is None else report.source_lines
    return Diagnosis(
        items=by_suspicion([_located(item, lines) for item in examination.items]),
        figures=examination.figures,
        settled=examination.settled,
        unmeasured=examination.unmeasured,
        groups=len(groups),
    )


@dataclass
class _Examination:
    """What is collected for a `Diagnosis`."""

    settings: DoctorSettings
    tell: Tell | None = None
    items: list[Item] = field(default_factory=list)
    figures: Mapping[str, Measurement] = field(default_factory=dict)
    settled: dict[str, Any] = field(default_factory=dict)
    unmeasured: dict[str, str] = field(default_factory=dict)

    def judgements(self, groups: Sequence[Group]) -> None:
        """Rankings and ratings that models and the other judgements contradict."""
        settings = self.settings
        unit = hold_out_units(groups, settings.by)
        out_of_fold, fold = self._cross_fit(groups, unit)
        errors = find_label_errors(groups, out_of_fold, fold, unit, settings.use_other_votes)
        if errors is None:
            self.unmeasured["rankings"] = "no ranking puts one response above another, so none can be contradicted"
        else:
            self.figures = errors.figures
            self.settled |= errors.parameters
            self.items += suspicious_rankings(groups, errors, settings.threshold, settings.threshold_alone)
        items, reasons = suspicious_ratings(groups, out_of_fold, settings.threshold)
        self.items += items
        self.unmeasured |= reasons

    def _cross_fit(self, groups: Sequence[Group], unit: PerGroup) -> tuple[dict[str, list[OutOfFoldScores]], PerGroup]:
        """Model -> its scores under each assignment to folds; and the first assignment [G]."""
        settings, training = self.settings, self.settings.training_settings()
        _check_wishes(training, settings.backbones, groups)
        size = count_judgements(groups, training.ties).astype(np.float64)
        seeds = [settings.seed + number for number in range(settings.repeats)]
        assignments = [assign_folds(unit, size, settings.folds, seed) for seed in seeds]
        backbones = settings.backbones
        if reason := _no_model_reason(unit[size > 0], settings.by):
            self.unmeasured["models"] = reason
            backbones = ()
        out_of_fold = {name: crossfit(groups, name, assignments, training, tell=self.tell) for name in backbones}
        self.settled |= {
            "models": list(out_of_fold),
            "folds": int(assignments[0].max()) + 1,
            "by": settings.by,
            "repeats": settings.repeats,
        }
        return out_of_fold, assignments[0]


def _check_wishes(training: TrainingSettings, backbones: Sequence[str], groups: Sequence[Group]) -> None:
    """What was asked of training, and neither the examination nor its models have a use for."""
    refuse_explicit(
        training, ("validation_share", "baselines", "report_to"), "is of a single run, and has no effect here"
    )
    if all(map(is_baseline, backbones)):
        unused = [set(unused_settings(training, name)) for name in backbones] or [set(training.explicit)]
        models = f"on {', '.join(backbones)}" if backbones else "without a model"
        refuse_explicit(training, sorted(set.intersection(*unused)), f"has no effect {models}")
    check_wishes(training, JudgementKinds.of(groups))


def _no_model_reason(judged: PerGroup, by: str) -> str | None:
    """Why no model can be cross-fitted, given the hold-out units of all groups with judgements; None if one can."""
    count = len(np.unique(judged))
    unit = "prompt" if by == "prompt" else f"value of {by}"
    if count > 1:
        return None
    return (
        f"the judgements are of {count} {unit} (near-duplicates counting as one), and a model needs one to train on "
        "and another to judge; only other judgements count"
    )


def _located(item: Item, lines: SourceLines | None) -> Item:
    """The item with the source line of its target, where that is known."""
    target = item.target
    if lines is None or target is None or target.group is None:
        return item
    return replace(item, where=lines.of(target.group, ranking=target.ranking, rating=target.rating))
