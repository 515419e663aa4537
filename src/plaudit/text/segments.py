"""A response as sentences, lines or words, in English, Chinese, lists and code.

Parts are spans of characters that cover the text without gaps: white space belongs to the part before it. Left out:
a sentence tokeniser's models and abbreviation lists of many languages; a few common abbreviations are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from plaudit.text.tokens import TOKEN

Span = tuple[int, int]
"""From which character to which."""

# What ends a sentence: marks of scripts with spaces count before white space only (3.14, plaudit.py, U.S.), those of
# Chinese and Japanese anywhere. Closing quotes and brackets belong to the sentence they end, unless it goes on in lower
# case (really!) after them.
_CLOSING = r"[\"'”’」』）)\]*_]"
_END = re.compile(rf"(?:[.!?…]+(?:(?=\s)|{_CLOSING}+(?=\s+[^a-z\s]|\s*$))|[。！？｡]+{_CLOSING}*)\s*")
# A full stop that ends none: of a list's number, an initial, an abbreviation that stands before something.
_ABBREVIATION = re.compile(
    r"(?:^[ \t]*\d{1,3}|(?<![^\s(])(?:[A-HJ-Z]|(?i:e\.g|i\.e|vs|cf|approx|fig|eq|et al|dr|mr|mrs|ms|prof)))\.$",
    re.MULTILINE,
)
_LONGEST_ABBREVIATION = 40
"""Characters looked back for one, a list's indent included."""
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_WORD = re.compile(rf"(?:{TOKEN})(?:['’\-.](?:{TOKEN}))*")


def split_segments(text: str, unit: str = "auto") -> tuple[str, list[Span]]:
    """A text's parts.

    Args:
        text: any.
        unit: "sentence", "line" or "word"; "auto": the first of these that gives two parts or more.

    Returns:
        The unit, and the parts' spans in order: they cover the text. Text without a word is one part, and an empty one
        has none.
    """
    if unit != "auto":
        return unit, UNITS[unit](text)
    for name, cut in UNITS.items():
        parts = cut(text)
        if len(parts) > 1:
            return name, parts
    return name, parts


def joined(spans: Sequence[Span], most: int) -> tuple[int, list[Span]]:
    """At most so many spans, each as many neighbours joined: how many those are, and the spans. The last may be
    fewer."""
    each = max(1, -(-len(spans) // most))
    runs = (spans[at : at + each] for at in range(0, len(spans), each))
    return each, [(run[0][0], run[-1][1]) for run in runs]


def sentences(text: str) -> list[Span]:
    """Sentences; an item of a list or a heading is at least one of its own, and a fenced block of code is one whole."""
    return _covering(text, (end for start, end in _blocks(text) for end in _sentence_ends(text, start, end)))


def lines(text: str) -> list[Span]:
    """Lines that are not blank."""
    return _covering(text, (match.end() for match in re.finditer(r"[^\n]*\S[^\n]*\n*", text)))


def words(text: str) -> list[Span]:
    """Words with the marks that follow them; in a script that is written without spaces, single characters."""
    starts = [match.start() for match in _WORD.finditer(text)]
    return _covering(text, starts[1:])


UNITS: dict[str, Callable[[str], list[Span]]] = {"sentence": sentences, "line": lines, "word": words}


def _blocks(text: str) -> Iterator[Span]:
    """Lines of prose, and fenced blocks; a fence that is never closed reaches to the end."""
    opened: int | None = None
    for match in re.finditer(r"[^\n]*(?:\n+|$)", text):
        if _FENCE.match(match.group()):
            if opened is None:
                opened = match.start()
            else:
                yield opened, match.end()
                opened = None
        elif opened is None:
            yield match.span()
    if opened is not None:
        yield opened, len(text)


def _sentence_ends(text: str, start: int, end: int) -> Iterator[int]:
    if not _FENCE.match(text, start):
        for match in _END.finditer(text, start, end):
            marked = match.start() + len(match.group().rstrip())
            if not _ABBREVIATION.search(text, max(start, match.start() - _LONGEST_ABBREVIATION), marked):
                yield match.end()
    yield end


def _covering(text: str, ends: Iterator[int] | list[int]) -> list[Span]:
    """Spans between the ends, and to the text's own; what holds no word or sign joins the part before it."""
    spans: list[Span] = []
    start = 0
    for end in sorted({*ends, len(text)}):
        if not text[start:end].strip() and spans:
            spans[-1] = (spans[-1][0], end)
            start = end
        elif text[start:end].strip() or end == len(text) > start:
            spans.append((start, end))
            start = end
    return spans
