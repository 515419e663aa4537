"""Text of a model as HTML: markdown, code and formulas, of which nothing can act and nothing is out of sight."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup, escape

from plaudit.labelling.rendering.cache import RenderedTexts
from plaudit.labelling.rendering.controls import draw_controls
from plaudit.labelling.rendering.formula_rules import add_formulas
from plaudit.labelling.rendering.highlighting import highlight_code
from plaudit.labelling.rendering.inline_rules import add_inline_rules
from plaudit.labelling.rendering.mathematics import formula_source, render_formula
from plaudit.labelling.rendering.sanitising import SCHEMES, sanitise
from plaudit.text import replace_surrogates

LONGEST_MARKDOWN = 200_000
"""Characters from which a text is shown as it is: a longer one would take more than a second."""

DEEPEST_BLOCK = 60
"""Blocks inside blocks from which a text is shown as it is: the parser drops what stands deeper."""

_ALIGNED = re.compile(r"text-align:(left|center|right)")
# A page has its own title and heads for the answers, so those of a text begin at the third level.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}


def render_text(text: str) -> Markup:
    """A prompt or an answer as HTML that is safe in any page of ours.

    Markdown with tables and strikethrough, code with classes, formulas as MathML. HTML in it stays text but for `<br>`;
    images become their words and address; links go to `http`, `https` and `mailto` only. Characters that cannot be seen
    are drawn as boxes. What is nested deeper than people write, or longer than 200,000 characters, is shown as it is.

    Args:
        text: anything; it may be hostile.

    Example:
        >>> render_text("**Yes**: <b>")
        Markup('<p dir="auto"><strong>Yes</strong>: &lt;b&gt;</p>\\n')
    """
    return _rendered(text)


def render_plain(text: str) -> Markup:
    """A text as it is, in a block that keeps its lines; characters that cannot be seen are drawn all the same.

    Example:
        >>> print(render_plain("**Yes**"))
        <pre class="plain" dir="auto">**Yes**</pre>
    """
    lines = replace_surrogates(text).replace("\r\n", "\n").replace("\r", "\n")
    # Parsers drop a line end that follows <pre>.
    start = "<span></span>" if lines.startswith("\n") else ""
    return sanitise(f'<pre class="plain" dir="auto">{start}{draw_controls(str(escape(lines)))}</pre>')


def _render(text: str) -> Markup:
    text = replace_surrogates(text)
    if len(text) > LONGEST_MARKDOWN:
        return render_plain(text)
    env: dict[str, Any] = {}
    tokens = _markdown.parse(text, env)
    if any(token.level >= DEEPEST_BLOCK for token in tokens):
        return render_plain(text)
    html = _markdown.renderer.render(tokens, _markdown.options, env) + _unused(tokens, env)
    return sanitise(draw_controls(html))


def _unused(tokens: Sequence[Token], env: dict[str, Any]) -> str:
    """Addresses that no link names, which markdown leaves out: a text could say things there that nobody sees."""
    targets = {token.attrGet("href") for token in _leaves(tokens)} | {token.attrGet("src") for token in _leaves(tokens)}
    lines = [
        escape(f"[{label.lower()}]: {entry['href']} {entry['title']}".rstrip())
        for label, entry in env.get("references", {}).items()
        if entry["href"] not in targets
    ]
    return f'<p class="unused">{"<br>".join(lines)}</p>' if lines else ""


def _leaves(tokens: Sequence[Token]) -> Iterator[Token]:
    for token in tokens:
        yield token
        yield from _leaves(token.children or ())


class TextRenderer(RendererHTML):
    r"""HTML of markdown's tokens, where ours differs from the usual.

    Example:
        >>> MarkdownIt("commonmark", renderer_cls=TextRenderer).render("# A")
        '<h3>A</h3>\n'
    """

    def text(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Words."""
        return str(escape(tokens[idx].content))

    def code_inline(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Code among words."""
        return f"<code>{escape(tokens[idx].content)}</code>"

    def code_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Indented lines."""
        return highlight_code(tokens[idx].content)

    def fence(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Lines between fences; those of `math` are a formula."""
        language = (tokens[idx].info.split() or [""])[0]
        if language == "math":
            return _formula_block(tokens[idx].content.strip(), "", "", "")
        return highlight_code(tokens[idx].content, language)

    def image(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Never loaded: a remote image tells its host who judges what."""
        words = self.renderInlineAsText(tokens[idx].children, options, env)
        address = tokens[idx].attrGet("src") or ""
        return f'<span class="image">{escape(words)} <span class="address">{escape(address)}</span></span>'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Two levels down."""
        return f"<{_HEADINGS[tokens[idx].tag]}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """As it was opened."""
        return f"</{_HEADINGS[tokens[idx].tag]}>\n"

    def link_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Without its title, which only a mouse would see."""
        return f'<a href="{escape(tokens[idx].attrGet("href") or "")}">'

    def table_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """In a box of its own, which scrolls."""
        return f'<div class="table"><table{_direction(tokens, idx)}>'

    def table_close(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """With its box."""
        return "</table></div>\n"

    def bullet_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """In the direction of its first word."""
        return f"<ul{_direction(tokens, idx)}>\n"

    def ordered_list_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """In the direction of its first word, from its first number."""
        start = tokens[idx].attrGet("start")
        return (
            f"<ol{_direction(tokens, idx)}>\n" if start is None else f'<ol{_direction(tokens, idx)} start="{start}">\n'
        )

    def blockquote_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """In the direction of its first word."""
        return f"<blockquote{_direction(tokens, idx)}>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Aligned by a class."""
        return _cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Aligned by a class."""
        return _cell(tokens[idx])

    def formula(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """Among words, where dollars may still ask for lines of its own."""
        token = tokens[idx]
        drawn = render_formula(token.content, display=token.markup in ("$$", r"\["))
        return drawn or formula_source(token.content, token.markup, token.info)

    def formula_block(self, tokens: Sequence[Token], idx: int, options: Any, env: Any) -> str:
        """On lines of its own, with the punctuation that follows it."""
        token = tokens[idx]
        return _formula_block(token.content, token.markup, token.info, token.meta["rest"])


def _formula_block(latex: str, opening: str, closing: str, rest: str) -> str:
    drawn = render_formula(latex, display=True)
    if drawn is None:
        return highlight_code(f"{opening}{latex}{closing}{rest}", "latex")
    return f'<div class="formula">{drawn}{escape(rest)}</div>\n'


def _direction(tokens: Sequence[Token], start: int) -> str:
    """Attribute for what opens here: the direction of the first letter in it, as browsers find it for `dir="auto"`."""
    for index in range(start + 1, len(tokens)):
        token = tokens[index]
        if token.level <= tokens[start].level:
            break
        for character in token.content:
            direction = unicodedata.bidirectional(character)
            if direction in ("L", "R", "AL"):
                return ' dir="ltr"' if direction == "L" else ' dir="rtl"'
    return ' dir="ltr"'


def _cell(token: Token) -> str:
    aligned = _ALIGNED.fullmatch(str(token.attrGet("style") or ""))
    return f'<{token.tag} class="{aligned[1]}">' if aligned else f"<{token.tag}>"


def _leads_somewhere(url: str) -> bool:
    """Whether a link may be one. Without a scheme it would lead into our own pages."""
    scheme, colon, _ = url.strip().partition(":")
    return bool(colon) and scheme.lower() in SCHEMES


def _parser() -> MarkdownIt:
    options = {"html": False, "breaks": True, "maxNesting": DEEPEST_BLOCK + 1}
    markdown = MarkdownIt("commonmark", options, renderer_cls=TextRenderer).enable(["table", "strikethrough"])
    add_formulas(markdown)
    add_inline_rules(markdown)
    markdown.validateLink = _leads_somewhere  # type: ignore[method-assign]
    return markdown


_markdown = _parser()
_rendered = RenderedTexts(_render)
