"""Highlighted text for a terminal: what raised a score in blue, what lowered it in orange.

Background and ink are both set, so that text reads the same on a light and a dark terminal; blue and orange differ for
the colour-blind, too. Without colour, signed numbers follow the tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.text import Text

from plaudit.text import terminal_text

# Inks are numbers, too: a terminal's own "white" may be grey, and its "black" blue.
_RAISES = ("#000000 on #d6e6f5", "#000000 on #a3c9e8", "#000000 on #62a3d8", "#ffffff on #1c5f9f")
_LOWERS = ("#000000 on #fbe3cb", "#000000 on #f7bf86", "#000000 on #ee8f3c", "#ffffff on #a84a00")

_THRESHOLD = 0.08
"""Share of the largest value below which a token is not highlighted."""

_MAX_TOKENS = 300
"""Tokens of a response above which stretches of small values are folded."""
_CONTEXT = 12
"""Tokens shown on each side of a strong one, and at both ends."""
_STRONGEST = 16
"""How many of the strongest tokens are always shown."""


def highlighted(
    texts: Sequence[str], values: Sequence[float | None], largest: float, *, colour: bool, full: bool
) -> Text:
    """Tokens in their colours (or with their numbers), stretches of small values in a long text folded and summed.

    Args:
        texts: of the tokens.
        values: of the tokens; None where there is none.
        largest: the absolute value of the strongest colour.
        colour: whether the terminal has colours.
        full: fold nothing.
    """
    shown = Text()
    for start, end, is_shown in _stretches(values, full):
        if not is_shown:
            total = sum(value or 0.0 for value in values[start:end])
            shown.append(f" [… {end - start} pieces, together {total:+.3g} …]", style="dim italic")
            continue
        for text, value in zip(texts[start:end], values[start:end], strict=True):
            share = 0.0 if value is None or not largest else value / largest
            # White space is not highlighted, and a number follows its word directly.
            word = text.rstrip()
            shown.append(terminal_text(word, line_breaks=True), style=_style(share) if colour else "")
            if not colour and abs(share) >= _THRESHOLD:
                shown.append(f"[{value:+.2g}]")
            shown.append(terminal_text(text[len(word) :], line_breaks=True))
    return shown


def legend(largest: float, *, colour: bool) -> Text:
    """The numbers that the colours stand for."""
    if not colour:
        return Text(f"in brackets: what a piece adds; below {_THRESHOLD * largest:.2g} none is given")
    shown = Text()
    for style, share in zip((*_LOWERS[::-1], *_RAISES), (-1, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1), strict=True):
        shown.append(f" {share * largest:+.2g} ", style=style)
        if share == -0.25:
            shown.append(" 0 ")
    return shown


def _style(share: float) -> str:
    if abs(share) < _THRESHOLD:
        return ""
    scale = _RAISES if share > 0 else _LOWERS
    return scale[min(int(abs(share) * len(scale)), len(scale) - 1)]


def _stretches(values: Sequence[float | None], full: bool) -> list[tuple[int, int, bool]]:
    """(from, to, whether it is shown), in order."""
    count = len(values)
    if full or count <= _MAX_TOKENS:
        return [(0, count, True)] if count else []
    strong = sorted(range(count), key=lambda i: -abs(values[i] or 0.0))[:_STRONGEST]
    keep = {i for at in (0, count - 1, *strong) for i in range(max(0, at - _CONTEXT), min(count, at + _CONTEXT + 1))}
    changes = [0, *(i for i in range(1, count) if (i in keep) != (i - 1 in keep)), count]
    return [(a, b, a in keep) for a, b in pairwise(changes)]
