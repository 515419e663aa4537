"""How long a text is on a page, and whether it folds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from plaudit.text import TOKEN, count_cjk

FOLD_LINES = 60
"""Lines from which an answer folds."""

LINE_WIDTH = 75
"""Characters that fit on a line of a page; a Chinese, Japanese or Korean one takes the width of two."""

_WORD = re.compile(TOKEN)


@dataclass(frozen=True, slots=True)
class TextSize:
    """How long a text is.

    Attributes:
        lines: lines it takes on a page, long ones broken.
        words: its words; each character of a script without spaces is one.
        folded: it is long enough to be folded.

    Example:
        >>> TextSize(lines=214, words=2300, folded=True).lines
        214
    """

    lines: int
    words: int
    folded: bool


def fold(text: str) -> TextSize:
    """How long a text is on a page, and whether it folds.

    Example:
        >>> fold("Seven.")
        TextSize(lines=1, words=1, folded=False)
        >>> fold("All work and no play. " * 300).folded
        True
    """
    lines = sum(-(-(len(line) + count_cjk(line)) // LINE_WIDTH) or 1 for line in text.rstrip().splitlines())
    words = sum(1 for _ in _WORD.finditer(text))
    return TextSize(lines, words, lines > FOLD_LINES)
