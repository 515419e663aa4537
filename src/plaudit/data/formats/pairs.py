"""Chosen and rejected: TRL's preference rows, HH-style transcripts, and LLaMA-Factory's ranking rows.

The prompt is a column of its own (explicit) or the conversation that chosen and rejected begin with (implicit).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import product
from math import inf
from typing import Any

from plaudit.data.formats import FileReading, Format, register_format
from plaudit.data.formats.fields import ANNOTATORS, IDS, PROMPTS, name_of, need, optional_number, prompt_of, take
from plaudit.data.formats.shared_prompts import holds_prompt, shared_prompt, split_prompt, whole_prompt
from plaudit.data.formats.sides import refuse_names
from plaudit.data.formats.texts import is_transcript, response_of, text_of, turns_of
from plaudit.data.formats.verdicts import strength_of
from plaudit.groups import Group, GroupError, Ranking, Rating, Text, as_messages, group_of_checked


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
    sides = [turns_of(f"{opening}{need(row, side)}", side) for side in ("chosen", "rejected")]
    for name, turns in zip(("chosen", "rejected"), sides, strict=True):
        if not turns:
            raise GroupError(f"{name} has no turns", remedy="remove the row")
        if turns[-1]["role"] != "assistant":
            raise GroupError(f"{name} ends with the human's turn, so there is no answer in it", remedy="remove the row")
    prompt, *responses = split_prompt(*sides)
    prompt = whole_prompt(None, prompt, row, file)
    return _group(row, prompt, responses[:1], responses[1:], file)


def read_trl(row: dict[str, Any], file: FileReading) -> Group:
    """Chosen and rejected, after a prompt of their own or after what both begin with.

    Example:
        >>> group = read_trl({"prompt": "2 + 2?", "chosen": "4", "rejected": "5", "margin": 2}, FileReading())
        >>> group.responses, group.rankings[0].tiers, group.rankings[0].strength
        (('4', '5'), ((0,), (1,)), 2)
    """
    chosen, rejected = need(row, "chosen"), need(row, "rejected")
    prompt = prompt_of(row)
    if row:
        refuse_names(row, chosen, rejected)
    if prompt is None or holds_prompt(chosen):
        column = prompt
        prompt, chosen, rejected = shared_prompt(text_of(chosen, "chosen"), text_of(rejected, "rejected"), row)
        prompt = whole_prompt(column, prompt, row, file)
    if isinstance(prompt, str) and _TEMPLATE_MARKS.search(prompt):
        file.note("the prompt holds the marks of a chat template, and a template would be put around it again")
    return _group(row, prompt, _sides(chosen), _sides(rejected), file)


def read_plain_pair(row: Mapping[str, Any]) -> Group | None:
    """The group of a row that is a prompt, chosen and rejected in plain text and nothing more, as most rows of the
    large sets are; None for any other, and for any in which `read_trl` or who called it would look for something.

    tests/data/test_plain_rows.py holds that it makes what they make.

    Example:
        >>> read_plain_pair({"prompt": "2 + 2?", "chosen": "4", "rejected": "5"}).responses
        ('4', '5')
        >>> read_plain_pair({"prompt": "2 + 2?", "chosen": "4", "rejected": "5", "margin": 2}) is None
        True
    """
    if len(row) != 3:
        return None
    try:
        prompt, chosen, rejected = row["prompt"], row["chosen"], row["rejected"]
    except KeyError:
        return None
    if not type(prompt) is type(chosen) is type(rejected) is str:
        return None
    # What may be a transcript or hold a template's marks. To look for the marks themselves takes four times as long.
    if "Human:" in prompt or "<" in prompt or "[INST]" in prompt:
        return None
    if chosen.strip() == rejected.strip():
        return None
    return group_of_checked("", prompt, (chosen, rejected), _FIRST_WINS, (), None, {}, ())


_TEMPLATE_MARKS = re.compile(r"<\||\[INST\]|<start_of_turn>|<｜Assistant｜>")


def _sides(value: Any) -> list[Any]:
    """The responses of one side: one, or a list of several texts, each of which stands for itself."""
    several = isinstance(value, list) and value and not isinstance(value[0], Mapping)
    return list(value) if several else [value]


def _group(
    row: dict[str, Any], prompt: Text, chosen: Sequence[Any], rejected: Sequence[Any], file: FileReading
) -> Group:
    """Each of `chosen` beats each of `rejected`; nothing was said about those of one side among each other."""
    responses = (*[response_of(one, "chosen") for one in chosen], *[response_of(one, "rejected") for one in rejected])
    if {*map(type, responses)} != {str}:
        sides = [as_messages(response, "assistant") for response in responses]
        shorter = min(map(len, sides))
        if sides[0][:shorter] == sides[-1][:shorter]:
            file.note("one response is the beginning of the other")
    pairs = product(range(len(chosen)), range(len(chosen), len(responses)))
    if not row:  # most rows of the large sets hold nothing else
        return Group("", prompt, responses, tuple([_over(better, worse) for better, worse in pairs]))
    strength = strength_of(row, "the margin", file, "margin")
    if strength is not None and strength < 0:
        raise GroupError(f"the margin is {strength:g}, which is against the label", remedy="it must be a number >= 0")
    annotator = name_of(row, *ANNOTATORS)
    probability = optional_number(row, "the probability of chosen", *_PROBABILITIES)
    if probability is not None and not 0 <= probability <= 1:
        raise GroupError(f"the probability of chosen is {probability:g}", remedy="it must be from 0 to 1")
    if probability is not None and probability < 0.5:
        file.note("the probability contradicts the label: the rejected response is the likelier one; it is believed")
    weight = 1.0 if probability is None else float(probability)
    return Group(
        id=name_of(row, *IDS) or "",
        prompt=prompt,
        responses=responses,
        rankings=tuple(
            _over(*order, strength, annotator, share)
            for better, worse in pairs
            for order, share in (((better, worse), weight), ((worse, better), 1 - weight))
            if share
        ),
        ratings=_ratings(row, {"chosen": 0, "rejected": len(chosen)}, file),
        subset=name_of(row, "subset"),
    )


@lru_cache(maxsize=1024, typed=True)
def _over(
    better: int, worse: int, strength: float | None = None, annotator: str | None = None, weight: float = 1.0
) -> Ranking:
    """One response above another. Millions of rows say the same and share one object."""
    return Ranking(((better,), (worse,)), strength, annotator, weight)


_FIRST_WINS = (_over(0, 1),)


# How probable it is that chosen is better: a soft label.
_PROBABILITIES = ("chosen_prob", "prob_chosen", "p_chosen", "chosen_probability")


# The columns in which sets give scores beside their pairs -> the attribute, and whose it is.
_SCORES = {
    name: (attribute, side)
    for attribute in ("score", "rating", "reward")
    for side in ("chosen", "rejected")
    for name in (f"{attribute}_{side}", f"{side}_{attribute}", f"{side}-{attribute}", f"{side}_avg_{attribute}")
}


def _ratings(row: dict[str, Any], places: Mapping[str, int], file: FileReading) -> tuple[Rating, ...]:
    """The scores beside a pair, in the order chosen, rejected. Those that contradict the label are noted."""
    values: dict[tuple[str, str], float] = {}
    for name in [name for name in _SCORES if name in row]:
        attribute, side = _SCORES[name]
        value = optional_number(row, f"the {attribute} of {side}", name)
        if value is not None:
            values[side, attribute] = value
    if any(value < values.get(("rejected", kind), -inf) for (side, kind), value in values.items() if side == "chosen"):
        file.note("the scores contradict the label: the rejected response has the higher one; both are kept")
    ordered = sorted(values.items(), key=lambda item: places[item[0][0]])
    return tuple(Rating(places[side], value, attribute) for (side, attribute), value in ordered)


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
        read_plain=read_plain_pair,
        needs=(PROMPTS, ("chosen",), ("rejected",)),
    )
)
