"""Settings of an examination."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from plaudit.doctor.rankings import REMOVED, REMOVED_ALONE
from plaudit.errors import InvalidInputError
from plaudit.training import TrainingSettings

BACKBONES = ("bow", "length")
"""Models that take seconds and no backbone. A frozen one ranks flips on UKP no better (docs/doctor.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorSettings:
    """How a set of judgements is examined.

    Attributes:
        backbones: the models that are cross-fitted, as for `plaudit train`. Without any, only other judgements of the
            same group count.
        folds: folds of the cross-fitting: each model is trained so many times, on all folds but one.
        by: what is held out as a whole: `prompt` (with its near-duplicates), `subset`, or a field of `meta`.
        repeats: assignments of the groups to folds, over which a model's scores are averaged.
        threshold: probability of being wrong from which a judgement's removal is proposed.
        threshold_alone: the same for rankings without other votes, where the models alone count; 1: never.
        seed: of the assignments to folds, and of training.
        use_other_votes: whether the other judgements of a group count, beside the models.
        training: training settings to change, by name.

    Raises:
        InvalidInputError: for values that make no sense.

    Example:
        >>> DoctorSettings(folds=10).with_changes({"by": "subset", "learning_rate": 1e-4}).training
        {'learning_rate': 0.0001}
    """

    backbones: Sequence[str] = BACKBONES
    folds: int = 5
    by: str = "prompt"
    repeats: int = 1
    threshold: float = REMOVED
    threshold_alone: float = REMOVED_ALONE
    seed: int = 0
    use_other_votes: bool = True
    training: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        thresholds = self.threshold, self.threshold_alone
        if self.folds < 2 or self.repeats < 1 or not 0 < min(thresholds) <= max(thresholds) <= 1:
            raise InvalidInputError(
                f"folds={self.folds}, repeats={self.repeats}, thresholds {self.threshold:g} and "
                f"{self.threshold_alone:g}: it takes at least 2 folds, 1 repeat and probabilities in (0, 1]"
            )

    def with_changes(self, changes: Mapping[str, Any]) -> DoctorSettings:
        """These settings with some replaced; names that are not the doctor's are training settings."""
        names = {one.name for one in fields(self)}
        training = {name: value for name, value in changes.items() if name not in names}
        rest = {name: value for name, value in changes.items() if name in names}
        changed = replace(self, **rest)
        return replace(changed, training={**changed.training, **training})

    def training_settings(self) -> TrainingSettings:
        """The settings of the models that are cross-fitted.

        Raises:
            PlauditError: for a name in `training` that is no setting.
        """
        return TrainingSettings(seed=self.seed, folds_by=self.by).with_changes(self.training, "doctor")
