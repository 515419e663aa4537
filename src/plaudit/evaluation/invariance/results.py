"""Results of the checks of one score, and their shape in JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.storage import Fields


@dataclass(frozen=True, slots=True)
class Checked:
    """One way of scoring beside the ordinary one.

    Attributes:
        name: of the way.
        largest: largest absolute difference of a score; None where there is none to tell.
        in_sd: the same in sd of the rewards; None where they have no spread.
        tolerance: what `in_sd` may be.
        flips: pairs of responses to one prompt that the two ways put in different orders.
        pairs: of how many.
        n: responses scored.
        ok: whether the scores are the same to the tolerance; None where the check does not apply.
        reason: why it does not, or what is wrong besides the figures.

    Example:
        >>> from plaudit import Group, Ranking, check_invariance, train
        >>> group = Group("q", "2 + 2?", ("It is 4.", "5"), (Ranking(((0,), (1,))),))
        >>> check = check_invariance(train([group], "longer", backbone="length"), [group]).checks[0]
        >>> check.name, check.ok, check.flips, check.pairs
        ('again', True, 0, 1)
    """

    name: str
    largest: float | None
    in_sd: float | None
    tolerance: float
    flips: int
    pairs: int
    n: int
    ok: bool | None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        names = ("name", "largest", "in_sd", "tolerance", "flips", "pairs", "n", "ok", "reason")
        return {name: value for name in names if (value := getattr(self, name)) is not None or name != "reason"}

    @classmethod
    def from_json(cls, row: Fields) -> Checked:
        """The inverse of `to_json`."""
        return cls(
            name=row.text("name"),
            largest=row.optional_number("largest"),
            in_sd=row.optional_number("in_sd"),
            tolerance=row.number("tolerance"),
            flips=row.integer("flips"),
            pairs=row.integer("pairs"),
            n=row.integer("n"),
            ok=row.optional_flag("ok"),
            reason=row.optional_text("reason"),
        )


@dataclass(frozen=True, slots=True)
class Invariance:
    """What every check found of one model; `sd` is its reward spread, NaN where it has none.

    Example:
        >>> from plaudit import Group, Ranking, check_invariance, train
        >>> group = Group("q", "2 + 2?", ("It is 4.", "5"), (Ranking(((0,), (1,))),))
        >>> invariance = check_invariance(train([group], "length", backbone="length"), [group])
        >>> invariance.broken, [check.name for check in invariance.checks if check.ok is None]
        ([], ['padded no forest', 'transformers padded right', 'transformers padded left', 'other precision'])
    """

    sd: float
    groups: int
    checks: Sequence[Checked]

    @property
    def broken(self) -> list[Checked]:
        return [check for check in self.checks if check.ok is False]

    def to_json(self) -> dict[str, Any]:
        sd = self.sd if math.isfinite(self.sd) else None
        return {"sd": sd, "groups": self.groups, "checks": [check.to_json() for check in self.checks]}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Invariance:
        """The inverse of `to_json`.

        Raises:
            ValueError: if it is of another shape.
        """
        fields = Fields.of(row, '"invariance"')
        sd = fields.optional_number("sd")
        checks = [Checked.from_json(check) for check in fields.objects("checks")]
        return cls(math.nan if sd is None else sd, fields.integer("groups"), checks)
