"""Tokens of a response, located in its plain text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from plaudit.errors import InvalidInputError
from plaudit.explaining.edits import message_contents
from plaudit.groups import Text
from plaudit.text import replace_surrogates

LocatedToken = tuple[int, int, int]
"""Start and end in the plain text, and the token's position in the sequence."""


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """Characters `start` to `end` of the response's plain text, read as tokens `first` to `last` of its sequence.

    Text that the model never read has no tokens: `first == last`.
    """

    start: int
    end: int
    first: int
    last: int

    @property
    def is_read(self) -> bool:
        return self.first < self.last


def merge_tokens(text: str, tokens: Sequence[LocatedToken]) -> tuple[TokenSpan, ...]:
    """The spans of a text that its tokens read.

    Tokens that share a character become one span, as do bytes of one character that a tokenizer locates nowhere
    (start == end).

    Args:
        text: the response's plain text.
        tokens: in order.

    Returns:
        Spans in order, without gaps: white space before a token belongs to it, and at the end to the last. Other text
        between tokens was cut off, or is not read by this tokenizer, and is a span without tokens.
    """
    spans: list[TokenSpan] = []
    for start, end, position in tokens:
        last = spans[-1] if spans else TokenSpan(0, 0, 0, 0)
        if last.is_read and (start < last.end or start == end):
            spans[-1] = TokenSpan(start=last.start, end=max(last.end, end), first=last.first, last=position + 1)
        elif start < end:
            if skipped := text[last.end : start].strip():
                last = _unread(last.end, text.index(skipped, last.end) + len(skipped))
                spans.append(last)
            spans.append(TokenSpan(start=last.end, end=end, first=position, last=position + 1))
    last = spans[-1] if spans else TokenSpan(0, 0, 0, 0)
    if text[last.end :].strip() or (last.end < len(text) and not spans):
        spans.append(_unread(last.end, len(text)))
    elif last.end < len(text):
        spans[-1] = TokenSpan(start=last.start, end=len(text), first=last.first, last=last.last)
    return tuple(spans)


def _unread(start: int, end: int) -> TokenSpan:
    return TokenSpan(start=start, end=end, first=0, last=0)


def locate_tokens(rendered: str, response: Text, spans: Int[np.ndarray, "tokens 2"]) -> list[LocatedToken]:
    """Tokens in a response's plain text, from where they are in the text that a template made of it.

    Args:
        rendered: the response with what the template put between and after its messages.
        response: the response.
        spans: [n, 2], of each token in `rendered`; from 0 to 0 for tokens outside it.

    Returns:
        The tokens that read some of the response's text.

    Raises:
        PlauditError: if the template changed the text.
    """
    character = _characters(rendered, response)
    tokens = []
    for position, (start, end) in enumerate(spans.tolist()):
        # A token of no characters (start == end) is a byte of the character there.
        characters = character[start : max(end, start + 1)] if end else character[:0]
        characters = characters[characters >= 0]
        if len(characters):
            first, last = int(characters[0]), int(characters[-1])
            tokens.append((first, last + 1 if end > start else first, position))
    return tokens


def _characters(rendered: str, response: Text) -> Int[np.ndarray, " characters"]:
    """[len(rendered)]: the character of the plain text that each one is; -1 for the template's own."""
    characters = np.full(len(rendered), -1)
    messages = message_contents(response)
    searched = 0
    for number, (offset, content) in enumerate(messages):
        content = replace_surrogates(content)
        # Templates may drop the white space around a message. What closes the response may repeat its words, so the
        # first message is searched from the start, and the last from the end, past separators that may hold the same
        # word ("user").
        find = rendered.rfind if 0 < number == len(messages) - 1 else rendered.find
        verbatim = next((text for text in (content, content.strip()) if find(text, searched) >= 0), None)
        if verbatim is None:
            raise InvalidInputError(
                "the chat template changes the response's text, so its tokens cannot be pointed at",
                remedy="explain it with --method ablation",
            )
        start, trimmed = find(verbatim, searched), content.find(verbatim)
        first = offset + trimmed
        characters[start : start + len(verbatim)] = np.arange(first, first + len(verbatim))
        searched = start + len(verbatim)
    return characters
