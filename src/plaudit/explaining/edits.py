"""Edits of a response: a span cut out, or everything after a character cut off. Positions are those in `plain_text`."""

from __future__ import annotations

from plaudit.groups import Text

_SEPARATOR = len("\n\n")
"""Characters between two messages in `plain_text`."""


def message_contents(response: Text) -> list[tuple[int, str]]:
    """Where the content of each message starts in the plain text, and the content; of plain text, the text."""
    if isinstance(response, str):
        return [(0, response)]
    contents, start = [], 0
    for message in response:
        content = str(message["content"])
        contents.append((start, content))
        start += len(content) + _SEPARATOR
    return contents


def cut_out(response: Text, start: int, end: int) -> Text:
    """The response without the characters from `start` to `end`."""
    if isinstance(response, str):
        return _without(response, start, end)
    return tuple(
        {**message, "content": _without(content, start - offset, end - offset)}
        for message, (offset, content) in zip(response, message_contents(response), strict=True)
    )


def cut_off(response: Text, end: int) -> Text:
    """The response up to character `end`. Messages after it are dropped; the first stays, if only empty."""
    if isinstance(response, str):
        return response[:end]
    return tuple(
        {**message, "content": content[: end - offset]}
        for message, (offset, content) in zip(response, message_contents(response), strict=True)
        if offset < max(end, 1)
    )


def _without(text: str, start: int, end: int) -> str:
    """The text without a span. White space that then ends it goes too, unless the text ended in white space before: it
    only separated the span from the rest."""
    rest = text[: max(start, 0)] + text[max(end, 0) :]
    return rest if rest == text or text[-1:].isspace() else rest.rstrip()
