"""Two responses with a score each and no verdict: ratings, as the same points beside a pair or in a list are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.attributes import ratings_of
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, is_absent, name_of, number_of
from plaudit.data.formats.sides import SIDES, Sides, canonical, make_canonical, refuse_a_third, sides_of, texts_of
from plaudit.groups import Group

_KINDS = ("score", "rating", "reward")


def _columns(sides: Sides, kind: str) -> tuple[tuple[str, str], ...]:
    """What the two scores may be called: `candidate0_score`, `score_0`, `score_a`, ..."""
    suffixes = [name.removeprefix(_stem(sides)) for name in (sides.first, sides.second)]
    plain = [suffix.lstrip("_") for suffix in suffixes]
    return (
        (f"{sides.first}_{kind}", f"{sides.second}_{kind}"),
        (f"{kind}_{plain[0]}", f"{kind}_{plain[1]}"),
        (f"{kind}{plain[0]}", f"{kind}{plain[1]}"),
    )


@lru_cache
def score_columns(sides: Sides) -> tuple[tuple[str, str], ...]:
    """The pairs of columns in which two responses may have a score, by their canonical names.

    Example:
        >>> ("score_a", "score_b") in score_columns(SIDES[0])
        True
    """
    return tuple(pair for kind in _KINDS for pair in _columns(sides, kind))


def _stem(sides: Sides) -> str:
    """What both columns begin with."""
    length = next(i for i, (a, b) in enumerate(zip(sides.first, sides.second, strict=False)) if a != b)
    return sides.first[:length].rstrip("_")


_CANONICAL = frozenset(
    {*PROMPTS, *ANNOTATORS, "system", "turn"}
    | {name for sides in SIDES for name in (sides.first, sides.second)}
    | {name for sides in SIDES for kind in _KINDS for pair in _columns(sides, kind) for name in pair}
)


def knows(row: Mapping[str, Any]) -> bool:
    sides = sides_of(row)
    if sides is None:
        return False
    names = {canonical(name) for name in row}
    return any(first in names and second in names for first, second in score_columns(sides))


def read(row: dict[str, Any], file: FileReading) -> Group:
    """Two responses, and a rating of each on `score`, `rating` or `reward`, on whatever scale the set has.

    Example:
        >>> row = {"prompt": "2 + 2?", "answer_a": "4", "answer_b": "5", "score_a": 9, "score_b": 2}
        >>> [(rating.attribute, rating.value) for rating in read(row, FileReading()).ratings]
        [('score', 9), ('score', 2)]
    """
    make_canonical(row, _CANONICAL)
    sides = sides_of(row) or SIDES[0]
    refuse_a_third(row, sides)
    ratings = []
    identity, subset, annotator = name_of(row, *IDS), name_of(row, "subset"), name_of(row, *ANNOTATORS)
    for kind in _KINDS:
        pair = next((pair for pair in _columns(sides, kind) if pair[0] in row or pair[1] in row), ())
        for index, name in enumerate(pair):
            value = row.pop(name, None)
            if value is not None and not is_absent(value):
                number_of(value, f"the {kind} of response {index}")
                ratings += ratings_of(index, kind, value, file, annotator=annotator)
    if not ratings:
        file.note("nothing is rated; the responses are kept, unjudged")
    prompt, first, second = texts_of(row, sides, file)
    return Group(identity or "", prompt, (first, second), ratings=tuple(ratings), subset=subset)


register_format(
    Format(
        name="scored-pairs",
        priority=91,
        columns="prompt, candidate0, candidate1, candidate0_score, candidate1_score",
        knows=knows,
        read=read,
    )
)
