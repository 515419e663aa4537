"""Code with its kinds of token marked by classes; the colours stand in `static/code.css`."""

from __future__ import annotations

from functools import cache

from markupsafe import escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LONGEST_CODE = 30_000
"""Characters from which code stays plain."""

_LANGUAGES = """
bash c c++ c# clojure cpp csharp css cuda dart diff docker dockerfile elixir elm erlang f# fortran fsharp go
golang graphql groovy haskell hs html http ini java javascript js json jsx julia kotlin latex lean less lisp lua
make makefile markdown matlab md mysql nasm nginx nim objective-c objectivec ocaml pascal perl php postgresql
powershell prolog protobuf py pycon python python3 r rb ruby rs rust scala scheme scss sh shell sql sqlite3
swift tcl tex toml ts tsx typescript vb verilog vhdl vim xml yaml yml zig zsh
"""

LANGUAGES_OF_CODE = frozenset(_LANGUAGES.split())
"""Languages that are highlighted. Pygments knows 600, but each is one more program run over hostile text."""


def highlight_code(code: str, language: str = "") -> str:
    r"""Code as a block, still to be sanitised; without colours where the language is not known.

    Args:
        code: any text.
        language: as a fence names it.

    Example:
        >>> highlight_code("x = 1", "python")
        '<pre class="code" dir="ltr"><code><span class="n">x</span> <span class="o">=</span> ...</code></pre>\n'
        >>> highlight_code("<b>", "nothing known")
        '<pre class="code" dir="auto"><code>&lt;b&gt;</code></pre>\n'
    """
    lexer = _lexer(language.lower()) if len(code) <= LONGEST_CODE else None
    # Each line of a text has the direction of its words; a program is written from left to right.
    direction = "auto" if lexer is None else "ltr"
    inside = escape(code) if lexer is None else highlight(code, lexer, HtmlFormatter(nowrap=True))
    inside = inside.rstrip("\n")
    return f'<pre class="code" dir="{direction}"><code>{inside}</code></pre>\n'


@cache
def _lexer(language: str) -> Lexer | None:
    if language not in LANGUAGES_OF_CODE:
        return None
    try:
        return get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return None
