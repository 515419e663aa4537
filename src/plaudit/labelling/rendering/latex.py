r"""LaTeX as people and models write it, in the words that `latex2mathml` knows."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SPACES = re.compile(r"\s+")
_ENVIRONMENT = re.compile(
    r"(\\(?:begin|end))\s*\{(aligned|align|alignedat|alignat|eqnarray|flalign|split|gathered|gather|multline|equation)"
    r"\*?\}"
)
# Environments of aligned columns all become the one that numbers no lines; those of centred lines need no name, since
# lines outside a table become rows anyhow.
_ALIGNED = frozenset({"aligned", "align", "alignedat", "alignat", "eqnarray", "flalign", "split"})
_COLUMNS = re.compile(r"(\\begin\{align\*\})\s*(?:\[[a-z]\]|\{\d+\})")
_TEXT = re.compile(r"\\(?:text(?:bf|it|md|normal|rm|sf|tt|up)?|mbox|hbox|emph)\s*\{")
_IN_TEXT = re.compile(r"\\[a-zA-Z]+\s*|[{}]")
_INNER_FORMULA = re.compile(r"(?<!\\)\$([^$]+)(?<!\\)\$|\\\((.+?)\\\)")
_OTHER_NAMES = (
    (re.compile(r"\\not\s*="), r"\\neq "),
    (re.compile(r"\\not\s*\\in\b"), r"\\notin "),
    (re.compile(r"\\tag\b"), r"\\qquad\\tag"),
    (re.compile(r"\\(?:label|ref|eqref)\s*\{[^{}]*\}"), ""),
    (re.compile(r"\\(?:nonumber|notag)\b"), ""),
)
# Definitions can call themselves or double with each other. A formula needs none.
_DEFINITION = re.compile(
    r"\\(?:[gex]?def|let|(?:re|provide)?newcommand|renewcommand|DeclareMathOperator|href|unicode)\b"
)


def prepare_latex(latex: str) -> str:
    r"""A formula rewritten for `latex2mathml`.

    `aligned` and its like become `align*`, formulas inside `\text` come out of it, and labels go.

    Raises:
        ValueError: for a formula that defines commands, or asks for characters and links.

    Example:
        >>> print(prepare_latex(r"\begin{aligned}x&=1\end{aligned} \text{ if $x > 0$}"))
        \begin{align*}x&=1\end{align*} {\text{ if }{x > 0}}
    """
    if _DEFINITION.search(latex):
        raise ValueError("a formula that defines commands")
    latex = _SPACES.sub(" ", latex)
    latex = _ENVIRONMENT.sub(lambda match: rf"{match[1]}{{align*}}" if match[2] in _ALIGNED else "", latex)
    latex = _COLUMNS.sub(r"\1", latex)
    for pattern, name in _OTHER_NAMES:
        latex = pattern.sub(name, latex)
    return "".join(_pieces(latex))


def _pieces(latex: str) -> Iterator[str]:
    at = 0
    for match in _TEXT.finditer(latex):
        if match.start() < at:
            continue
        end = _closing(latex, match.end())
        yield latex[at : match.start()]
        yield from _text_pieces(match.group(), latex[match.end() : end])
        at = end + 1
    yield latex[at:]


def _text_pieces(opening: str, inside: str) -> Iterator[str]:
    """The words of a text as `\\text`, what is between dollars as formulas."""
    at = 0
    # Braces around the whole keep it the one argument of what stands before it.
    pieces = []
    for match in _INNER_FORMULA.finditer(inside):
        pieces += [_text(opening, inside[at : match.start()]), f"{{{match[1] or match[2]}}}"]
        at = match.end()
    pieces.append(_text(opening, inside[at:]))
    yield "".join(pieces) if len(pieces) == 1 else f"{{{''.join(pieces)}}}"


def _text(opening: str, words: str) -> str:
    # The library's texts end with the first brace, and know no commands inside.
    words = _IN_TEXT.sub("", words)
    return f"{opening}{words}}}" if words else ""


def _closing(latex: str, at: int) -> int:
    """Where the brace that opened before `at` closes; the end where it does not."""
    depth = 1
    while at < len(latex):
        character = latex[at]
        if character == "\\":
            at += 1
        elif character in "{}":
            depth += 1 if character == "{" else -1
            if not depth:
                return at
        at += 1
    raise ValueError("a text that does not end")
