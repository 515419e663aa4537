"""What a response is worth without one of its parts, and cut off after each: new responses, scored like any other.

Nothing here trusts a gradient or a state inside the model. Siblings share their prompt in one forest.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from plaudit.explaining.edits import until, without
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import Along
from plaudit.groups import Group, Text
from plaudit.model import Scorer
from plaudit.text import Span, merge_spans, sentence_spans, word_spans

MOST_PREFIXES = 64
"""Prefixes of a response scored at most: more words than this, and sentences end them."""

MOST_PARTS = 256
"""Parts of a response left out at most: where it has more, neighbours are left out together."""

MOST_CHARACTERS = 16_000_000
"""Characters scored at most for one response and method: of one that is very long there are fewer prefixes, and more
neighbours go together. Two versions of it are scored however long it is."""


def affordable(text: str, most: int) -> int:
    """How many versions of a text may be scored, `most` of them at most."""
    return max(2, min(most, MOST_CHARACTERS // max(1, len(text))))


def effects(
    model: Scorer, group: Group, response: int, score: float, parts: Sequence[Span], **options: Any
) -> list[float]:
    """The score of a response minus its score without each of its parts. `options` are those of `Scorer.score`."""
    whole = group.responses[response]
    left = [without(whole, start, end) for start, end in parts]
    return [score - own for own in _scores(model, group.prompt, left, **options)]


def prefixes(
    model: Scorer, group: Group, response: int, text: str, pieces: Sequence[TokenSpan], **options: Any
) -> Along:
    """The score of a response cut off before its first piece, and after the pieces that end a word; or a sentence, or
    several, if that would be more than `MOST_PREFIXES`. The last is the response's own score."""
    most = affordable(text, MOST_PREFIXES)
    by_word = word_spans(text)
    ends = _ends(text, by_word if len(by_word) <= most else merge_spans(sentence_spans(text), most)[1])
    starts = [piece.start for piece in pieces]
    # A word ends in the last piece that starts before its end.
    places = sorted({bisect_left(starts, end) - 1 for end in ends if end} | ({len(pieces) - 1} if pieces else set()))
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
