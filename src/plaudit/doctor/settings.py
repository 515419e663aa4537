"""Settings of an examination."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from plaudit.doctor.rankings import REMOVED, REMOVED_ALONE
from plaudit.settings import SEED, Rule, Settings, at_least, documented, setting
from plaudit.training import TrainingSettings

BACKBONES = ("bow", "length")
"""Models that take seconds and no backbone. A frozen one ranks flips on UKP no better (docs/doctor.md)."""


_PROBABILITY = Rule(lambda value: 0 < value <= 1, "above 0 and at most 1")


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorSettings(Settings):
    """How a set of judgements is examined.

    Example:
        >>> DoctorSettings(folds=10).with_changes({"by": "subset", "learning_rate": 1e-4}).training
        {'learning_rate': 0.0001}
    """

    backbones: Sequence[str] = setting(
        BACKBONES,
        "the models that are cross-fitted, as for `plaudit train`. Without any, only other judgements of the same "
        "group count",
        shown="`bow,length`",
    )
    folds: int = setting(5, "folds of the cross-fitting: each model is trained so many times", at_least(2))
    by: str = setting(
        "prompt", "what is held out as a whole: `prompt` (with its near-duplicates), `subset`, or a field of `meta`"
    )
    repeats: int = setting(
        1, "assignments of the groups to folds, over which a model's scores are averaged", at_least(1)
    )
    threshold: float = setting(
        REMOVED, "probability of being wrong from which a judgement's removal is proposed", _PROBABILITY
    )
    threshold_alone: float = setting(
        REMOVED_ALONE,
        "the same for rankings without other votes, where the models alone count; 1: never",
        _PROBABILITY,
    )
    seed: int = setting(0, "of the assignments to folds, and of training", SEED)
    use_other_votes: bool = setting(True, "whether the other judgements of a group count, beside the models")
    training: Mapping[str, Any] = setting({}, "training settings to change, by name", shown="nothing")

    def with_changes(self, changes: Mapping[str, Any], where: str = "doctor", parameters: Iterable[str] = ()) -> Self:
        """These settings with some replaced; names that are not the doctor's are training settings."""
        names = [one.name for one in fields(self)]
        training = {name: value for name, value in changes.items() if name not in names}
        # Asked now, so that a name neither has is refused before anything is trained, with the name that is meant.
        TrainingSettings().with_changes(training, where, [*names, *parameters])
        rest = {name: value for name, value in changes.items() if name in names}
        changed = Settings.with_changes(self, rest, where)
        return replace(changed, training={**changed.training, **training})

    def training_settings(self) -> TrainingSettings:
        """The settings of the models that are cross-fitted.

        Raises:
            PlauditError: for a name in `training` that is no setting.
        """
        return TrainingSettings().as_implied(seed=self.seed, folds_by=self.by).with_changes(self.training, "doctor")
