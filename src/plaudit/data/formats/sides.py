"""Two responses in one row: which columns they are, and the texts or conversations that stand in them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from plaudit.data.formats import FileReading
from plaudit.data.formats.fields import need, prompt_of, take
from plaudit.data.formats.shared_prompts import holds_prompt, shared_prompt, whole_prompt
from plaudit.data.formats.texts import response_of, text_of
from plaudit.data.formats.verdicts import Naming
from plaudit.groups import GroupError, Message, Text

_STEMS = ("response", "answer", "output", "completion", "conversation", "candidate", "summary", "reply", "generation")
_SUFFIXES: tuple[tuple[str, str, Naming], ...] = (
    ("_a", "_b", "letters"),
    ("_1", "_2", "from 1"),
    ("1", "2", "from 1"),
    ("_0", "_1", "from 0"),
    ("0", "1", "from 0"),
    ("_left", "_right", "letters"),
)
_MORE = {"letters": ("c", "d"), "from 1": ("0", "3"), "from 0": ("2", "3")}


@dataclass(frozen=True, slots=True)
class Sides:
    """The columns of two responses, and what they are called by."""

    first: str
    second: str
    naming: Naming


_MODELS = ("model_a", "model_b", "model_1", "model_2", "generator_1", "generator_2")

SIDES = (
    *(Sides(stem + first, stem + second, naming) for stem in _STEMS for first, second, naming in _SUFFIXES),
    Sides("a1", "a2", "from 1"),
)


@lru_cache(maxsize=4096)
def canonical(column: str) -> str:
    """A column's name in lower case, with `_` for spaces and hyphens.

    Example:
        >>> canonical("Response A")
        'response_a'
    """
    return re.sub(r"[\s\-]+", "_", column.strip()).lower()


def make_canonical(row: dict[str, Any], names: frozenset[str]) -> None:
    """Give the columns whose canonical name is one of `names` that name, where it is free.

    Example:
        >>> row = {"Response A": "4", "Topic": "sums"}
        >>> make_canonical(row, frozenset({"response_a"}))
        >>> row
        {'Topic': 'sums', 'response_a': '4'}
    """
    for column in [column for column in row if canonical(column) != column]:
        name = canonical(column)
        if name in names and name not in row:
            row[name] = row.pop(column)


def sides_of(row: Mapping[str, Any]) -> Sides | None:
    """The columns of a row's two responses; None if it has none.

    Example:
        >>> sides_of({"question": "2 + 2?", "Answer 1": "4", "Answer 2": "5"})
        Sides(first='answer_1', second='answer_2', naming='from 1')
    """
    return _sides(tuple(row))


@lru_cache(maxsize=256)
def _sides(columns: tuple[str, ...]) -> Sides | None:
    names = {canonical(column) for column in columns}
    return next((sides for sides in SIDES if sides.first in names and sides.second in names), None)


def refuse_a_third(row: Mapping[str, Any], sides: Sides) -> None:
    """Refuse a row with a third response beside two: a verdict of two says nothing of it.

    Raises:
        GroupError: if there is one.
    """
    stem = sides.first[:-1]
    for name in (f"{stem}{suffix}" for suffix in _MORE[sides.naming]):
        if row.get(name) not in (None, ""):
            raise GroupError(
                f"the row has a third response, {name!r}, beside {sides.first!r} and {sides.second!r}",
                remedy='list them all under "responses", with "ranks"',
            )


_LISTS = ("responses", "completions", "candidates", "answers", "outputs", "generations")
_NAME = re.compile(
    r"(the )?(model|response|answer|output|completion|candidate)?[ _-]?([a-d]|\d|left|right|first|second)"
)


def refuse_names(row: Mapping[str, Any], *chosen: Any) -> None:
    """Refuse a chosen and a rejected response that are no texts but name two of the row's other columns, or places in
    its list of responses.

    Args:
        row: the row's other columns.
        chosen: both responses of the pair.

    Raises:
        GroupError: if they do; it says what to type where the row has two responses.
    """
    sides = sides_of(row)
    several = next((name for name in _LISTS if isinstance(row.get(name), list)), None)
    if sides is None and several is None:
        return
    texts = list(row[several]) if several else []
    if sides is not None:
        texts += [value for name, value in row.items() if canonical(name) in (sides.first, sides.second)]
    models = [value for name, value in row.items() if name in _MODELS]
    for one in chosen:
        named = one in models or _NAME.fullmatch(str(one).strip().lower())
        if isinstance(one, (list, Mapping)) or not named or one in texts or str(one) in texts:
            return
    where, remedy = several, 'put the two texts there, or say which is best with "ranks" (a rank for each response)'
    if sides is not None:
        where, remedy = f"{sides.first} and {sides.second}", "say so: --column winner=chosen"
    raise GroupError(f"chosen is {chosen[0]!r:.40}, which is no text but names one of {where}", remedy=remedy)


def texts_of(row: dict[str, Any], sides: Sides, file: FileReading) -> tuple[Text, Text, Text]:
    """The prompt and the two responses.

    Conversations share the prompt they begin with, whatever column they stand in, and end with the turn that was
    judged, where `turn` names one.
    Text may be JSON: a list of messages, or (LMSYS) lists of turns in the prompt and in both responses.

    Raises:
        GroupError: if a text is missing, or there is no prompt.
    """
    first, second = need(row, sides.first), need(row, sides.second)
    if sides.first.startswith("conversation"):
        turn = row.get("turn")
        first, second = (text_of(_cut(_from_json(one), turn), "a conversation") for one in (first, second))
        prompt, first, second = shared_prompt(first, second, row)
        prompt = whole_prompt(None, prompt, row, file)
    elif (turns := [_turns(one) for one in (row.get("prompt"), first, second)])[0] and turns[1] and turns[2]:
        take(row, "prompt")
        prompt, first, second = _dialogue(turns[0], turns[1], turns[2])
        prompt = whole_prompt(None, prompt, row, file)
    else:
        column = prompt_of(row)
        whole = holds_prompt(first) and holds_prompt(second)
        first, second = text_of(first, sides.first), text_of(second, sides.second)
        if column is not None and not whole:
            prompt = column
        else:
            prompt, first, second = shared_prompt(first, second, row)
            prompt = whole_prompt(column, prompt, row, file)
    return prompt, response_of(first, sides.first), response_of(second, sides.second)


def _from_json(cell: Any) -> Any:
    """Messages out of the JSON that a table keeps them in; anything else as it is."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            parsed = json.loads(cell)
        except ValueError:
            return cell
        if isinstance(parsed, list) and parsed and all(isinstance(message, Mapping) for message in parsed):
            return parsed
    return cell


def _cut(conversation: Any, turn: Any) -> Any:
    """A conversation up to the answer in the turn that was judged, counted from 1 (MT-bench).

    Where `turn` says how many turns there are (Chatbot Arena), that is the whole of it.
    """
    if not isinstance(turn, (int, float)) or isinstance(turn, bool) or not isinstance(conversation, (list, tuple)):
        return conversation
    if turn < 1:
        raise GroupError(f'"turn" is {turn:g}', remedy="turns are counted from 1")
    users = 0
    for position, message in enumerate(conversation):
        role = message.get("role", message.get("from")) if isinstance(message, Mapping) else None
        users += role in ("user", "human")
        if users > turn:
            return conversation[:position]
    return conversation


def _turns(cell: Any) -> list[str] | None:
    """The texts of a JSON list, null being an empty one; None for anything else."""
    if not (isinstance(cell, str) and cell.lstrip().startswith("[")):
        return None
    try:
        parsed = json.loads(cell)
    except ValueError:
        return None
    if not isinstance(parsed, list) or not parsed or not all(one is None or isinstance(one, str) for one in parsed):
        return None
    return [one or "" for one in parsed]


def _dialogue(prompts: list[str], first: list[str], second: list[str]) -> tuple[Text, Text, Text]:
    """Both conversations that came of the same user's turns. Each holds the prompt's first turn and goes on from it."""
    if not len(prompts) == len(first) == len(second):
        raise GroupError(
            f"the prompt has {len(prompts)} turns and the responses {len(first)} and {len(second)}",
            remedy="every turn needs its answers",
        )
    opening: Message = {"role": "user", "content": prompts[0]}
    responses: list[tuple[Message, ...]] = []
    for answers in (first, second):
        messages: list[Message] = [{"role": "assistant", "content": answers[0]}]
        for question, answer in zip(prompts[1:], answers[1:], strict=True):
            messages += [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
        responses.append(tuple(messages))
    return (opening,), responses[0], responses[1]
