"""What many shapes share: taking columns out of a row, prompts, messages, turns, and the word of a verdict."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.groups import GroupError, Message, Text

ROLES = {
    "human": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
}
"""Other tools' names for the roles of a chat; what is not here is kept as it is."""

ANNOTATORS = ("annotator", "annotator_id", "worker", "worker_id", "rater", "rater_id", "judge", "user_id")
PROMPTS = ("prompt", "question", "query", "conversations", "messages", "context", "instruction")
"""Columns that hold the prompt, the likeliest first."""

IDS = ("id", "prompt_id", "question_id")

_TURN = re.compile(r"\n\n(Human|Assistant):")
_SPEAKERS = {"Human": "user", "Assistant": "assistant"}


def take(row: dict[str, Any], *names: str) -> Any:
    """Takes the first of `names` that has a value out of the row; None if none has.

    Example:
        >>> row = {"id": 7, "question": "Why?"}
        >>> take(row, "prompt", "question"), row
        ('Why?', {'id': 7})
    """
    for name in names:
        value = row.get(name)
        if value is not None:
            del row[name]
            return value
    return None


def need(row: dict[str, Any], *names: str) -> Any:
    """Like `take`, but a missing value is an error.

    Example:
        >>> need({"answer": "4"}, "prompt", "question")
        Traceback (most recent call last):
        ...
        plaudit.errors.GroupError: the row has no 'prompt' or 'question'; add it or remove the row
    """
    value = take(row, *names)
    if value is None:
        raise GroupError(f"the row has no {' or '.join(repr(n) for n in names)}", remedy="add it or remove the row")
    return value


def name_of(row: dict[str, Any], *names: str) -> str | None:
    """An identifier (id, annotator, subset) as text; blank counts as absent.

    Example:
        >>> name_of({"prompt_id": 17}, "id", "prompt_id"), name_of({"id": " "}, "id")
        ('17', None)
    """
    value = take(row, *names)
    return None if value is None or str(value).strip() == "" else str(value)


def words_of(value: Any, what: str) -> str:
    """Text as it is. A bare true, false or number is what tables make of the words True, False and 3: read as text."""
    if isinstance(value, str):
        return value
    if isinstance(value, (bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return str(value)
    raise GroupError(f"{what} is {value!r:.40}; it must be text" if value is not None else f"{what} is missing")


def text_of(value: Any, what: str) -> Text:
    """Text or messages, from a string, a list of messages or one message."""
    if isinstance(value, Mapping):
        return messages_of([value], what)
    if isinstance(value, (list, tuple)):
        return messages_of(value, what)
    return words_of(value, what)


def messages_of(values: Sequence[Any], what: str) -> tuple[Message, ...]:
    """Messages in our words, from `role`/`content` or sharegpt's `from`/`value`."""
    return tuple(_message(value, what) for value in values)


def _message(value: Any, what: str) -> Message:
    if not isinstance(value, Mapping):
        raise GroupError(f'{what} has a message that is not an object with "role" and "content"')
    message = {key: inner for key, inner in value.items() if inner is not None}
    role, content = message.pop("from", message.get("role")), message.pop("value", message.get("content"))
    return {**message, "role": ROLES.get(str(role), role), "content": content}


def response_of(value: Any, what: str) -> Text:
    """A response. One assistant message with nothing but its content is plain text."""
    text = text_of(value, what)
    if isinstance(text, tuple) and len(text) == 1 and set(text[0]) == {"role", "content"}:
        message = text[0]
        if message["role"] == "assistant" and isinstance(message["content"], str):
            return message["content"]
    return text


def turns_of(text: str, what: str) -> tuple[Message, ...]:
    """Messages of an HH-style transcript. A last turn with nothing in it, waiting for the answer, is left out."""
    opening, *rest = _TURN.split(text if text.startswith("\n\n") else f"\n\n{text.lstrip()}")
    if opening.strip():
        raise GroupError(f'{what} has text before its first "\\n\\nHuman:" turn', remedy="remove it or make it a turn")
    return tuple(
        {"role": _SPEAKERS[speaker], "content": content.strip()}
        for speaker, content in zip(rest[::2], rest[1::2], strict=True)
    )


def is_transcript(text: Any) -> bool:
    return isinstance(text, str) and text.lstrip().startswith("Human:") and "\n\nAssistant:" in text


def prompt_of(row: dict[str, Any]) -> Text | None:
    """The prompt, from `prompt`, `question`, `conversations`, `instruction` + `input` and their kind; None if absent.

    A `system` column and a `history` of (question, answer) pairs make it messages.

    Example:
        >>> prompt_of({"instruction": "Translate.", "input": "Hallo"})
        'Translate.\\nHallo'
        >>> prompt_of({"system": "Be brief.", "prompt": "Why?"})
        ({'role': 'system', 'content': 'Be brief.'}, {'role': 'user', 'content': 'Why?'})
    """
    value = take(row, *PROMPTS)
    if value is None:
        return None
    prompt: Text
    if is_transcript(value):
        prompt = turns_of(value, "the prompt")
        if not prompt[-1]["content"] and prompt[-1]["role"] == "assistant":
            prompt = prompt[:-1]
    else:
        prompt = text_of(value, "the prompt")
    if isinstance(prompt, str) and (more := take(row, "input")):
        prompt = f"{prompt}\n{words_of(more, 'the input')}"
    before = _history(row)
    if not before:
        return prompt
    return (*before, *(({"role": "user", "content": prompt},) if isinstance(prompt, str) else prompt))


def _history(row: dict[str, Any]) -> tuple[Message, ...]:
    system = take(row, "system", "system_prompt")
    messages = [{"role": "system", "content": words_of(system, "the system message")}] if system else []
    turns = take(row, "history") or []
    if not isinstance(turns, list) or not all(isinstance(turn, (list, tuple)) and len(turn) == 2 for turn in turns):
        raise GroupError('"history" must be a list of [question, answer] pairs')
    for turn in turns:
        messages += [{"role": "user", "content": turn[0]}, {"role": "assistant", "content": turn[1]}]
    return tuple(messages)


def number_of(value: Any, what: str) -> float:
    """A number, or text that says one. Booleans are not numbers."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    try:
        number = float(value) if isinstance(value, str) else None
    except ValueError:
        number = None
    if number is None:
        raise GroupError(f"{what} is {value!r:.40}", remedy="it must be a number")
    return int(number) if number.is_integer() else number
