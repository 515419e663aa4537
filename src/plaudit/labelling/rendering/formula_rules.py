r"""Where a formula begins and ends in markdown: `$…$`, `$$…$$`, `\(…\)`, `\[…\]` and bare environments.

The plugins at hand search for the end of every formula anew, which takes long on a text of openings alone, and know
`\[…\]` only at the beginning of a line. A dollar opens no formula after a digit or before a space, and closes none
after a space or before a digit, so that *$5 and $10* stays text.
"""

from __future__ import annotations

import re
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_CLOSING = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|aligned|alignat|equation|eqnarray|flalign|gather|gathered|multline|split|cases|array"
    r"|[pbBvV]?matrix)\*?)\}"
)
_TRIES = 16
"""Dollars after which the end of a formula is searched no further."""

_REST_OF_LINE = re.compile(r"[\s.,;:。，；]*")


def add_formulas(markdown: MarkdownIt) -> None:
    r"""Teach a parser formulas: tokens `formula` and `formula_block` with `content`, `markup` and `info` (its end).

    Example:
        >>> markdown = MarkdownIt("commonmark")
        >>> add_formulas(markdown)
        >>> [token.content for token in markdown.parseInline(r"$x$ costs $5 and $10")[0].children]
        ['x', ' costs $5 and $10']
    """
    markdown.inline.ruler.before("escape", "formula", _inline)
    # A formula on lines of its own ends a paragraph without a blank line between them.
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    markdown.block.ruler.before("fence", "formula_block", _block, {"alt": interrupts})


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "$\\":
        return False
    bounds = _bounds(state)
    if bounds is None:
        return False
    opening, start, end, closing = bounds
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = state.src[start:end]
        token.markup, token.info = opening, closing
    state.pos = end + len(closing)
    return True


def _bounds(state: StateInline) -> tuple[str, int, int, str] | None:
    """Opening, start and end of the content, and closing, of the formula that begins here."""
    text, at = state.src, state.pos
    opening = next((o for o in _CLOSING if text.startswith(o, at)), None)
    if opening is None:
        return None
    start = at + len(opening)
    if opening == "$" and (text[start : start + 1].isspace() or (at and text[at - 1].isdigit())):
        return None
    closing = _CLOSING[opening]
    end = _find(state.env, text, closing, start, state.posMax)
    for _ in range(_TRIES):
        if end < 0 or not opening.startswith("$") or not _goes_on(text, start, end):
            break
        end = _find(state.env, text, closing, end + 1, state.posMax)
    if end < 0 or not text[start:end].strip():
        return None
    if opening == "$" and (text[end - 1].isspace() or text[end + 1 : end + 2].isdigit()):
        return None
    return opening, start, end, closing


def _goes_on(text: str, start: int, end: int) -> bool:
    r"""Whether the dollar at `end` is one of the formula's: a price `\$5`, or inside the braces of a `\text`."""
    return text[end - 1] == "\\" or text.count("{", start, end) > text.count("}", start, end)


def _find(env: Any, text: str, closing: str, start: int, stop: int) -> int:
    # A text of openings alone is searched to its end once, not once for each.
    absent = env.setdefault("absent", {})
    if absent.get((closing, text, stop), stop) <= start:
        return -1
    end = text.find(closing, start, stop)
    if end < 0:
        absent[closing, text, stop] = start
    return end


def _block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    begin = state.bMarks[start_line] + state.tShift[start_line]
    first = state.src[begin : state.eMarks[start_line]]
    environment = _ENVIRONMENT.match(first)
    if environment is not None:
        opening, closing, skip = "", rf"\end{{{environment[1]}}}", environment.end()
    elif first.startswith(("$$", r"\[")):
        opening, closing, skip = first[:2], _CLOSING[first[:2]], 2
    else:
        return False
    last = _closing_line(state, start_line, end_line, closing, begin + skip)
    if last is None:
        return False
    lines = state.getLines(start_line, last + 1, state.blkIndent, False).strip()
    end = lines.rindex(closing)
    content = lines[len(opening) : end + (0 if opening else len(closing))]
    if silent or not content.strip():
        return bool(content.strip())
    token = state.push("formula_block", "math", 0)
    token.block = True
    token.content = content
    token.markup, token.info = opening, closing if opening else ""
    token.map = [start_line, last + 1]
    token.meta = {"rest": lines[end + len(closing) :].strip()}
    state.line = last + 1
    return True


def _closing_line(state: StateBlock, line: int, end_line: int, closing: str, begin: int) -> int | None:
    """The line on which the formula ends, if it does inside its block and nothing but punctuation follows there."""
    absent = state.env.setdefault("absent_lines", {})
    if absent.get((closing, end_line), end_line) <= line:
        return None
    first = line
    while line < end_line:
        if line > first and state.sCount[line] < state.blkIndent and not state.isEmpty(line):
            return None
        if closing == "$$" and state.isEmpty(line):
            return None
        at = state.src.find(closing, begin, state.eMarks[line])
        if at >= 0:
            rest = _REST_OF_LINE.fullmatch(state.src, at + len(closing), state.eMarks[line])
            return line if rest else None
        line += 1
        begin = state.bMarks[line] if line < end_line else begin
    absent[closing, end_line] = first
    return None
