"""Which questions a group has. None is written down before it is asked: sixteen answers have 120 pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plaudit.groups import Text, text_key
from plaudit.labelling.clock import now, shuffled


def distinct(responses: Sequence[Text]) -> list[int]:
    """The first of each text: nobody is asked which of two equal answers is better.

    Example:
        >>> distinct(["a", "b", "a"])
        [0, 1]
    """
    first: dict[str, int] = {}
    for number, response in enumerate(responses):
        first.setdefault(text_key(response), number)
    return sorted(first.values())


def count_questions(mode: str, answers: int, most_pairs: int = 0) -> int:
    """How many questions a group of so many different answers has.

    Example:
        >>> count_questions("pair", 16), count_questions("pair", 16, 10), count_questions("rank", 16)
        (120, 10, 1)
    """
    if mode == "rate":
        return 1
    if answers < 2 or (mode == "best-worst" and answers < 3):
        return 0
    if mode != "pair":
        return 1
    pairs = answers * (answers - 1) // 2
    return min(pairs, most_pairs) if most_pairs else pairs


def question_responses(mode: str, answers: Sequence[int], number: int, secret: bytes, item: int) -> list[int]:
    """The answers that a group's question shows, sorted.

    Pairs come in rounds, by the circle method of tournaments: in each round every answer stands in one pair, or sits
    out once if their count is odd. So however few pairs are asked, no answer is asked much more often than another.

    Args:
        mode: of the project.
        answers: the group's different ones.
        number: of the question in the group, from 0.
        secret: of the project, by which the answers are seated.
        item: the group's id.

    Example:
        >>> first, second = (question_responses("pair", [0, 1, 2, 3], n, b"s", 1) for n in (0, 1))
        >>> sorted([*first, *second])
        [0, 1, 2, 3]
    """
    if mode != "pair":
        return sorted(answers)
    seats: list[int | None] = [*shuffled(list(answers), secret, "seats", item)]
    if len(seats) % 2:
        seats.append(None)
    half = len(seats) // 2
    rounds = 0
    while True:
        turned = [seats[0], *seats[1 + rounds :], *seats[1 : 1 + rounds]]
        pairs = [(a, b) for a, b in zip(turned[:half], reversed(turned[half:]), strict=True) if None not in (a, b)]
        if number < len(pairs):
            return sorted(one for one in pairs[number] if one is not None)
        number -= len(pairs)
        rounds += 1


def question_row(
    item_id: int,
    responses: Sequence[int],
    kind: str,
    *,
    wanted: int | None = 1,
    repeats: int | None = None,
    whose: int | None = None,
    **chosen: Any,
) -> dict[str, Any]:
    """The values of a question that is about to be written down.

    Args:
        item_id: of the group.
        responses: that it shows.
        kind: "ask", "gold", "repeat" or "training".
        wanted: answers; None: one of everybody.
        repeats: the id of the question that comes again.
        whose: the id of the one person it is for.
        chosen: `arm`, `wave` and `probability`, where a wave has chosen it.
    """
    key = f"{item_id}/{kind}/{','.join(map(str, sorted(responses)))}"
    key += f"/{repeats or ''}/{whose or ''}" if repeats or whose else ""
    return {
        "item": item_id,
        "responses": sorted(responses),
        "key": key,
        "kind": kind,
        "repeats": repeats,
        "person": whose,
        "arm": "random",
        "wave": None,
        "probability": None,
        "wanted": wanted,
        "free": 1 if wanted is None else wanted,
        "refill": False,
        "state": "open",
        "created": now(),
        **chosen,
    }
