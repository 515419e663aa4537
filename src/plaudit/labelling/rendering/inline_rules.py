"""Two habits of models that plain markdown does not read: emphasis beside Chinese punctuation, and `<br>`."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter

# Letters and punctuation of Chinese, Japanese and Korean.
_CJK = re.compile("[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)


def add_inline_rules(markdown: MarkdownIt) -> None:
    """Teach a parser both.

    Example:
        >>> markdown = MarkdownIt("commonmark", {"html": False})
        >>> add_inline_rules(markdown)
        >>> markdown.renderInline("**注意：**这里<br>那里")
        '<strong>注意：</strong>这里<br />\\n那里'
    """
    markdown.inline.ruler.before("emphasis", "cjk_emphasis", _emphasis)
    markdown.inline.ruler.before("autolink", "line_break", _line_break)


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Stars beside a Chinese, Japanese or Korean character.

    The usual rule takes a star between punctuation and a letter for none, because words have spaces around them. Here
    they have none, and every second bold heading of a Chinese list would keep its stars.
    """
    if silent or state.src[state.pos] != "*":
        return False
    length = state.scanDelims(state.pos, True).length
    end = state.pos + length
    before, after = state.src[max(state.pos - 1, 0) : state.pos], state.src[end : min(end + 1, state.posMax)]
    if before.isspace() or after.isspace() or not before or not after:
        return False
    if not (_CJK.match(before) or _CJK.match(after)):
        return False
    for _ in range(length):
        state.push("text", "", 0).content = "*"
        state.delimiters.append(Delimiter(ord("*"), length, len(state.tokens) - 1, -1, open=True, close=True))
    state.pos = end
    return True


def _line_break(state: StateInline, silent: bool) -> bool:
    """The one element that cells of tables are written with, since they have no lines."""
    match = _BREAK.match(state.src, state.pos, state.posMax)
    if match is None:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = match.end()
    return True
