r"""LaTeX formulas as MathML that a browser draws by itself.

`latex2mathml` is asked for its tree of elements, never for its text: it does not escape, and `\text{<img …>}` comes
out of it as a tag. What stands in the tree is copied by a list of elements and attributes and written as XML, which
escapes.
"""

from __future__ import annotations

import re
from html import unescape
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

from latex2mathml.converter import Converter
from markupsafe import escape

from plaudit.labelling.rendering.controls import name_controls
from plaudit.labelling.rendering.latex import prepare_latex
from plaudit.labelling.rendering.sanitising import MATH_ATTRIBUTES, MATH_TAGS

LONGEST_FORMULA = 4_000
"""Characters from which a formula is shown as code: `latex2mathml` takes its time with long ones."""

DEEPEST_FORMULA = 60
"""Elements inside elements from which a formula is shown as code: browsers take theirs with deep ones."""

MOST_ELEMENTS = 20_000
"""Elements from which a formula is shown as code. Fonts and fractions can make many of few characters."""

# Lengths are such as cannot push a formula over what stands beside it, or out of sight.
_LENGTH = re.compile(r"-?0?\.\d{1,4}em|\+?[0-4](?:\.\d{1,4})?em|-?\d(?:\.\d)?pt|0|[a-z]+mathspace")
_WORD = re.compile(r"[a-z-]{1,24}|\d")
_LENGTHS = frozenset({"linethickness", "lspace", "rspace", "minsize", "maxsize", "width", "height", "depth", "voffset"})
_TEXT_ESCAPE = re.compile(r"\\([_%&$#{}])")
# Signs that relate or combine, some of which the library takes for names, without the space that belongs around them.
_OPERATOR = re.compile("[±∓×÷←-⇿∈-∍∣-∪∼-⋿⌈-⌋⟰-⟿⤀-⥿⨀-⫿]")
# What Chromium draws only by style sheet, since MathML Core has neither `menclose` nor aligned columns.
_ENCLOSED = {"box": "boxed", "updiagonalstrike": "struck", "downdiagonalstrike": "struck"}


def render_formula(latex: str, *, display: bool = False) -> str | None:
    r"""A formula as `<math>`, by list, still to be sanitised; None where it cannot be drawn and stands better as code.

    Args:
        latex: the formula without its delimiters.
        display: on lines of its own.

    Example:
        >>> render_formula(r"\text{<img>}")
        '<math display="inline"><mrow><mtext>&lt;img&gt;</mtext></mrow></math>'
        >>> render_formula(r"\frac{1") is None
        True
    """
    if len(latex) > LONGEST_FORMULA:
        return None
    # Numbered equations count from one in every formula.
    converter = Converter(display="block" if display else "inline")
    try:
        tree = converter.convert_to_element(prepare_latex(latex))
        _Copy().into(tree, target := Element("math"), 0)
        (math,) = target
        text = tostring(math, encoding="unicode")
        # What no XML can hold, a lone surrogate for one, is found by reading it again.
        fromstring(text)
    except Exception:
        # The library has a dozen kinds of error for what it cannot read, IndexError and RecursionError among them, and
        # whatever the kind, the reader sees the formula as it was written.
        return None
    return text


def formula_source(latex: str, opening: str, closing: str) -> str:
    """A formula that cannot be drawn, as code.

    Example:
        >>> formula_source("x^", "$", "$")
        '<code class="tex">$x^$</code>'
    """
    return f'<code class="tex">{escape(opening + latex + closing)}</code>'


class UndrawableError(ValueError):
    """A formula that is too deep, too large or not whole.

    Example:
        >>> str(UndrawableError("too deep"))
        'too deep'
    """


class _Copy:
    """Copies what is on the list, and counts."""

    def __init__(self) -> None:
        self._elements = 0

    def into(self, source: Element, parent: Element, depth: int) -> None:
        """The element under `parent`; of one that is not on the list only what stands in it."""
        self._elements += 1
        if depth > DEEPEST_FORMULA or self._elements > MOST_ELEMENTS:
            raise UndrawableError("too deep" if depth > DEEPEST_FORMULA else "too large")
        enclosing = _ENCLOSED.get(source.get("notation", "").split(" ")[0]) if source.tag == "menclose" else None
        tag = "mrow" if source.tag not in MATH_TAGS else source.tag
        copy = SubElement(parent, tag, _attributes(source))
        if enclosing:
            copy.set("class", enclosing)
        if source.text:
            copy.text = _words(source.text, tag)
            copy.tag = "mo" if tag == "mi" and _OPERATOR.fullmatch(copy.text) else tag
            if copy.text in ("|", "‖"):
                # LaTeX sets no space around bars; a browser would.
                copy.attrib |= {"lspace": "0", "rspace": "0"}
        rows = _lines(source)
        if len(rows) > 1 and tag in ("mrow", "math", "mstyle"):
            self._stack(rows, copy, depth)
        else:
            for child in source:
                self.into(child, copy, depth + 1)
        if source.tag in ("mfrac", "mroot", "msub", "msup", "munder", "mover") and len(copy) != 2:
            raise UndrawableError(f"{source.tag} without its parts")
        if source.tag == "mtable":
            _rule(copy, source)

    def _stack(self, rows: list[list[Element]], parent: Element, depth: int) -> None:
        """Lines that `\\\\` ends, outside of a table, as rows of one: no browser breaks a line of MathML."""
        table = SubElement(parent, "mtable", {"displaystyle": "true"})
        for row in rows:
            cell = SubElement(SubElement(table, "mtr"), "mtd")
            for child in row:
                self.into(child, cell, depth + 3)


def _words(text: str, tag: str) -> str:
    # The library writes characters as references and leaves them for a parser to read.
    words = unescape(text)
    return name_controls(_TEXT_ESCAPE.sub(r"\1", words) if tag == "mtext" else words)


def _attributes(source: Element) -> dict[str, str]:
    kept = {}
    for name, value in source.items():
        if name in MATH_ATTRIBUTES and all(
            (_LENGTH if name in _LENGTHS else _WORD).fullmatch(v) for v in value.split()
        ):
            kept[name] = value
    return kept


def _lines(source: Element) -> list[list[Element]]:
    rows: list[list[Element]] = [[]]
    for child in source:
        if child.tag == "mspace" and child.get("linebreak") == "newline":
            rows.append([])
        else:
            rows[-1].append(child)
    return rows if rows[-1] else rows[:-1]


def _rule(table: Element, source: Element) -> None:
    """Alignment and lines of a table as classes of its cells."""
    below, after = source.get("rowlines", "").split(), source.get("columnlines", "").split()
    if source.get("columnspacing", "").startswith("0em"):
        table.set("class", "aligned")
    for i, (row, source_row) in enumerate(zip(table, source, strict=False)):
        for j, (cell, source_cell) in enumerate(zip(row, source_row, strict=False)):
            classes = [name for name in (source_cell.get("columnalign"),) if name in ("left", "right")]
            classes += ["line-below"] if _has_line(below, i) and i + 1 < len(table) else []
            classes += ["line-after"] if _has_line(after, j) and j + 1 < len(row) else []
            if classes:
                cell.set("class", " ".join(classes))


def _has_line(lines: list[str], index: int) -> bool:
    return index < len(lines) and lines[index] in ("solid", "dashed")
