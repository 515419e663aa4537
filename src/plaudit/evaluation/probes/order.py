"""Order probes: of the answers in a group, and of the parts of an answer."""

from __future__ import annotations

import re
from random import Random

from plaudit.evaluation.probes.change import Case, Change, Probe, Spot, Wanted, edits, register_probes
from plaudit.text import split_sentences

MOST_SIBLINGS = 3
"""Siblings that an answer is scored beside when its place among them is changed."""

BULLET = re.compile(r"^(\s*)([-*•])(\s+)", re.MULTILINE)
"""The mark of an item of a list without numbers."""


def _to_the_front(case: Case) -> Change | None:
    """The answer moves to the front of its group. One that stands there already has nowhere to go."""
    if case.index == 0:
        return None
    others = [i for i in range(len(case.group.responses)) if i != case.index]
    # One that stands before it must stay, or nothing would move.
    kept = {0, *case.random.sample(others[1:], min(len(others) - 1, MOST_SIBLINGS - 1))}
    before = sorted({*kept, case.index})
    front = [case.index, *(i for i in before if i != case.index)]
    return Change(Spot(case.group.among(before), before.index(case.index)), Spot(case.group.among(front), 0))


def _items_shuffled(text: str, language: str, random: Random) -> str | None:
    lines = text.split("\n")
    places = [i for i, line in enumerate(lines) if BULLET.match(line)]
    # Items that a line goes on below, or of two depths, cannot change places without their rest.
    depths = {BULLET.match(lines[i])[1] for i in places}  # type: ignore[index]
    if len(places) < 2 or len(depths) > 1 or places[-1] - places[0] >= len(places):
        return None
    moved = _shuffled([lines[i] for i in places], random)
    return "\n".join([*lines[: places[0]], *moved, *lines[places[-1] + 1 :]])


def _sentences_shuffled(text: str, language: str, random: Random) -> str | None:
    sentences = [sentence.strip() for sentence in split_sentences(text)]
    if len(sentences) < 3 or "\n" in text.strip():
        return None
    return ("" if language == "zh" else " ").join(_shuffled(sentences, random))


def _paragraphs_reversed(text: str, language: str, random: Random) -> str | None:
    paragraphs = [part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]
    return "\n\n".join(reversed(paragraphs)) if len(paragraphs) > 1 else None


def _shuffled(parts: list[str], random: Random) -> list[str]:
    """The parts in another order: never in their own, unless they are all alike."""
    moved = list(parts)
    random.shuffle(moved)
    return moved if moved != parts else [*parts[1:], parts[0]]


register_probes(
    Probe(
        name="first in the group",
        family="order",
        wanted=Wanted.SAME,
        says="standing first in its group",
        change=_to_the_front,
        exact=True,
    ),
    Probe(
        name="list shuffled",
        family="order",
        wanted=Wanted.SAME,
        says="shuffling a list's items",
        change=edits(_items_shuffled),
    ),
    Probe(
        name="sentences shuffled",
        family="order",
        wanted=Wanted.NOT_HIGHER,
        says="shuffling the sentences",
        change=edits(_sentences_shuffled),
    ),
    Probe(
        name="paragraphs reversed",
        family="order",
        wanted=Wanted.NOT_HIGHER,
        says="putting the last paragraph first",
        change=edits(_paragraphs_reversed),
    ),
)
