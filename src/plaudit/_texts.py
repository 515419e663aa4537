"""What a prompt or a response is: text, or messages. `plaudit.groups` offers all of this."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

Message = Mapping[str, Any]
"""One turn of a conversation: at least `role` and `content`, both strings."""

Text = str | tuple[Message, ...]
"""A prompt or a response: plain text, or messages. A response of messages is everything after the prompt."""


def plain_text(text: Text) -> str:
    """The words of a prompt or response without roles: messages' contents joined by blank lines.

    Example:
        >>> plain_text(({"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello!"}))
        'Hi\\n\\nHello!'
    """
    if isinstance(text, str):
        return text
    return "\n\n".join(str(message["content"]) for message in text)


def as_messages(text: Text, role: str) -> list[dict[str, Any]]:
    """Messages as they are, or plain text as one message of `role`.

    Example:
        >>> as_messages("Hi", role="user")
        [{'role': 'user', 'content': 'Hi'}]
    """
    if isinstance(text, str):
        return [{"role": role, "content": text}]
    return [dict(message) for message in text]


def text_key(text: Text) -> str:
    """A string that two texts share exactly when they are the same text or the same messages.

    Example:
        >>> text_key("Why?"), text_key(({"role": "user", "content": "Why?"},))
        ('Why?', '\\x00[{"content": "Why?", "role": "user"}]')
    """
    return text if isinstance(text, str) else "\0" + json.dumps(text, sort_keys=True)
