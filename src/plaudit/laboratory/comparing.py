"""The comparison of losses: judgements in, one table out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.evaluation import check_measurable
from plaudit.groups import Group, each_group
from plaudit.laboratory.candidates import choose_losses
from plaudit.laboratory.jobs import list_jobs, run_jobs
from plaudit.laboratory.measure import BASELINE, measure_runs
from plaudit.laboratory.results import LossComparison
from plaudit.laboratory.runs import is_frozen, prime_features
from plaudit.laboratory.settings import LaboratorySettings
from plaudit.laboratory.splits import Split, cross_validation_splits, single_split
from plaudit.model import check_backbone, is_baseline, shared_features
from plaudit.storage import check_folder, replacing, versions, write_json
from plaudit.training import JudgementKinds, TrainingSettings, check_wishes, refuse_explicit

RESULT, RUNS = "losses.json", "runs"

RESULTS = (RESULT, "losses.md", "comparison.svg", "curves.svg")
"""What a comparison leaves in its folder beside the runs. A folder that holds runs alone was stopped, and goes on."""

Log = Callable[[str], None]
"""Called with a line about each run."""


@checked
def compare_losses(
    groups: Sequence[Group],
    output: str | Path,
    backbone: str = "minilm-l6",
    settings: LaboratorySettings | None = None,
    *,
    log: Log = lambda line: None,
    overwrite: bool = False,
    **changes: Any,
) -> LossComparison:
    """Train the same backbone with each loss over several seeds, and measure all on the same test judgements.

    Where there are rankings and ratings, each loss learns from its own kind, and all are measured on both. A run that
    was done before into the same folder, from the same data and settings, is not repeated.

    Args:
        groups: with rankings, ratings or both.
        output: the folder; runs are kept in its `runs/`, and the result is written to `losses.json`.
        backbone: as in `plaudit.train`, but no baseline.
        settings: how to compare; by default `LaboratorySettings()`.
        log: called with a line about each run.
        overwrite: replace the result of an earlier comparison; runs that stay the same are still not repeated.
        changes: settings to change, by name (`folds=4`); training settings too.

    Raises:
        PlauditError: if there is nothing to compare, a setting makes no sense, or the folder holds more than runs.

    Example:
        >>> from plaudit import load_groups
        >>> chosen = {"losses": ["bradley-terry", "hinge"], "baselines": ["length"]}
        >>> quick = {"seeds": 2, "trainable": "head", "epochs": 1}
        >>> comparison = compare_losses(load_groups("train.jsonl"), "losses", "my-backbone", **chosen, **quick)
        >>> sorted(row.name for row in comparison.rows)
        ['bradley-terry', 'hinge', 'length']
    """
    groups = list(each_group(groups))
    settings = (settings or LaboratorySettings()).with_changes(changes)
    _check_inputs(backbone, output, overwrite)
    _check_wishes(settings.training, groups)
    settings = replace(settings, training=settings.training.as_implied(report_to="none", baselines="none"))
    check_measurable(groups, settings.clusters)
    chosen = choose_losses(groups, settings.training, settings.losses)
    splits = _splits(groups, settings)
    baselines = settings.baselines_for(backbone)
    with shared_features():
        seconds = _prime(groups, backbone, settings, log) if is_frozen(settings.training) else 0.0
        jobs = list_jobs(chosen.candidates, baselines, splits, backbone, settings)
        runs = run_jobs(jobs, Path(output) / RUNS, backbone, log)
    kinds = {candidate.name: candidate.kind for candidate in chosen.candidates} | dict.fromkeys(baselines, BASELINE)
    rows, lead, counts = measure_runs(runs, kinds, [one for split in splits for one in split.test], settings.clusters)
    comparison = LossComparison(
        rows=tuple(rows),
        lead=lead,
        same=chosen.same,
        left_out=chosen.left_out,
        counts=counts,
        record=_record(groups, backbone, settings, seconds),
    )
    _write(comparison, Path(output) / RESULT)
    return comparison


def _check_inputs(backbone: str, output: str | Path, overwrite: bool) -> None:
    """Before any work: what is refused whatever the judgements."""
    if is_baseline(backbone):
        raise InvalidInputError(
            f"{backbone} is fitted by a loss of its own", remedy="choose a pretrained backbone to compare losses on"
        )
    check_backbone(backbone)
    check_folder(output, overwrite=overwrite, files=RESULTS, besides=[RUNS])


def _check_wishes(training: TrainingSettings, groups: Sequence[Group]) -> None:
    """What was asked of training and a comparison of losses decides itself, or has nothing to do here."""
    refuse_explicit(training, ("loss", "rating_loss"), "is what is compared here", "name the losses with --losses")
    refuse_explicit(training, ("baselines",), "is of a single run", "name the plain models with --baselines")
    refuse_explicit(training, ("validation_share", "report_to"), "is of a single run, and has no effect here")
    check_wishes(training, JudgementKinds.of(groups))


def _write(comparison: LossComparison, file: Path) -> None:
    with replacing(file) as temporary:
        write_json(temporary, comparison.to_json())


def _splits(groups: Sequence[Group], settings: LaboratorySettings) -> list[Split]:
    seed = settings.training.seed
    if settings.folds:
        return cross_validation_splits(groups, settings.folds, seed, settings.by)
    return [single_split(groups, settings.test_share, seed, settings.by)]


def _prime(groups: Sequence[Group], backbone: str, settings: LaboratorySettings, log: Log) -> float:
    """Read all responses with the frozen backbone, once for all runs; the seconds it took."""
    log(f"reading {sum(len(group.responses) for group in groups):,} responses with {backbone}")
    started = time.monotonic()
    prime_features(groups, backbone, settings.training)
    return time.monotonic() - started


def _record(groups: Sequence[Group], backbone: str, settings: LaboratorySettings, seconds: float) -> dict[str, Any]:
    return {
        "backbone": backbone,
        "settings": settings.training.to_dict(),
        "seeds": settings.seeds,
        "by": settings.by,
        "groups": len(groups),
        "folds": settings.folds,
        "test": None if settings.folds else settings.test_share,
        "feature_seconds": round(seconds, 1),
        "versions": versions(),
    }
