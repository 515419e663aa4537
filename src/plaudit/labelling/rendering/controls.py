"""Characters that cannot be seen, or that reorder what can, drawn as small named boxes."""

from __future__ import annotations

import re
import unicodedata

# Bidirectional controls and marks, zero-width and filler characters, tags, C0 and C1 controls (not tab and line feed,
# which lay out text), line separators, non-characters.
_CONTROLS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufdd0-\ufdef\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f\U000e0100-\U000e01ef]"
)
# Where such characters belong to the writing: joiners after letters of Arabic, Indic and South-East Asian scripts,
# joiners in emoji, tags that make a flag, variants of Han characters.
_BELONGING = (
    "(?<=[\u0600-\u109f\u1780-\u17ff])[\u200c\u200d]"
    "|(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])"
    "|(?<=\U0001f3f4)[\U000e0020-\U000e007e]{1,8}\U000e007f"
    "|(?<=[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])[\U000e0100-\U000e01ef]"
)
_EITHER = re.compile(rf"({_BELONGING})|({_CONTROLS})\2*")

# The short names that Unicode's own charts and its bidirectional algorithm give them.
_SHORT = {
    "\u00ad": "SHY",
    "\u061c": "ALM",
    "\u200b": "ZWSP",
    "\u200c": "ZWNJ",
    "\u200d": "ZWJ",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2060": "WJ",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
    "\ufeff": "BOM",
}


def draw_controls(escaped: str) -> str:
    """HTML text with its invisible and reordering characters as boxes that name them.

    Joiners stay where writing needs them: in Persian and Hindi words, in emoji and flags.

    Args:
        escaped: text that is HTML already; attributes in it must hold no such characters.

    Example:
        >>> draw_controls("a\\u202eb")
        'a<span class="control" dir="ltr" title="U+202E RIGHT-TO-LEFT OVERRIDE">RLO</span>b'
    """
    return escaped if escaped.isascii() and escaped.isprintable() else _EITHER.sub(_box, escaped)


def name_controls(text: str) -> str:
    """Text with such characters as `[U+202E]`, for places where no box may stand.

    Example:
        >>> name_controls("a\\u202eb")
        'a[U+202E]b'
    """
    return _EITHER.sub(lambda match: match[1] or f"[{_code(match[2])}{_times(match)}]", text)


def _box(match: re.Match[str]) -> str:
    if match[1]:
        return match[1]
    code, times = _code(match[2]), _times(match)
    title = f"{code} {unicodedata.name(match[2], '')}".rstrip() + times
    # A direction of its own keeps the letters of the name out of what `dir="auto"` goes by.
    return f'<span class="control" dir="ltr" title="{title}">{_SHORT.get(match[2], code)}{times}</span>'


def _times(match: re.Match[str]) -> str:
    """How often the character stands there, where it does so more than once."""
    return f" ×{len(match.group())}" if len(match.group()) > 1 else ""


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
