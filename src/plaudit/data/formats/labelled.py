"""Formats of two responses and a verdict, by one annotator or more: PandaLM's, LLMBar's and the general one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, name_of, need, number_of, prompt_of, take
from plaudit.data.formats.pairs import shared_prompt
from plaudit.data.formats.texts import response_of, text_of, words_of
from plaudit.groups import Group, GroupError, Ranking

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)

_SIDES = (
    ("response_a", "response_b"),
    ("answer_a", "answer_b"),
    ("output_a", "output_b"),
    ("completion_a", "completion_b"),
    ("conversation_a", "conversation_b"),
    ("response_1", "response_2"),
    ("answer_1", "answer_2"),
    ("output_1", "output_2"),
    ("completion_1", "completion_2"),
    ("response1", "response2"),
    ("a1", "a2"),
)
_VERDICTS = ("winner", "preference", "label", "choice", "preferred")
_SIGNED = ("preference_strength", "overall_preference")
_TIES = {"tie", "tied", "ties", "equal", "draw", "same", "both", "both_bad", "bothbad", "neither", "tie (bothbad)"}
_PREFIXES = re.compile(r"^(model|response|answer|output|completion|conversation|assistant)[ _-]?")


def verdict_tiers(value: Any, lettered: bool) -> tuple[tuple[int, ...], ...]:
    """Tiers from the word of a verdict: `a`/`model_a`, `b`, `1`, `2`, `a1`, `a2`, `tie` and their kind.

    A bare number speaks only of numbered columns (1, 2, and 0 for a tie); for a/b columns it could be an index or a
    position, and is refused.

    Example:
        >>> verdict_tiers("model_b", lettered=True), verdict_tiers(0, lettered=False)
        (((1,), (0,)), ((0, 1),))
    """
    word = _PREFIXES.sub("", str(value).strip().casefold())
    if word in _TIES:
        return TIE
    words = {"a": FIRST, "b": SECOND} if lettered else {"1": FIRST, "2": SECOND, "0": TIE, "a1": FIRST, "a2": SECOND}
    if word not in words:
        raise GroupError(f"the verdict is {value!r:.40}", remedy=f"it must be one of {', '.join(words)}, tie")
    return words[word]


def knows_pandalm(row: Mapping[str, Any]) -> bool:
    return {"instruction", "response1", "response2"} <= row.keys() and any(_ANNOTATOR.fullmatch(name) for name in row)


_ANNOTATOR = re.compile(r"annotator_?\d+")


def read_pandalm(row: dict[str, Any], file: FileReading) -> Group:
    """One column a verdict (1, 2, or 0 for a tie), its name the annotator's; a blank one was not given."""
    votes = {name: take(row, name) for name in list(row) if _ANNOTATOR.fullmatch(name)}
    verdicts = {name: vote for name, vote in votes.items() if vote not in (None, "")}
    if not verdicts:
        raise GroupError("no annotator gave a verdict", remedy="fill one of the annotator columns or remove the row")
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=_prompt(row),
        responses=(response_of(need(row, "response1"), "response1"), response_of(need(row, "response2"), "response2")),
        rankings=tuple(Ranking(verdict_tiers(vote, lettered=False), annotator=name) for name, vote in verdicts.items()),
        subset=name_of(row, "subset"),
    )


def knows_llmbar(row: Mapping[str, Any]) -> bool:
    return {"input", "output_1", "output_2", "label"} <= row.keys() and "prompt" not in row and "instruction" not in row


def read_llmbar(row: dict[str, Any], file: FileReading) -> Group:
    """The file's name is the subset: the adversarial kinds come one a file.

    Example:
        >>> row = {"input": "2 + 2?", "output_1": "5", "output_2": "4", "label": 2}
        >>> group = read_llmbar(row, FileReading(stem="Manual"))
        >>> group.prompt, group.rankings[0].tiers, group.subset
        ('2 + 2?', ((1,), (0,)), 'Manual')
    """
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=words_of(need(row, "input"), "the input"),
        responses=(response_of(need(row, "output_1"), "output_1"), response_of(need(row, "output_2"), "output_2")),
        rankings=(Ranking(verdict_tiers(need(row, "label"), lettered=False), annotator=name_of(row, *ANNOTATORS)),),
        subset=name_of(row, "subset") or file.stem or None,
    )


def knows(row: Mapping[str, Any]) -> bool:
    return any(a in row and b in row for a, b in _SIDES) and any(name in row for name in _VERDICTS + _SIGNED)


def read(row: dict[str, Any], file: FileReading) -> Group:
    a, b = next((sides for sides in _SIDES if sides[0] in row and sides[1] in row), _SIDES[0])
    first, second = text_of(need(row, a), a), text_of(need(row, b), b)
    prompt = None if a == "conversation_a" else prompt_of(row)
    if prompt is None:
        prompt, first, second = shared_prompt(first, second, row)
    tiers, strength = _judged(row, lettered=a.endswith("_a"))
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=(response_of(first, a), response_of(second, b)),
        rankings=(Ranking(tiers, strength, name_of(row, *ANNOTATORS)),),
        subset=name_of(row, "subset"),
    )


def _judged(row: dict[str, Any], lettered: bool) -> tuple[tuple[tuple[int, ...], ...], float | None]:
    value = take(row, *_VERDICTS)
    if value is not None:
        strength = take(row, "strength", "margin")
        return verdict_tiers(value, lettered), None if strength is None else number_of(strength, "the strength")
    signed = number_of(need(row, *_SIGNED), "the preference")
    # HelpSteer's sign: below zero the first response is better, above it the second.
    tiers = TIE if signed == 0 else FIRST if signed < 0 else SECOND
    return tiers, abs(signed)


def _prompt(row: dict[str, Any]) -> Any:
    prompt = prompt_of(row)
    if prompt is None:
        raise GroupError("the row has no prompt", remedy="add a prompt or an instruction")
    return prompt


register_format(
    Format(
        name="pandalm",
        priority=70,
        columns="instruction, input, response1, response2, annotator1...",
        knows=knows_pandalm,
        read=read_pandalm,
    )
)
register_format(
    Format(name="llmbar", priority=80, columns="input, output_1, output_2, label", knows=knows_llmbar, read=read_llmbar)
)
register_format(
    Format(
        name="labelled",
        priority=90,
        columns="prompt, response_a, response_b, winner",
        knows=knows,
        read=read,
        needs=(PROMPTS, *(tuple(sides[i] for sides in _SIDES) for i in (0, 1)), _VERDICTS + _SIGNED),
    )
)
