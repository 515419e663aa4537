"""Known answers: which a group has, in the form of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from plaudit.errors import DataError
from plaudit.groups import Group
from plaudit.labelling.settings import LabellingSettings

_RANKED = "give it a ranking that is no tie, or ratings of an attribute of the project"
_GOLD_OF = {
    "pair": "give it a ranking of two answers that is no tie, or ratings of an attribute of the project",
    "rank": _RANKED,
    "best-worst": _RANKED,
    "rate": "give it ratings of an attribute of the project",
}


def check_gold(
    groups: Iterable[Group], settings: LabellingSettings, source: str = "", lines: Mapping[str, str] | None = None
) -> None:
    """Raise unless every group has a known answer, so that no project is left half made.

    Args:
        groups: of known answer.
        settings: of the project.
        source: the file they came from, for errors.
        lines: group id -> `file:line`.

    Raises:
        DataError: with the line of the first that has none.

    Example:
        >>> check_gold([Group("q1", "Name a colour.", ("Red.", "Seven."))], LabellingSettings())
        Traceback (most recent call last):
        ...
        plaudit.errors.DataError: the group 'q1' has no answer that a question of mode `pair` could have; ...
    """
    for group in groups:
        known_answer(group, settings, (lines or {}).get(group.id, source))


def known_answer(group: Group, settings: LabellingSettings, where: str) -> dict[str, Any]:
    """The known answer of a group, which must have one."""
    known = gold_answer(group, settings)
    if known is None:
        what = f"the group {group.id!r} has no answer that a question of mode `{settings.mode}` could have"
        raise DataError(f"{where}: {what}" if where else what, remedy=_GOLD_OF[settings.mode])
    return known


def gold_answer(group: Group, settings: LabellingSettings) -> dict[str, Any] | None:
    """The known answer of a group, in the form of an answer; None if it has none that fits the mode."""
    known: dict[str, Any] = {}
    if settings.mode != "rate" and group.rankings:
        known["tiers"] = [list(tier) for tier in group.rankings[0].tiers]
        known["of"] = sorted(one for tier in group.rankings[0].tiers for one in tier)
        # A tie decides nothing: whatever is answered, it could not be compared.
        if len(known["tiers"]) < 2 or (settings.mode == "pair" and len(known["of"]) != 2):
            return None
    names = {one.name for one in settings.rated}
    rated = [one for one in group.ratings if one.attribute in names]
    if rated:
        known["ratings"] = [{"response": one.response, "attribute": one.attribute, "value": one.value} for one in rated]
    return known or None
