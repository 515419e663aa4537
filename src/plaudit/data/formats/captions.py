"""The New Yorker caption contest: a caption a row with how many voters found it unfunny, somewhat funny, funny.

A caption is one judgement, whose votes are a soft label: a rating for each value that was voted for, weighted by its
share of the votes. How many votes there were stands in `meta`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import name_of, need, number_of
from plaudit.data.formats.texts import words_of
from plaudit.groups import Group, GroupError, Rating

VALUES = {"unfunny": 1, "somewhat_funny": 2, "funny": 3}
"""The columns of counts, and the value each votes for."""

ATTRIBUTE = "funny"
SCALE = (1, 3)
DERIVED_COLUMNS = frozenset({"rank", "count", "score", "precision"})
"""Columns that follow from the counts."""


def knows(row: Mapping[str, Any]) -> bool:
    return {"caption", *VALUES} <= row.keys()


def read(row: dict[str, Any], file: FileReading) -> Group:
    caption = words_of(need(row, "caption"), "the caption")
    counts = {value: _count(row, name) for name, value in VALUES.items()}
    if not any(counts.values()):
        raise GroupError("nobody voted on the caption", remedy="remove the row")
    contest = name_of(row, "contest") or file.stem
    return _group(contest, {caption: counts})


def join(rows: Sequence[Group], file: FileReading) -> Group:
    """One group a contest; a caption that was entered twice stands once, with the votes of both."""
    contests = list(dict.fromkeys(row.meta["contest"] for row in rows))
    if len(contests) > 1:
        raise GroupError(
            f"the file holds the contests {contests[0]} and {contests[1]}", remedy="give each a file of its own"
        )
    counts: dict[str, dict[int, int]] = {}
    for row in rows:
        caption, (votes,) = str(row.responses[0]), row.meta["votes"]
        held = counts.setdefault(caption, dict.fromkeys(VALUES.values(), 0))
        for rating in row.ratings:
            held[int(rating.value)] += round(rating.weight * votes)
    return _group(contests[0], counts)


def _group(contest: str, counts: Mapping[str, Mapping[int, int]]) -> Group:
    votes = [sum(of.values()) for of in counts.values()]
    return Group(
        id="",
        prompt=f"New Yorker caption contest {contest}",
        responses=tuple(counts),
        ratings=tuple(
            Rating(response=index, value=value, attribute=ATTRIBUTE, weight=count / total, scale=SCALE)
            for index, (of, total) in enumerate(zip(counts.values(), votes, strict=True))
            for value, count in of.items()
            if count
        ),
        meta={"contest": contest, "votes": votes},
    )


def _count(row: dict[str, Any], name: str) -> int:
    count = number_of(need(row, name), f"the count of {name}")
    if count < 0 or count != count // 1:
        raise GroupError(f"the count of {name} is {count!s:.40}", remedy="it must be a whole number >= 0")
    return int(count)


register_format(
    Format(
        name="caption-contest",
        priority=60,
        columns="caption, unfunny, somewhat_funny, funny",
        knows=knows,
        read=read,
        join=join,
        judgement_columns=DERIVED_COLUMNS,
    )
)
