"""Texts and conversations as other tools write them: messages, transcripts, tools."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from plaudit.groups import GroupError, Message, Text

ROLES = {
    "human": "user",
    "prompter": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "bot": "assistant",
    "model": "assistant",
    "function_call": "assistant",
    "observation": "tool",
}
"""Other tools' names for the roles of a chat; what is not here is kept as it is."""

MEDIA = frozenset({"image", "images", "audio", "audios", "video", "videos"})
"""What a model of text cannot read."""

_MEDIA_COLUMNS = MEDIA | {
    f"{kind}_{where}{ending}"
    for kind in ("image", "img", "audio", "video")
    for where in ("path", "url", "file")
    for ending in ("", "s")
}

_TURN = re.compile(r"\n\n(Human|Assistant):")
_SPEAKERS = {"Human": "user", "Assistant": "assistant"}


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
    """Messages in our words, from `role` (or sharegpt's `from`) and `content` (`value`, `text`).

    Raises:
        GroupError: for what is no message, and for images and other parts of a message that are no text.

    Example:
        >>> messages_of([{"from": "human", "value": "Hi"}], "the prompt")
        ({'role': 'user', 'content': 'Hi'},)
    """
    return tuple(_message(value, what) for value in values)


def _message(value: Any, what: str) -> Message:
    if not isinstance(value, Mapping):
        raise GroupError(f'{what} has a message that is not an object with "role" and "content"')
    message = {key: inner for key, inner in value.items() if inner is not None}
    role = message.pop("from", None) or message.get("role")
    content = next((message.pop(key) for key in ("content", "value", "text") if key in message), None)
    if content is None and any(message.get(key) for key in ("tool_calls", "function_call")):
        content = ""
    if isinstance(content, (list, tuple)):
        content = "".join(_text_of_part(part, what) for part in content)
    return {**message, "role": ROLES.get(str(role), role), "content": content}


def _text_of_part(part: Any, what: str) -> str:
    if isinstance(part, str):
        return part
    kind = part.get("type", "text") if isinstance(part, Mapping) else type(part).__name__
    for name in MEDIA:
        if kind == "text" and part.get(name):
            raise GroupError(
                f"{what} has a part with {name!r}, which a model of text cannot read", remedy="remove the row"
            )
    if kind != "text" or not isinstance(text := part.get("text"), str):
        raise GroupError(
            f"{what} has a part of the type {kind!r}, which a model of text cannot read", remedy="remove the row"
        )
    return text


def response_of(value: Any, what: str) -> Text:
    """A response. One assistant message with nothing but its content is plain text.

    Example:
        >>> response_of([{"role": "assistant", "content": "Hello!"}], "the response")
        'Hello!'
    """
    if type(value) is str:
        return value
    text = text_of(value, what)
    if isinstance(text, tuple) and len(text) == 1 and set(text[0]) == {"role", "content"}:
        message = text[0]
        if message["role"] == "assistant" and isinstance(message["content"], str):
            return message["content"]
    return text


def answered(values: Any, what: str) -> tuple[tuple[Message, ...], Text]:
    """A whole conversation: what stands before its last message, and that message, which is the assistant's answer.

    Raises:
        GroupError: if it ends otherwise.

    Example:
        >>> turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}]
        >>> answered(turns, "the conversation")
        (({'role': 'user', 'content': 'Hi'},), 'Hello!')
    """
    if not isinstance(values, (list, tuple)):
        raise GroupError(f"{what} must be a list of messages")
    messages = messages_of(values, what)
    if len(messages) < 2 or messages[-1]["role"] != "assistant":
        raise GroupError("its messages do not end with an answer of the assistant's", remedy="add it")
    return messages[:-1], response_of([messages[-1]], "the answer")


def tools_of(value: Any) -> tuple[Mapping[str, Any], ...]:
    """What the assistant could call, from a list or from JSON in text, as Arrow's columns need it.

    Raises:
        GroupError: if it is no list of objects.

    Example:
        >>> tools_of('[{"name": "weather"}]')
        ({'name': 'weather'},)
    """
    tools = _parsed(value)
    if not isinstance(tools, (list, tuple)):
        raise GroupError('"tools" must be a list of objects')
    tools = [_parsed(tool) for tool in tools]
    if not all(isinstance(tool, Mapping) for tool in tools):
        raise GroupError('"tools" must be a list of objects')
    return tuple(tools)


def _parsed(value: Any) -> Any:
    """The value, parsed if it is text."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else []
    except ValueError as error:
        raise GroupError('"tools" is text but not JSON', remedy="write a list of objects") from error


def refuse_media(row: Mapping[str, Any]) -> None:
    """Refuse a row with images, audio or video: without them its judgement means nothing.

    Raises:
        GroupError: if it has any.
    """
    if _MEDIA_COLUMNS.isdisjoint(row):
        return
    for name in sorted(_MEDIA_COLUMNS.intersection(row)):
        if row[name] and row[name] == row[name]:
            raise GroupError(
                f"the row has {name!r}, which a model of text cannot read",
                remedy="remove the row, or the column where no answer is about it",
            )


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
    return isinstance(text, str) and text[:80].lstrip().startswith("Human:") and "\n\nAssistant:" in text
