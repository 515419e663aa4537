"""Settings of a comparison of losses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.laboratory.runs import default_settings
from plaudit.model import PROBE_PREFIX, is_baseline
from plaudit.training import TrainingSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratorySettings:
    """How losses are compared.

    Attributes:
        losses: names; None: all that apply to the judgements.
        seeds: runs of each loss on each split, 2 or more: their spread shows what chance does.
        by: what is never both trained and tested on, and what intervals are clustered by: `prompt`, or a field of
            `meta`.
        folds: cross-validate over so many folds, so that everything is tested on; None: one split.
        test_share: the share to test on in one split.
        baselines: names; None: `length`, `bow` and the frozen backbone.
        training: of every run. Its losses do not count; its seed is the first.

    Raises:
        InvalidInputError: for fewer than two seeds, or a baseline that is none.

    Example:
        >>> LaboratorySettings().with_changes({"seeds": 5}).seeds
        5
    """

    losses: Sequence[str] | None = None
    seeds: int = 3
    by: str = "prompt"
    folds: int | None = None
    test_share: float = 0.2
    baselines: Sequence[str] | None = None
    training: TrainingSettings = field(default_factory=default_settings)

    def __post_init__(self) -> None:
        if self.seeds < 2:
            raise InvalidInputError(
                f"seeds is {self.seeds}", remedy="give 2 or more, because one run does not show what luck can do"
            )
        for name in self.baselines or ():
            if not is_baseline(name):
                remedy = f"there are length, bow and {PROBE_PREFIX}BACKBONE"
                raise InvalidInputError(f"there is no baseline {name!r}", remedy=remedy)

    def with_changes(self, changes: Mapping[str, Any]) -> LaboratorySettings:
        """These settings with some replaced; names that are not the laboratory's are training settings."""
        names = {one.name for one in fields(self)}
        changed = replace(self, **{name: value for name, value in changes.items() if name in names})
        training = {name: value for name, value in changes.items() if name not in names}
        return replace(changed, training=changed.training.with_changes(training, "losses"))

    def baselines_for(self, backbone: str) -> tuple[str, ...]:
        """The names of the baselines, each once."""
        if self.baselines is None:
            return "length", "bow", f"{PROBE_PREFIX}{backbone}"
        return tuple(dict.fromkeys(self.baselines))

    @property
    def clusters(self) -> str | None:
        """The field that intervals are clustered by, as `evaluate` takes it; None for the prompt."""
        return None if self.by == "prompt" else self.by
