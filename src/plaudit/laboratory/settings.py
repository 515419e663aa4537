"""Settings of a comparison of losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Self

from plaudit.errors import InvalidInputError
from plaudit.laboratory.runs import default_settings
from plaudit.model import PROBE_PREFIX, is_baseline
from plaudit.settings import Rule, Settings, documented, setting
from plaudit.training import TrainingSettings

_TRAINING = default_settings()


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class LaboratorySettings(Settings):
    """How losses are compared.

    Raises:
        InvalidInputError: for fewer than two seeds, or a baseline that is none.

    Example:
        >>> LaboratorySettings().with_changes({"seeds": 5}).seeds
        5
    """

    losses: Sequence[str] | None = setting(None, "names; None: all that apply to the judgements", shown="all")
    seeds: int = setting(
        3,
        "runs of each loss on each split: their spread shows what chance does",
        Rule(lambda value: value >= 2, "at least 2, because one run does not show what luck can do"),
    )
    by: str = setting(
        "prompt",
        "what is never both trained and tested on, and what intervals are clustered by: `prompt`, or a field of `meta`",
    )
    folds: int | None = setting(
        None, "cross-validate over so many folds, so that everything is tested on; None: one split", shown="one split"
    )
    test_share: float = setting(0.2, "the share to test on in one split")
    baselines: Sequence[str] | None = setting(
        None, "names; None: `length`, `bow` and the frozen backbone", shown="all three"
    )
    training: TrainingSettings = setting(  # noqa: RUF009 - makes a field, as the others do
        _TRAINING, "of every run. Its losses do not count; its seed is the first", shown="a head alone"
    )

    def __post_init__(self) -> None:
        Settings.__post_init__(self)
        for name in self.baselines or ():
            if not is_baseline(name):
                remedy = f"there are length, bow and {PROBE_PREFIX}BACKBONE"
                raise InvalidInputError(f"there is no baseline {name!r}", remedy=remedy)

    def with_changes(self, changes: Mapping[str, Any], where: str = "losses", parameters: Iterable[str] = ()) -> Self:
        """These settings with some replaced; names that are not the laboratory's are training settings."""
        names = [one.name for one in fields(self)]
        training = changes.get("training", self.training)
        if not isinstance(training, TrainingSettings):
            training = self.training.with_changes(training, where)
        more = {name: value for name, value in changes.items() if name not in names}
        training = training.with_changes(more, where, [*names, *parameters])
        rest = {name: value for name, value in changes.items() if name in names and name != "training"}
        return replace(Settings.with_changes(self, rest, where), training=training)

    def baselines_for(self, backbone: str) -> tuple[str, ...]:
        """The names of the baselines, each once."""
        if self.baselines is None:
            return "length", "bow", f"{PROBE_PREFIX}{backbone}"
        return tuple(dict.fromkeys(self.baselines))

    @property
    def clusters(self) -> str | None:
        """The field that intervals are clustered by, as `evaluate` takes it; None for the prompt."""
        return None if self.by == "prompt" else self.by
