"""Text from data made harmless, for each medium it is shown in.

Prompts, responses, ids and file names may have been written to attack whoever looks at them. On a page, what is
invisible or reorders text is spelled out and the rest escaped as HTML; on a terminal, control sequences become escapes;
for a tokenizer, lone surrogates are replaced.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

# Bidirectional embeddings, overrides, isolates and marks: they reorder text, and can make it read as something else.
_REORDERING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def page_text(text: str) -> str:
    r"""Text for an HTML page, still to be escaped: invisible and reordering characters are written as `[U+202E]`.

    These are control characters, bidirectional marks, lone surrogates and non-characters. What is left can be encoded
    as UTF-8. Line ends become `\n`.

    Example:
        >>> page_text("a\u202eb")
        'a[U+202E]b'
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if lines.isascii() and lines.isprintable():
        return lines
    return "".join(f"[U+{ord(c):04X}]" if _is_hazardous(c) else c for c in lines)


def page_excerpt(text: str, limit: int) -> tuple[str, int]:
    """The first `limit` characters as `page_text`, and how many characters were left out.

    Example:
        >>> page_excerpt("0123456789", 4)
        ('0123', 6)
    """
    return page_text(text[:limit]), max(0, len(text) - limit)


def page_name(text: str, limit: int = 120) -> Markup:
    """A name from the data on one line of a page, cut to `limit` characters and escaped.

    `<bdi>` isolates it, so that a name written from right to left does not reorder the sentence it stands in.

    Example:
        >>> str(page_name("a<b>", 3))
        '<bdi>a&lt;b…</bdi>'
    """
    from markupsafe import Markup

    shown, omitted = page_excerpt(text, limit)
    return Markup("<bdi>{}{}</bdi>").format(shown.replace("\n", " "), "…" if omitted else "")


def terminal_text(text: str, *, line_breaks: bool = False) -> str:
    r"""Text for a terminal: what does not print, or could steer the terminal or reorder its line, becomes an escape.

    Args:
        text: any.
        line_breaks: leave `\n` as it is.

    Example:
        >>> print(terminal_text("\x1b[31mred\n"))
        \u001b[31mred\n
    """
    return "".join(c if c.isprintable() or (line_breaks and c == "\n") else _escape(c) for c in text)


def terminal_quote(text: str) -> str:
    r"""Text for a terminal as `terminal_text` has it, in double quotes on one line.

    Example:
        >>> print(terminal_quote('say "hi"\n'))
        "say \"hi\"\n"
    """
    return terminal_text(json.dumps(text, ensure_ascii=False))


def replace_surrogates(text: str) -> str:
    r"""Text for a tokenizer or an encoder: lone surrogates become U+FFFD, as decoders of UTF-8 have it.

    JSON can hold half of a surrogate pair, UTF-8 cannot, and no tokenizer reads it.

    Example:
        >>> replace_surrogates("half \ud83d") == "half \N{REPLACEMENT CHARACTER}"
        True
    """
    return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text)


def _escape(character: str) -> str:
    # JSON leaves DEL as it is, though a terminal may act on it.
    return json.dumps(character)[1:-1].replace("\x7f", "\\u007f")


def _is_hazardous(character: str) -> bool:
    if character in "\n\t":
        return False
    return (
        character in _REORDERING
        or unicodedata.category(character) in ("Cc", "Cs")
        # Non-characters: the last two of every plane, and U+FDD0 to U+FDEF.
        or ord(character) & 0xFFFE == 0xFFFE
        or 0xFDD0 <= ord(character) <= 0xFDEF
    )
