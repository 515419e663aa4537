"""The format of a response a row with its value: `value` and `attribute`, or a column or a key for each attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import HELPSTEER, WORDS, is_attribute, is_figure, nested, ratings_of
from plaudit.data.formats.fields import (
    ANNOTATORS,
    IDS,
    PROMPTS,
    leave,
    name_of,
    need,
    number_of,
    prompt_of,
    take,
)
from plaudit.data.formats.texts import ROLES, answered, response_of
from plaudit.groups import Group, GroupError, Rating, Text

_RESPONSES = ("response", "completion", "answer", "output", "text", "model_response", "system_output")
_VALUES = ("value", "rating", "score", "label", "reward", "kto_tag")
_NESTED = ("scores", "ratings", "axes")
_NOT_ATTRIBUTES = {*IDS, *ANNOTATORS, "weight", "split", "index", "idx", "scale_min", "scale_max", "timestamp", "turn"}
_CONVERSATIONS = ("messages", "conversations", "conversation")


def knows(row: Mapping[str, Any]) -> bool:
    prompts = {*PROMPTS, "source"} if "system_output" in row else {*PROMPTS}
    if any(name in row for name in _RESPONSES):
        if not row.keys() & prompts:
            return False
    elif _conversation(row) is None:
        return False
    return (
        any(name in row and _is_value(row[name]) for name in _VALUES)
        or bool(_attributes(row, every="scale" in row or "scale_min" in row))
        or any(isinstance(row.get(name), Mapping) and nested(row[name]) for name in _NESTED)
    )


def read(row: dict[str, Any], file: FileReading) -> Group:
    """A response and its ratings. Numbers in columns of other names than `attributes` knows are left in the row.

    Example:
        >>> row = {"prompt": "2 + 2?", "response": "4", "helpfulness": 4, "year": 2020}
        >>> group = read(row, FileReading())
        >>> [(rating.attribute, rating.value) for rating in group.ratings], row
        ([('helpfulness', 4)], {'year': 2020})
    """
    prompt, response = _texts(row)
    annotator, weight = name_of(row, *ANNOTATORS), take(row, "weight")
    scales = _scales(row)
    scale = None if scales else _scale(row)
    identity, subset = name_of(row, *IDS), name_of(row, "subset")
    entries = _entries(row, scale is not None, file)
    entries |= {name: row.pop(name) for name in scales if name in row and name not in entries and is_figure(row[name])}
    for name in scales.keys() - entries.keys():
        file.note(f"a scale is declared for {name!r}, which the row does not rate")
    if scale is None and entries.keys() >= HELPSTEER:
        scale = (0, 4)
    ratings: list[Rating] = []
    for attribute, entry in entries.items():
        ratings += ratings_of(
            0,
            attribute,
            entry,
            file,
            annotator=annotator,
            weight=1.0 if weight is None else number_of(weight, "the weight"),
            scale=scales.get(attribute, scale),
        )
    if not ratings:
        reasons = [f"the {attribute} rating of response 0 is {entry!s:.40}" for attribute, entry in entries.items()]
        raise GroupError(
            ", ".join([*reasons, "the row rates nothing"]),
            remedy=f"give {' or '.join(_VALUES)}, or a number for an attribute",
        )
    return Group(id=identity or "", prompt=prompt, responses=(response,), ratings=tuple(ratings), subset=subset)


def _texts(row: dict[str, Any]) -> tuple[Text, Text]:
    """The prompt and the response; a conversation without a response of its own ends with it."""
    if not any(row.get(name) is not None for name in _RESPONSES) and (name := _conversation(row)):
        row["messages"], answer = answered(row.pop(name), "the conversation")
        return prompt_of(row) or (), answer
    if "system_output" in row and "source" in row and not row.keys() & ({*PROMPTS} - {"context"}):
        row["prompt"] = row.pop("source")
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    return prompt, response_of(need(row, *_RESPONSES), "the response")


def _conversation(row: Mapping[str, Any]) -> str | None:
    """The column of messages of which the last is the assistant's."""
    for name in _CONVERSATIONS:
        messages = row.get(name)
        if isinstance(messages, (list, tuple)) and len(messages) > 1 and isinstance(messages[-1], Mapping):
            role = messages[-1].get("role", messages[-1].get("from"))
            if ROLES.get(str(role), role) == "assistant":
                return name
    return None


def _entries(row: dict[str, Any], has_scale: bool, file: FileReading) -> dict[str, Any]:
    """Attribute -> what was given for it, taken out of the row."""
    entries: dict[str, Any] = {}
    attribute = name_of(row, "attribute")
    value = next((name for name in _VALUES if name in row and _is_value(row[name])), None)
    if value is not None:
        # Beside a column `overall`, a `score` is something else.
        fallback = value if is_figure(row.get("overall")) else "overall"
        entries[attribute or fallback] = row.pop(value)
        for other in [name for name in _VALUES if name in row and _is_value(row[name])]:
            file.note(f"the rating is {value!r}, and {other!r} is no rating; the other way: --column value={other}")
        if attribute is not None:
            return entries
    for name in _attributes(row, every=has_scale and value is None):
        entries[name] = row.pop(name)
    for column in _NESTED:
        values = row.get(column)
        if isinstance(values, Mapping):
            del row[column]
            rated = nested(values)
            entries.update({name: entry for name, entry in rated.items() if name not in entries})
            leave(row, column, {name: entry for name, entry in values.items() if name not in rated})
    return entries


def _attributes(row: Mapping[str, Any], every: bool = False) -> list[str]:
    """Columns that hold ratings: known or declared names; where a scale is declared, every column of numbers."""
    return [
        name
        for name, value in row.items()
        if is_figure(value) and (is_attribute(name) or (every and name not in _NOT_ATTRIBUTES and _is_number(value)))
    ]


def _is_number(value: Any) -> bool:
    return not isinstance(value, (bool, list, tuple)) and not (isinstance(value, str) and value.casefold() in WORDS)


def _is_value(value: Any) -> bool:
    """Whether a cell under the name of a value may hold one: text may be a mistake, objects are something else's."""
    return value is not None and (is_figure(value) or isinstance(value, str))


def _scales(row: dict[str, Any]) -> dict[str, tuple[float, float]]:
    """The scales of attributes that differ, from `{"scale": {"clarity": [1, 3], "overall": [1, 5]}}`."""
    if not isinstance(row.get("scale"), Mapping):
        return {}
    scales = {str(name): {"scale": one} for name, one in row.pop("scale").items() if one is not None}
    read = {name: _scale(one) for name, one in scales.items()}
    return {name: one for name, one in read.items() if one is not None}


def _scale(row: dict[str, Any]) -> tuple[float, float] | None:
    scale = take(row, "scale")
    if isinstance(scale, list) and len(scale) == 2:
        low, high = scale
    elif scale is None:
        low, high = take(row, "scale_min"), take(row, "scale_max")
        if low is None and high is None:
            return None
    else:
        raise GroupError(f'"scale" is {scale!r:.40}', remedy="it must be [lowest, highest]")
    return number_of(low, "the scale's lowest value"), number_of(high, "the scale's highest value")


register_format(
    Format(
        name="rated",
        priority=140,
        columns="prompt, response, value (or a column for each attribute)",
        knows=knows,
        read=read,
        needs=(PROMPTS, _RESPONSES, _VALUES),
    )
)
