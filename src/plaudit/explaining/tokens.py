"""Where a response's tokens stand in its text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plaudit.errors import PlauditError
from plaudit.explaining.edits import contents
from plaudit.groups import Text
from plaudit.text import replace_surrogates


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """Characters `start` to `end` of the response's plain text, read as tokens `first` to `last` of its sequence. A
    piece that the model never saw has no tokens: `first == last`."""

    start: int
    end: int
    first: int
    last: int

    @property
    def read(self) -> bool:
        return self.first < self.last


def pieces_of(text: str, spans: Sequence[tuple[int, int, int]]) -> tuple[TokenSpan, ...]:
    """Pieces that make up a text.

    Args:
        text: the response's plain text.
        spans: (start, end, number) of each of its tokens, in order. Tokens that share a character become one piece, as
            do bytes of one character that a tokenizer places nowhere (start == end).

    Returns:
        Pieces in order, without gaps: white space before a token belongs to it, and at the end to the last. Other text
        between tokens was cut, or is nothing to this tokenizer, and is a piece without tokens.
    """
    pieces: list[TokenSpan] = []
    for start, end, number in spans:
        last = pieces[-1] if pieces else TokenSpan(0, 0, 0, 0)
        if last.read and (start < last.end or start == end):
            pieces[-1] = TokenSpan(last.start, max(last.end, end), last.first, number + 1)
        elif start < end:
            if skipped := text[last.end : start].strip():
                pieces.append(last := TokenSpan(last.end, text.index(skipped, last.end) + len(skipped), 0, 0))
            pieces.append(TokenSpan(last.end, end, number, number + 1))
    last = pieces[-1] if pieces else TokenSpan(0, 0, 0, 0)
    if text[last.end :].strip() or (last.end < len(text) and not pieces):
        pieces.append(TokenSpan(last.end, len(text), 0, 0))
    elif last.end < len(text):
        pieces[-1] = TokenSpan(last.start, len(text), last.first, last.last)
    return tuple(pieces)


def in_text(rendered: str, response: Text, spans: np.ndarray) -> list[tuple[int, int, int]]:
    """Where tokens stand in a response's plain text, from where they stand in what a template made of it.

    Args:
        rendered: the response with what the template put between and after its messages.
        response: the response.
        spans: `[n, 2]`, of each token in `rendered`; from 0 to 0 for tokens that are not of it.

    Returns:
        (start, end, number) of each token that reads some of the response's own text.

    Raises:
        PlauditError: if the template changed the text.
    """
    places = _places(rendered, response)
    found = []
    for number, (start, end) in enumerate(spans.tolist()):
        own = places[start : max(end, start + 1)] if end else places[:0]
        own = own[own >= 0]
        if len(own):
            found.append((int(own[0]), int(own[-1]) + 1 if end > start else int(own[0]), number))
    return found


def _places(rendered: str, response: Text) -> np.ndarray:
    """`[len(rendered)]`: the character of the plain text that each one is; -1 for the template's own."""
    places = np.full(len(rendered), -1)
    several = contents(response)
    done = 0
    for number, (at, content) in enumerate(several):
        content = replace_surrogates(content)
        # Templates may drop the white space around a message. What closes the response may say its words again, but
        # what comes between two messages may say those of the last, "user".
        find = rendered.rfind if 0 < number == len(several) - 1 else rendered.find
        said = next((said for said in (content, content.strip()) if find(said, done) >= 0), None)
        if said is None:
            raise PlauditError(
                "the chat template changes the response's text, so its tokens cannot be pointed at; "
                "explain it with --method leaving-out"
            )
        found, white = find(said, done), content.find(said)
        places[found : found + len(said)] = np.arange(at + white, at + white + len(said))
        done = found + len(said)
    return places
