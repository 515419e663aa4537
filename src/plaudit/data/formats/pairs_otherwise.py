"""Pairs of a better and a worse response whose columns are called otherwise: OpenAI's, Tinker's, distilabel's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import ratings_of
from plaudit.data.formats.fields import is_absent, leave, need, number_of
from plaudit.data.formats.pairs import read_trl
from plaudit.data.formats.texts import tools_of
from plaudit.groups import Group, GroupError
from plaudit.text import counted

_NAMES = (
    ("chosen_response", "rejected_response"),
    ("preferred_output", "non_preferred_output"),
    ("preferred_response", "non_preferred_response"),
    ("preferred_response", "dispreferred_response"),
    ("preferred", "dispreferred"),
    ("accepted", "rejected"),
    ("good_edited_response", "bad_edited_response"),
    ("better_response", "worse_response"),
    ("y_w", "y_l"),
    ("response_j", "response_k"),
)
"""What sets call the better and the worse response."""


def knows(row: Mapping[str, Any]) -> bool:
    if any(better in row and worse in row for better, worse in _NAMES):
        return True
    return all(isinstance(row.get(side), Mapping) and "messages" in row[side] for side in ("chosen", "rejected"))


def read(row: dict[str, Any], file: FileReading) -> Group:
    """The row as `trl` has it, with its columns renamed, and what stands in objects taken out of them.

    Example:
        >>> row = {"question": "2 + 2?", "preferred": "4", "dispreferred": "5"}
        >>> group = read(row, FileReading())
        >>> group.prompt, group.responses, group.rankings[0].tiers
        ('2 + 2?', ('4', '5'), ((0,), (1,)))
    """
    tools = _open_input(row)
    pair = next(((better, worse) for better, worse in _NAMES if better in row and worse in row), None)
    if pair is not None:
        row["chosen"], row["rejected"] = need(row, pair[0]), need(row, pair[1])
    for side in ("chosen", "rejected"):
        conversation = row.get(side)
        if isinstance(conversation, Mapping) and "messages" in conversation:
            row[side] = conversation["messages"]
            leave(row, side, {name: value for name, value in conversation.items() if name != "messages"})
    group = read_trl(row, file)
    return replace(group, tools=tools) if tools else group


def _open_input(row: dict[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """OpenAI's `input` holds the messages and the tools. Returns the tools."""
    whole = row.get("input")
    if not isinstance(whole, Mapping):
        return ()
    del row["input"]
    inner = {name: value for name, value in whole.items() if value is not None}
    row["messages"] = need(inner, "messages")
    tools = inner.pop("tools", [])
    leave(row, "input", inner)
    return tools_of(tools)


def knows_orca(row: Mapping[str, Any]) -> bool:
    lists = all(isinstance(row.get(name), list) for name in ("order", "rating"))
    return lists and {"chosen", "rejected"} <= row.keys()


def read_orca(row: dict[str, Any], file: FileReading) -> Group:
    """distilabel's pairs: `rating` is a judge's points for `generations`, which stand in the `order` it saw them in.

    Example:
        >>> row = {"input": "2 + 2?", "chosen": "4", "rejected": "5", "order": ["rejected", "chosen"], "rating": [1, 9]}
        >>> group = read_orca(row, FileReading())
        >>> group.rankings[0].tiers, [(rating.response, rating.value) for rating in group.ratings]
        (((0,), (1,)), [(0, 9), (1, 1)])
    """
    if not {"order", "rating"} <= row.keys():
        return read_trl(row, file)
    order, points = row.pop("order"), row.pop("rating")
    if not isinstance(order, list) or not isinstance(points, list) or sorted(map(str, order)) != ["chosen", "rejected"]:
        raise GroupError('"order" must name chosen and rejected', remedy='and "rating" have the points of each')
    if len(points) != 2:
        raise GroupError(
            f"there are 2 responses but {counted(len(points), 'ratings')}", remedy="give one for each response"
        )
    values = dict(zip(order, points, strict=True))
    # The same points stand once more in a column of the chosen one.
    again = row.get("chosen_score")
    if again is not None and not is_absent(again) and number_of(again, "the score of chosen") == values["chosen"]:
        del row["chosen_score"]
    tie = row.get("status") == "tie"
    group = read_trl(row, file)
    ratings = [
        one for i, side in enumerate(("chosen", "rejected")) for one in ratings_of(i, "rating", values[side], file)
    ]
    if not tie and len(ratings) == 2 and ratings[0].value < ratings[1].value:
        file.note("the scores contradict the label: the rejected response has the higher one; both are kept")
    rankings = tuple(replace(one, tiers=((0, 1),)) for one in group.rankings) if tie else group.rankings
    return replace(group, rankings=rankings, ratings=(*ratings, *group.ratings))


register_format(
    Format(
        name="pairs",
        priority=115,
        columns="prompt, preferred_output, non_preferred_output (or as others call them)",
        knows=knows,
        read=read,
    )
)
register_format(
    Format(
        name="distilabel",
        priority=95,
        columns="input, chosen, rejected, generations, order, rating, status",
        knows=knows_orca,
        read=read_orca,
    )
)
