"""Chosen and rejected: TRL's preference rows, HH-style transcripts, and LLaMA-Factory's ranking rows.

The prompt is a column of its own (explicit) or what chosen and rejected begin with alike (implicit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import (
    ANNOTATORS,
    IDS,
    PROMPTS,
    is_transcript,
    name_of,
    need,
    number_of,
    prompt_of,
    response_of,
    take,
    text_of,
    turns_of,
)
from plaudit.groups import Group, GroupError, Message, Ranking, Rating, Text


def knows_hh(row: Mapping[str, Any]) -> bool:
    return _is_pair(row) and (is_transcript(row["chosen"]) or is_transcript(row.get("prompt")))


def knows_llama_factory(row: Mapping[str, Any]) -> bool:
    return _is_pair(row) and ("conversations" in row or "instruction" in row)


def knows_trl(row: Mapping[str, Any]) -> bool:
    return _is_pair(row)


def _is_pair(row: Mapping[str, Any]) -> bool:
    return "chosen" in row and "rejected" in row


def read_hh(row: dict[str, Any], file: FileReading) -> Group:
    opening = take(row, "prompt") or ""
    sides = (turns_of(f"{opening}{need(row, side)}", side) for side in ("chosen", "rejected"))
    return _group(row, *split_prompt(*sides))


def read_trl(row: dict[str, Any], file: FileReading) -> Group:
    """Chosen and rejected, after a prompt of their own or after what both begin with.

    Example:
        >>> group = read_trl({"prompt": "2 + 2?", "chosen": "4", "rejected": "5", "margin": 2}, FileReading())
        >>> group.responses, group.rankings[0].tiers, group.rankings[0].strength
        (('4', '5'), ((0,), (1,)), 2)
    """
    prompt = prompt_of(row)
    chosen, rejected = need(row, "chosen"), need(row, "rejected")
    if prompt is None or _holds_prompt(chosen):
        prompt, chosen, rejected = split_prompt(text_of(chosen, "chosen"), text_of(rejected, "rejected"))
    return _group(row, prompt, chosen, rejected)


def _group(row: dict[str, Any], prompt: Text, chosen: Any, rejected: Any) -> Group:
    margin = take(row, "margin")
    strength = None if margin is None else number_of(margin, "the margin")
    scores = (take(row, "score_chosen"), take(row, "score_rejected"))
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=(response_of(chosen, "chosen"), response_of(rejected, "rejected")),
        rankings=(Ranking(((0,), (1,)), strength, name_of(row, *ANNOTATORS)),),
        ratings=tuple(Rating(i, number_of(s, "the score"), "score") for i, s in enumerate(scores) if s is not None),
        subset=name_of(row, "subset"),
    )


def _holds_prompt(chosen: Any) -> bool:
    """Whether messages under `chosen` begin with the prompt's own, as in sets that give both."""
    if not isinstance(chosen, (list, tuple)) or not chosen or not isinstance(chosen[0], Mapping):
        return False
    return chosen[0].get("role", chosen[0].get("from")) in ("system", "user", "human")


def split_prompt(first: Text, second: Text) -> tuple[Text, Text, Text]:
    """The beginning two conversations (or texts) share, and what is left of each.

    Each side keeps at least its last message. Text is cut where a word begins, so that no word is torn in two.

    Raises:
        GroupError: if they share nothing.
    """
    if isinstance(first, str) and isinstance(second, str):
        return _split_text(first, second)
    if isinstance(first, str) or isinstance(second, str):
        raise GroupError("one of the two responses is text and the other messages", remedy="make both the same")
    shared = 0
    while shared < min(len(first), len(second)) - 1 and first[shared] == second[shared]:
        shared += 1
    if not shared:
        raise GroupError("the two conversations share no beginning to be the prompt", remedy='give it as "prompt"')
    return _messages(first[:shared]), _messages(first[shared:]), _messages(second[shared:])


def _messages(text: tuple[Message, ...]) -> Text:
    return text


def _split_text(first: str, second: str) -> tuple[str, str, str]:
    if first == second:  # nothing differs, so nothing says where the prompt ends; the pair is refused further on
        return "", first, second
    shared = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second))
    )
    starts = [match.end() for match in re.finditer(r"\s+|(?<=[\u3000-\u303f\uff00-\uffef])", first[:shared])]
    cut = starts[-1] if starts else 0
    if not cut:
        raise GroupError(
            "chosen and rejected share no beginning to be the prompt", remedy='give it as "prompt" (it may be empty)'
        )
    return first[:cut], first[cut:], second[cut:]


register_format(
    Format(
        name="hh",
        priority=100,
        columns="chosen, rejected with Human:/Assistant: turns",
        knows=knows_hh,
        read=read_hh,
    )
)
register_format(
    Format(
        name="llama-factory",
        priority=110,
        columns="conversations or instruction, chosen, rejected",
        knows=knows_llama_factory,
        read=read_trl,
    )
)
register_format(
    Format(
        name="trl",
        priority=120,
        columns="chosen, rejected, with or without prompt",
        knows=knows_trl,
        read=read_trl,
        needs=(PROMPTS, ("chosen",), ("rejected",)),
    )
)
