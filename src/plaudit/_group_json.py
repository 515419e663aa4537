"""The JSON shape of a group (docs/formats.md), and what a group must be: the checks behind `plaudit.groups`.

Everything here works on plain values, so that `groups.py` can be read for its idea alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from plaudit._arguments import with_article
from plaudit.errors import GroupError

_GROUP = {"id", "prompt", "responses", "rankings", "ratings", "subset", "tools", "meta"}
_RANKING = {"tiers", "strength", "annotator", "weight"}
_RATING = {"response", "value", "attribute", "annotator", "weight", "scale"}


def group_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of `Group` from its JSON object; of each ranking and rating, the arguments of their class."""
    if unknown := sorted(set(row) - _GROUP):
        raise GroupError(f"unknown field {unknown[0]!r}", remedy='anything of your own belongs under "meta"')
    for name in ("prompt", "responses"):
        if row.get(name) is None:
            raise GroupError(f"the field {name!r} is missing")
    if isinstance(row["responses"], str) or not isinstance(row["responses"], Sequence):
        raise GroupError('"responses" must be a list')
    return {
        "id": "" if row.get("id") is None else str(row["id"]),
        "prompt": text_of(row["prompt"]),
        "responses": tuple(map(text_of, row["responses"])),
        "rankings": [_ranking_fields(ranking) for ranking in _rows(row, "rankings")],
        "ratings": [_rating_fields(rating) for rating in _rows(row, "ratings")],
        "subset": None if row.get("subset") is None else str(row["subset"]),
        "tools": _rows(row, "tools"),
        "meta": row.get("meta") or {},
    }


def text_of(value: Any) -> Any:
    """A list of messages as a tuple; anything else as it is."""
    return tuple(value) if isinstance(value, list) else value


def text_to_json(text: Any) -> str | list[dict[str, Any]]:
    """The inverse of `text_of`."""
    return text if isinstance(text, str) else [dict(message) for message in text]


def group_to_json(group: Any) -> dict[str, Any]:
    """The JSON object of a group: the inverse of `group_fields`. Fields at their defaults are left out."""
    row: dict[str, Any] = {
        "id": group.id,
        "prompt": text_to_json(group.prompt),
        "responses": [text_to_json(response) for response in group.responses],
    }
    if group.rankings:
        row["rankings"] = [
            _without_defaults(
                tiers=[list(tier) for tier in one.tiers],
                strength=one.strength,
                annotator=one.annotator,
                weight=one.weight,
            )
            for one in group.rankings
        ]
    if group.ratings:
        row["ratings"] = [
            _without_defaults(
                response=one.response,
                value=one.value,
                attribute=one.attribute,
                scale=one.scale and list(one.scale),
                annotator=one.annotator,
                weight=one.weight,
            )
            for one in group.ratings
        ]
    if group.subset is not None:
        row["subset"] = group.subset
    if group.tools:
        row["tools"] = [dict(tool) for tool in group.tools]
    if group.meta:
        row["meta"] = dict(group.meta)
    return row


def _without_defaults(**fields: Any) -> dict[str, Any]:
    """A judgement's JSON object: fields at their defaults are left out."""
    defaults = {"attribute": "overall", "weight": 1.0}
    return {k: v for k, v in fields.items() if v is not None and v != defaults.get(k)}


def tiers_of(tiers: Any) -> tuple[tuple[int, ...], ...]:
    """Lists of lists as tuples of tuples."""
    if not isinstance(tiers, (tuple, list)) or not all(isinstance(tier, (tuple, list)) for tier in tiers):
        raise TypeError(
            f"a ranking's tiers are lists of response indices, best first, such as ((0,), (1,)); not {tiers!r}"
        )
    return tuple(map(tuple, tiers))


def several(values: Any, name: str) -> tuple[Any, ...]:
    """A tuple of what stands in a list or another sequence that is no text."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Sequence):
        raise TypeError(f"{name} must be several in a tuple or a list, not one {type(values).__name__}")
    return tuple(values)


def check_text(text: Any, what: str) -> None:
    """Refuse a prompt or response that is neither text nor messages. `what` names it in the message."""
    if isinstance(text, str):
        return
    if not isinstance(text, tuple):
        kind = with_article(type(text).__name__)
        raise GroupError(f"{what} is {kind}", remedy="it must be text or a list of messages")
    if not text:
        raise GroupError(f"{what} is an empty list of messages")
    for message in text:
        if not isinstance(message, Mapping) or not all(isinstance(message.get(k), str) for k in ("role", "content")):
            raise GroupError(f'{what} has a message without "role" and "content" as text')


def check_tools(tools: Sequence[Any]) -> None:
    """Refuse tools that no chat template could show."""
    if not all(isinstance(tool, Mapping) for tool in tools):
        raise GroupError("a tool is not an object", remedy="tools are a list of JSON schemas of functions")


def check_ranking(tiers: Sequence[Sequence[int]], strength: Any, weight: Any, responses: int) -> None:
    """Refuse a ranking that a group of so many responses cannot have."""
    if not _is_pair(tiers, responses):
        members = [index for tier in tiers for index in tier]
        _check_indices(members, "ranking", responses)
        if not members or not all(tiers):
            raise GroupError("a ranking has an empty tier", remedy="leave out responses that were not judged")
        if len(set(members)) < len(members):
            twice = next(index for index in members if members.count(index) > 1)
            raise GroupError(f"a ranking names response {twice} twice", remedy="each response stands in one tier")
    if weight != 1:
        _check_weight(weight, "ranking")
    if strength is not None and not (_is_number(strength) and strength >= 0):
        raise GroupError(f"a ranking's strength is {strength!r:.40}", remedy="it must be a number >= 0")


def _is_pair(tiers: Sequence[Sequence[int]], responses: int) -> bool:
    """Whether it is one response over another, as nearly all rankings of the millions that are read are."""
    if len(tiers) != 2 or len(tiers[0]) != 1 or len(tiers[1]) != 1:
        return False
    (a,), (b,) = tiers
    return type(a) is type(b) is int and a != b and 0 <= a < responses and 0 <= b < responses


def check_rating(
    response: Any, value: Any, attribute: str, weight: Any, scale: tuple[float, float] | None, responses: int
) -> None:
    """Refuse a rating that a group of so many responses cannot have."""
    _check_indices([response], "rating", responses)
    if not _is_number(value):
        raise GroupError(f"the {attribute} rating of response {response} is {value!r:.40}, not a number")
    if scale is not None:
        low, high = scale
        if not low < high:
            raise GroupError(f"the scale of {attribute} is [{low:g}, {high:g}]", remedy="the lowest value comes first")
        if not low <= value <= high:
            raise GroupError(
                f"the {attribute} rating of response {response} is {value:g}, outside its scale [{low:g}, {high:g}]"
            )
    _check_weight(weight, "rating")


def _check_indices(indices: Iterable[Any], kind: str, responses: int) -> None:
    for index in indices:
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < responses:
            raise GroupError(
                f"a {kind} names response {index!r}", remedy=f"the group has responses 0 to {responses - 1}"
            )


def _check_weight(weight: Any, kind: str) -> None:
    if not _is_number(weight) or weight <= 0:
        raise GroupError(
            f"a {kind} has weight {weight!r}", remedy="a weight is a number > 0 (leave the judgement out instead of 0)"
        )


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float can hold
        return False


def _rows(row: Mapping[str, Any], name: str) -> Sequence[Any]:
    rows = row.get(name)
    if rows is None:
        return ()
    if not isinstance(rows, Sequence) or isinstance(rows, str):
        raise GroupError(f'"{name}" must be a list')
    return rows


def _ranking_fields(row: Any) -> dict[str, Any]:
    tiers = row.get("tiers") if isinstance(row, Mapping) else None
    if not isinstance(tiers, Sequence) or not all(isinstance(t, Sequence) and not isinstance(t, str) for t in tiers):
        raise GroupError('a ranking needs "tiers": a list of lists of response indices, best first')
    _check_fields(row, _RANKING, "ranking")
    return {"tiers": tuple(map(tuple, tiers)), "strength": row.get("strength"), **_annotation(row)}


def _rating_fields(row: Any) -> dict[str, Any]:
    if not isinstance(row, Mapping) or "response" not in row or "value" not in row:
        raise GroupError('a rating needs "response" (an index) and "value" (a number)')
    _check_fields(row, _RATING, "rating")
    scale = row.get("scale")
    if scale is not None and not (isinstance(scale, Sequence) and len(scale) == 2 and all(map(_is_number, scale))):
        raise GroupError(f"a rating's scale is {scale!r}", remedy="it must be two numbers, lowest and highest")
    return {
        "response": row["response"],
        "value": row["value"],
        "attribute": str(row.get("attribute") or "overall"),
        "scale": None if scale is None else (scale[0], scale[1]),
        **_annotation(row),
    }


def _check_fields(row: Mapping[str, Any], known: set[str], kind: str) -> None:
    if unknown := sorted(set(row) - known):
        raise GroupError(
            f"a {kind} has an unknown field {unknown[0]!r}", remedy=f"it may have {', '.join(sorted(known))}"
        )


def _annotation(row: Mapping[str, Any]) -> dict[str, Any]:
    """Who judged, and how much it counts."""
    return {
        "annotator": None if row.get("annotator") is None else str(row["annotator"]),
        "weight": 1.0 if row.get("weight") is None else row["weight"],
    }
