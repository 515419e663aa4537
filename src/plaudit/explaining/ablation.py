"""Ablation and prefixes: the score without a segment of the response, and of the response cut off after each.

These are new responses, scored like any other: nothing here trusts a gradient or a state inside the model. In a forest
they share their prompt.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from plaudit.data import Score
from plaudit.explaining.edits import cut_off, cut_out
from plaudit.explaining.tokens import TokenSpan
from plaudit.explaining.views import PrefixRewards
from plaudit.groups import Group, Text
from plaudit.model import Scorer
from plaudit.text import Span, merge_spans, sentence_spans, word_spans

MAX_PREFIXES = 64
"""Prefixes of a response that are scored at most. In a response of more words, sentences end them."""

MAX_SEGMENTS = 256
"""Segments of a response that are ablated at most. Where it has more, neighbours are ablated together."""

MAX_CHARACTERS = 16_000_000
"""Characters that are scored at most for one response and method: a very long one has fewer prefixes, and more
neighbours are ablated together. Two versions are scored however long it is."""


def version_budget(text: str, limit: int) -> int:
    """How many versions of a text may be scored, `limit` of them at most."""
    return max(2, min(limit, MAX_CHARACTERS // max(1, len(text))))


def ablation_effects(
    model: Scorer, group: Group, score: Score, segments: Sequence[Span], **options: Any
) -> list[float]:
    """The score of a response minus its score without each of its segments.

    Args:
        model: any scorer.
        group: the prompt and its responses.
        score: of the response.
        segments: spans of the response's plain text.
        options: of `Scorer.score`.
    """
    response = group.responses[score.response]
    ablated = [cut_out(response, start, end) for start, end in segments]
    return [score.score - reward for reward in _rewards(model, group, ablated, **options)]


def score_prefixes(
    model: Scorer, group: Group, response: int, text: str, tokens: Sequence[TokenSpan], **options: Any
) -> PrefixRewards:
    """The score of a response cut off before its first token, and after the tokens that end a word.

    If there are more than `MAX_PREFIXES` words it is cut off after sentences, or after several. The last prefix is the
    response itself.
    """
    limit = version_budget(text, MAX_PREFIXES)
    by_word = word_spans(text)
    spans = by_word if len(by_word) <= limit else merge_spans(sentence_spans(text), limit)[1]
    starts = [token.start for token in tokens]
    # A word ends in the last token that starts before the word's end.
    last = {len(tokens) - 1} if tokens else set()
    places = sorted({bisect_left(starts, end) - 1 for end in _visible_ends(text, spans) if end} | last)
    cuts = [cut_off(group.responses[response], end) for end in (0, *(tokens[i].end for i in places))]
    opening, *rewards = _rewards(model, group, cuts, **options)
    by_token = dict(zip(places, rewards, strict=True))
    return PrefixRewards(kind="prefixes", opening=opening, ends=tuple(by_token.get(i) for i in range(len(tokens))))


def _rewards(model: Scorer, group: Group, responses: Sequence[Text], **options: Any) -> list[float]:
    if not responses:
        return []
    return [score.score for score in model.score(group.with_responses(responses), **options)[0]]


def _visible_ends(text: str, spans: Sequence[Span]) -> list[int]:
    """Where spans end, without the white space at their end."""
    return [start + len(text[start:end].rstrip()) for start, end in spans]
