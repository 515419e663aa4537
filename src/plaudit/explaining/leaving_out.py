"""What a response is worth without one of its parts, and cut off after each: new responses, scored like any other.

Nothing here trusts a gradient or a state inside the model. Siblings share their prompt in one forest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from plaudit.explaining.edits import until, without
from plaudit.explaining.parts import Span, sentences, words
from plaudit.explaining.tokens import Piece
from plaudit.explaining.views import Along
from plaudit.groups import Group, Text
from plaudit.model import Scorer

MOST_PREFIXES = 64
"""Prefixes of a response scored at most: more words than this, and sentences end them."""


def effects(
    model: Scorer, group: Group, response: int, score: float, parts: Sequence[Span], **options: Any
) -> list[float]:
    """The score of a response minus its score without each of its parts. `options` are those of `Scorer.score`."""
    whole = group.responses[response]
    left = [without(whole, start, end) for start, end in parts]
    return [score - own for own in _scores(model, group.prompt, left, **options)]


def prefixes(model: Scorer, group: Group, response: int, text: str, pieces: Sequence[Piece], **options: Any) -> Along:
    """The score of a response cut off before its first piece, and after the pieces that end a word; or a sentence, if
    its words are more than `MOST_PREFIXES`. The last is the response's own score."""
    by_word, by_sentence = (_ends(text, cut(text)) for cut in (words, sentences))
    ends = by_word if len(by_word) <= MOST_PREFIXES else by_sentence[:: -(-len(by_sentence) // MOST_PREFIXES)]
    places = sorted({_piece_at(pieces, end) for end in ends if end} | ({len(pieces) - 1} if pieces else set()))
    cuts = [until(group.responses[response], end) for end in (0, *(pieces[i].end for i in places))]
    opening, *rewards = _scores(model, group.prompt, cuts, **options)
    by_piece = dict(zip(places, rewards, strict=True))
    return Along("prefixes", opening, tuple(by_piece.get(i) for i in range(len(pieces))))


def _scores(model: Scorer, prompt: Text, responses: Sequence[Text], **options: Any) -> list[float]:
    if not responses:
        return []
    return [score.score for score in model.score(Group("", prompt, tuple(responses)), **options)[0]]


def _ends(text: str, spans: Sequence[Span]) -> list[int]:
    """Where spans end, before the white space that ends them."""
    return [start + len(text[start:end].rstrip()) for start, end in spans]


def _piece_at(pieces: Sequence[Piece], end: int) -> int:
    """The last piece that starts before `end`."""
    return max(i for i, piece in enumerate(pieces) if piece.start < end)
