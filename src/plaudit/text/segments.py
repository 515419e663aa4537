"""Segmentation of a text into sentences, lines or words, in English, Chinese, lists and code.

Segments are spans of characters that cover the text without gaps: white space belongs to the segment before it. Left
out: the models and the abbreviation lists for many languages that sentence tokenisers bring; a few common English
abbreviations are known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from plaudit.text.language import TOKEN

Span = tuple[int, int]
"""Start and end, in characters."""

# What ends a sentence. In scripts with spaces a full stop does so only before white space (3.14, plaudit.py, U.S.), in
# Chinese and Japanese anywhere. Closing quotes and brackets belong to the sentence they end, unless lower case follows
# them: then the sentence (really!) goes on.
_CLOSING = r"[\"'”’」』）)\]*_]"
_END = re.compile(rf"(?:[.!?…]+(?:(?=\s)|{_CLOSING}+(?=\s+[^a-z\s]|\s*$))|[。！？｡]+{_CLOSING}*)\s*")
# Full stops that end no sentence: after a list's number, an initial, an abbreviation that something always follows.
_ABBREVIATION = re.compile(
    r"(?:^[ \t]*\d{1,3}|(?<![^\s(])(?:[A-HJ-Z]|(?i:e\.g|i\.e|vs|cf|approx|fig|eq|et al|dr|mr|mrs|ms|prof)))\.$",
    re.MULTILINE,
)
_LONGEST_ABBREVIATION = 40
"""How many characters before a full stop are searched for one, a list's indent included."""
# The probes' plainer rule: every full stop before white space ends a sentence, and so does every line.
_PLAIN_END = re.compile(r"(?:[.!?]+[\"'”’)]*(?=\s)|[。！？]+[”’）」]*)\s*|\n\s*")
_FENCE = re.compile(r"[ \t]*(?:```|~~~)")
_WORD = re.compile(rf"(?:{TOKEN})(?:['’\-.](?:{TOKEN}))*")


def split_segments(text: str, unit: str = "auto") -> tuple[str, list[Span]]:
    """The segments of a text.

    Args:
        text: any.
        unit: "sentence", "line" or "word"; "auto": the first of these that gives two segments or more.

    Returns:
        The unit, and the segments' spans in order: they cover the text. Text without a word is one segment, and an
        empty one has none.

    Example:
        >>> split_segments("Use e.g. basil. Then stir.")
        ('sentence', [(0, 16), (16, 26)])
    """
    if unit != "auto":
        return unit, UNITS[unit](text)
    for name, split in UNITS.items():
        spans = split(text)
        if len(spans) > 1:
            return name, spans
    return name, spans


def merge_spans(spans: Sequence[Span], limit: int) -> tuple[int, list[Span]]:
    """Neighbouring spans merged in runs of equal size, so that at most `limit` are left.

    Returns:
        How many spans a run has (the last may have fewer), and the merged spans.

    Example:
        >>> merge_spans([(0, 2), (2, 3), (3, 7), (7, 8), (8, 9)], 4)
        (2, [(0, 3), (3, 8), (8, 9)])
    """
    size = max(1, -(-len(spans) // limit))
    runs = (spans[at : at + size] for at in range(0, len(spans), size))
    return size, [(run[0][0], run[-1][1]) for run in runs]


def split_sentences(text: str) -> list[str]:
    r"""The sentences of a text by the probes' plain rule, which knows no abbreviations, lists or code.

    The published figures of the probes were measured with it. Each sentence keeps the white space that follows it, so
    joining them gives the text again.

    Example:
        >>> split_sentences("Wash the rice.  Boil it.\nRest.")
        ['Wash the rice.  ', 'Boil it.\n', 'Rest.']
    """
    ends = [match.end() for match in _PLAIN_END.finditer(text)]
    starts = [0, *ends]
    return [text[a:b] for a, b in zip(starts, [*ends, len(text)], strict=True) if a < b]


def sentence_spans(text: str) -> list[Span]:
    """The spans of the sentences.

    An item of a list or a heading is at least one sentence of its own, and a fenced block of code is a single one.

    Example:
        >>> sentence_spans("It costs 3.14. Done.")
        [(0, 15), (15, 20)]
    """
    return _covering(text, (end for start, end in _blocks(text) for end in _sentence_ends(text, start, end)))


def line_spans(text: str) -> list[Span]:
    """The spans of the lines that are not blank."""
    return _covering(text, (match.end() for match in re.finditer(r"[^\n]*\S[^\n]*\n*", text)))


def word_spans(text: str) -> list[Span]:
    """The spans of the words, each with the marks that follow it; in a script without spaces, of single characters.

    Example:
        >>> word_spans("Well, 好的")
        [(0, 6), (6, 7), (7, 8)]
    """
    starts = [match.start() for match in _WORD.finditer(text)]
    return _covering(text, starts[1:])


UNITS: dict[str, Callable[[str], list[Span]]] = {"sentence": sentence_spans, "line": line_spans, "word": word_spans}
"""The units of segmentation, the coarsest first."""


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
    """The spans between these ends, up to the end of the text; a blank one joins the span before it."""
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
