"""The format of a response a row with its value: `value` and `attribute`, or (HelpSteer) a column an attribute."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, name_of, need, number_of, prompt_of, take
from plaudit.data.formats.texts import response_of
from plaudit.groups import Group, GroupError, Rating

_RESPONSES = ("response", "completion", "answer", "output", "text")
_VALUES = ("value", "rating", "score", "label")
_NOT_ATTRIBUTES = {*IDS, *ANNOTATORS, "weight", "split", "index", "idx", "scale_min", "scale_max", "timestamp", "turn"}

WORDS = {
    "bad": (0, 2), "ok": (1, 2), "good": (2, 2),
    "fail": (0, 1), "pass": (1, 1),
    "no": (0, 1), "yes": (1, 1),
    "false": (0, 1), "true": (1, 1),
    "down": (0, 1), "up": (1, 1),
    "negative": (0, 1), "positive": (1, 1),
}  # fmt: skip
"""Values in words: (value, the highest of its scale); every scale begins at 0."""


def knows(row: Mapping[str, Any]) -> bool:
    if not any(name in row for name in _RESPONSES) or not any(name in row for name in PROMPTS):
        return False
    return any(name in row for name in _VALUES) or bool(_attributes(row))


def read(row: dict[str, Any], file: FileReading) -> Group:
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add one")
    response = response_of(need(row, *_RESPONSES), "the response")
    annotator, weight, scale = name_of(row, *ANNOTATORS), take(row, "weight"), _scale(row)
    identity, subset = name_of(row, *IDS), name_of(row, "subset")
    if any(name in row for name in _VALUES):
        values = {name_of(row, "attribute") or "overall": need(row, *_VALUES)}
    else:
        values = {name: row.pop(name) for name in _attributes(row)}
        if not values:
            raise GroupError(
                "the row rates nothing", remedy=f"give {' or '.join(_VALUES)}, or a number for an attribute"
            )
    ratings = []
    for attribute, entry in values.items():
        value, scale_of_word = _value(entry, attribute)
        ratings.append(
            Rating(
                response=0,
                value=value,
                attribute=attribute,
                annotator=annotator,
                weight=1.0 if weight is None else number_of(weight, "the weight"),
                scale=scale or scale_of_word,
            )
        )
    return Group(id=identity or "", prompt=prompt, responses=(response,), ratings=tuple(ratings), subset=subset)


def _attributes(row: Mapping[str, Any]) -> list[str]:
    """Columns that hold a number and are not known to be something else. A response may well be one: "4"."""
    texts = {*PROMPTS, *_RESPONSES}
    return [name for name, value in row.items() if name not in _NOT_ATTRIBUTES | texts and _is_figure(value)]


def _is_figure(value: Any) -> bool:
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return False
        return True
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _value(entry: Any, attribute: str) -> tuple[float, tuple[float, float] | None]:
    word = str(entry).strip().casefold()
    if word in WORDS:
        value, highest = WORDS[word]
        return value, (0, highest)
    return number_of(entry, f"the {attribute} rating"), None


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
