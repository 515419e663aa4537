"""Who is named, and why: habits beyond chance, with at most one in a hundred of the named expected to be wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def named(people: Sequence[Mapping[str, Any]], everyone: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Why somebody is worth a talk: `why` is "first", "after", "longer", "shorter", "disagrees" or "hasty".

    Nobody's judgements are left out for that.

    Args:
        people: each with figures.
        everyone: figures of all.

    Example:
        >>> first = {"value": 0.9, "low": 0.8, "high": 0.95, "n": 50, "named": True}
        >>> [(one["name"], one["why"]) for one in named([{"person": "a1", "name": "Ann", "first": first}], {})]
        [('Ann', 'first')]
    """
    told = []
    for one in people:
        who = {"person": one["person"], "name": one["name"]}
        for habit, more, less, usual in (
            ("first", "first", "after", 0.5),
            ("longer", "longer", "shorter", everyone.get("longer", {}).get("value")),
            ("others", "disagrees", "disagrees", one.get("others", {}).get("crowd")),
        ):
            figure = one.get(habit, {})
            if figure.get("named") and figure.get("value") is not None and usual is not None:
                why = more if figure["value"] > usual else less
                ends = {name: figure.get(name) for name in ("value", "low", "high", "n")}
                told.append({**who, "why": why, "usual": usual, **ends})
        if one.get("hasty"):
            ends = {name: one["fast"].get(name) for name in ("value", "low", "high", "n")}
            told.append({**who, "why": "hasty", "usual": everyone.get("fast", {}).get("value"), **ends})
    return told
