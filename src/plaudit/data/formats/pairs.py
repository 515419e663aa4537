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
from plaudit.data.formats.texts import is_transcript, response_of, text_of, turns_of
from plaudit.data.formats.verdicts import strength_of
from plaudit.groups import Group, GroupError, Ranking, Rating, Text, as_messages, group_of_checked, plain_text


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
    if prompt is None or holds_prompt(chosen):
        column = prompt
        prompt, chosen, rejected = shared_prompt(text_of(chosen, "chosen"), text_of(rejected, "rejected"), row)
        if column is not None and not _says_the_same(column, prompt):
            file.note("the prompt's column and the messages differ; the messages are believed")
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


def _says_the_same(column: Text, prompt: Text) -> bool:
    """Whether a column's prompt is the messages' own, or the last of them."""
    last = prompt if isinstance(prompt, str) else prompt[-1]["content"]
    return plain_text(column).strip() in (plain_text(prompt).strip(), last.strip())


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


def holds_prompt(chosen: Any) -> bool:
    """Whether messages under `chosen` begin with the prompt's own, as in sets that give both."""
    if not isinstance(chosen, (list, tuple)) or not chosen or not isinstance(chosen[0], Mapping):
        return False
    return chosen[0].get("role", chosen[0].get("from")) in ("system", "user", "human")


def shared_prompt(first: Text, second: Text, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    """The prompt that two conversations or texts begin with, and what is left of each; see `split_prompt` and
    `split_text`."""
    if isinstance(first, str) and isinstance(second, str):
        return split_text(first, second, row)
    return split_prompt(first, second)


def split_prompt(first: Text, second: Text) -> tuple[Text, Text, Text]:
    """The beginning two conversations share, and what is left of each. Each keeps at least its last message.

    Raises:
        GroupError: if they share nothing, or one of them is text.
    """
    if isinstance(first, str) or isinstance(second, str):
        raise GroupError("one of the two responses is text and the other messages", remedy="make both the same")
    if not first or not second:
        raise GroupError("one of the two conversations has no messages", remedy="remove the row")
    shared = 0
    while shared < min(len(first), len(second)) - 1 and first[shared] == second[shared]:
        shared += 1
    systems = [one[0]["role"] == "system" for one in (first, second)]
    if not shared and systems[0] != systems[1]:
        raise GroupError(
            f"only the {'first' if systems[0] else 'second'} of the two conversations begins with a system message, so "
            "they share no prompt",
            remedy="both must begin with the same messages",
        )
    if not shared:
        raise GroupError(
            f"the two conversations begin differently ({first[0]['role']} and {second[0]['role']}), so they share no "
            "prompt",
            remedy="both must begin with the same messages",
        )
    return first[:shared], first[shared:], second[shared:]


# What opens the assistant's turn, after somebody else's, where a conversation is written as text.
_ANSWER_OPENS = re.compile(
    r"(?<=\n)[ \t<|]*(assistant|answer|response|bot|model|gpt|a|tl;dr)\s*(:|\|>|<\|end_header_id\|>)[ \t]*\n*|"
    r"<\|im_start\|>assistant\n|\[/INST\]\s*|<start_of_turn>model\n|<｜Assistant｜>",
    re.IGNORECASE,
)
# Columns of words that are about a row and never its prompt.
_ABOUT = re.compile(
    r"(.*_)?(id|source|model|dataset|subset|category|domain|language|lang|split|type|status|task|name)s?", re.IGNORECASE
)


def split_text(first: str, second: str, row: Mapping[str, Any]) -> tuple[Text, Text, Text]:
    """The prompt that two texts begin with, up to where the assistant's turn opens, and what is left of each.

    The first words that two answers share are no prompt: nobody wrote them as one.

    Args:
        first: a text.
        second: another.
        row: the row's other columns, one of which may hold the prompt.

    Raises:
        GroupError: if they do not begin with a prompt; it names the column that may hold it.
    """
    if is_transcript(first) and is_transcript(second):
        return split_prompt(turns_of(first, "chosen"), turns_of(second, "rejected"))
    opens = [
        match.end()
        for match in _ANSWER_OPENS.finditer(first)
        if first[: match.start()].strip() and second.startswith(first[: match.end()])
    ]
    others = _may_be_prompt(row)
    if opens and not others:
        return first[: opens[-1]], first[opens[-1] :], second[opens[-1] :]
    if others:
        raise GroupError(f"there is no prompt; it may be {others[0]!r}", remedy=f"say so: --column prompt={others[0]}")
    raise GroupError(
        "there is no prompt, and the two texts begin with none", remedy='give it as "prompt" (it may be empty)'
    )


def _may_be_prompt(row: Mapping[str, Any]) -> list[str]:
    """Columns with text of several words, the longest first."""
    texts = {name: value for name, value in row.items() if isinstance(value, str) and not _ABOUT.fullmatch(name)}
    several = [name for name, value in texts.items() if len(value.split()) > 1 or len(value) > 20]
    return sorted(several, key=lambda name: -len(texts[name]))


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
