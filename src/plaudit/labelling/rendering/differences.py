"""Which words of two answers are in only one of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from heapq import heappop, heappush
from itertools import accumulate

from markupsafe import Markup

from plaudit.labelling.rendering.markdown import render_text
from plaudit.labelling.rendering.sanitising import sanitise
from plaudit.text import TOKEN

LEAST_SIMILARITY = 0.3
"""Similarity under which nearly all would be marked, which tells nothing."""

MOST_STEPS = 10_000_000
"""Steps of the comparison. What is not compared by then counts as different."""

# Vowel signs, points and joiners, which `\w` leaves out, belong to the word they stand in.
_IN_WORD = "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0dff\u200c\u200d\ufe0f]"
# A formula is one word, a tag none; then words, single characters where words have no spaces, and signs.
_PIECE = re.compile(
    rf"(<math\b.*?</math>)|(<[^>]*>)|(&#?\w+;|(?:{TOKEN}|[^\w\s<])(?:{_IN_WORD}+(?:{TOKEN})?)*)|(\s+)", re.DOTALL
)


def word_differences(a: str, b: str) -> tuple[Markup, Markup] | None:
    """Both texts rendered, with `<mark class="differs">` around the words that only one of them has.

    Compared are words and signs in their order, in Chinese and Japanese characters, and formulas as wholes; formatting
    is not. Time is bounded: in long texts of few words the rarer ones decide.

    Args:
        a: one answer.
        b: another.

    Returns:
        Their HTML; None where they have so little in common that the marks would tell nothing.

    Example:
        >>> word_differences("The **big** dog barks.", "The small dog barks.")[0]
        Markup('<p dir="auto">The <strong><mark class="differs">big</mark></strong> dog barks.</p>\\n')
        >>> word_differences("Yes.", "Not at all") is None
        True
    """
    pieces = [_pieces(render_text(text)) for text in (a, b)]
    words = [[text for text, is_word in side if is_word] for side in pieces]
    shared = _shared_words(*words)
    # A check that costs nothing, before the one that does.
    if 2 * sum((Counter(words[0]) & Counter(words[1])).values()) < LEAST_SIMILARITY * sum(map(len, words)):
        return None
    matched = [set(side) for side in zip(*shared, strict=True)] or [set(), set()]
    if 2 * len(matched[0]) < LEAST_SIMILARITY * sum(map(len, words)):
        return None
    marked = [sanitise("".join(_marked(side, kept))) for side, kept in zip(pieces, matched, strict=True)]
    return marked[0], marked[1]


def _pieces(html: str) -> list[tuple[str, bool]]:
    """The text in pieces, and whether each is a word. Sanitised HTML has no `>` in a tag but its last."""
    return [(match.group(), bool(match[1] or match[3])) for match in _PIECE.finditer(html)]


def _marked(pieces: Sequence[tuple[str, bool]], kept: set[int]) -> Iterator[str]:
    """The text with marks; words that follow each other share one, with the space between them."""
    index, open_, pending = 0, False, ""
    for text, is_word in pieces:
        differs = is_word and index not in kept
        index += is_word
        if open_ and ((is_word and not differs) or (text.startswith("<") and not is_word)):
            yield "</mark>"
            open_ = False
        if text.isspace():
            # Whether a space belongs inside a mark is known when the next piece is.
            pending += text
            continue
        yield pending
        pending = ""
        if differs and not open_:
            yield '<mark class="differs">'
            open_ = True
        yield text
    yield ("</mark>" if open_ else "") + pending


def _shared_words(a: Sequence[str], b: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of positions of words that both have in the same order, as `SequenceMatcher` has it, in bounded time."""
    start = 0
    while start < min(len(a), len(b)) and a[start] == b[start]:
        start += 1
    end = 0
    while end < min(len(a), len(b)) - start and a[-1 - end] == b[-1 - end]:
        end += 1
    shared = [(i, i) for i in range(start)] + [(len(a) - 1 - i, len(b) - 1 - i) for i in range(end)]
    inner_a, inner_b = a[start : len(a) - end], b[start : len(b) - end]
    for i, j, size in _blocks(inner_a, inner_b):
        shared += [(start + i + k, start + j + k) for k in range(size)]
    return shared


def _blocks(a: Sequence[str], b: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """The longest common run, then those on both sides of it, the largest ranges first, while steps last."""
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    costs = _costs(matcher, a)
    if costs[-1] > MOST_STEPS:
        # Words that make up more than a hundredth of the text are then only matched beside rarer ones.
        matcher = SequenceMatcher(None, a, b, autojunk=True)
        costs = _costs(matcher, a)
    steps = MOST_STEPS
    ranges = [(-costs[-1], 0, len(a), 0, len(b))]
    while ranges:
        cost, a_low, a_high, b_low, b_high = heappop(ranges)
        if -cost > steps:
            continue
        steps += cost
        i, j, size = matcher.find_longest_match(a_low, a_high, b_low, b_high)
        if not size:
            continue
        yield i, j, size
        for low, high, other_low, other_high in ((a_low, i, b_low, j), (i + size, a_high, j + size, b_high)):
            if low < high and other_low < other_high:
                heappush(ranges, (costs[low] - costs[high], low, high, other_low, other_high))


def _costs(matcher: SequenceMatcher[str], a: Sequence[str]) -> list[int]:
    """Steps that comparing the words before each one takes: one, and one for each place the other text has it."""
    return [0, *accumulate(1 + len(matcher.b2j.get(word, ())) for word in a)]  # type: ignore[attr-defined]
