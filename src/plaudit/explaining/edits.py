"""A response with a part cut out, or cut off. Places are characters of its `plain_text`."""

from __future__ import annotations

from plaudit.groups import Text

_JOINT = len("\n\n")
"""Characters between two messages in `plain_text`."""


def contents(response: Text) -> list[tuple[int, str]]:
    """Where the content of each message starts in the plain text, and the content; of plain text, the text."""
    if isinstance(response, str):
        return [(0, response)]
    found, start = [], 0
    for message in response:
        found.append((start, str(message["content"])))
        start += len(found[-1][1]) + _JOINT
    return found


def without(response: Text, start: int, end: int) -> Text:
    """The response without the characters from `start` to `end`."""
    if isinstance(response, str):
        return _cut(response, start, end)
    return tuple(
        {**message, "content": _cut(text, start - at, end - at)}
        for message, (at, text) in zip(response, contents(response), strict=True)
    )


def until(response: Text, end: int) -> Text:
    """The response cut off before character `end`. Messages after it go; the first stays, if only empty."""
    if isinstance(response, str):
        return response[:end]
    return tuple(
        {**message, "content": text[: end - at]}
        for message, (at, text) in zip(response, contents(response), strict=True)
        if at < max(end, 1)
    )


def _cut(text: str, start: int, end: int) -> str:
    """White space that then ends the text goes too, where the text did not end in any: it only stood between two
    parts."""
    kept = text[: max(start, 0)] + text[max(end, 0) :]
    return kept if kept == text or text[-1:].isspace() else kept.rstrip()
