"""What every page of the house is set in: one self-contained file, in both languages, on light and on dark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from plaudit import __version__
from plaudit.report.blocks import Section
from plaudit.report.i18n import Sentence, say
from plaudit.report.rules.finding import Finding
from plaudit.text import LANGUAGES, Language, page_excerpt

_TEMPLATES = Path(__file__).with_name("templates")


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A page's head, its verdict, and its sections.

    Attributes:
        language: the one it opens in.
        heading: what the page asks.
        title: what it is about; may be empty.
        untitled: what stands in the title's place if it is empty.
        measured: how much was measured; None where nobody counted.
        signal: which lamp is lit: "sound", "care", "unfit" or "unknown", which is none.
        word: what that means.
        headline: the verdict in a sentence.
        cautions: what stands under it.
        figure: the one figure to remember, its interval, and what it is.
        sides: questions, with the findings that answer each, and what is said where there are none.
        sections: in their order.
        styles: files of the page's style, in their order.
    """

    language: Language
    heading: Sentence
    title: str
    untitled: Sentence
    measured: Sentence | None
    signal: str
    word: Sentence
    headline: Sentence
    cautions: Sentence | None
    figure: tuple[str, str, Sentence] | None
    sides: Sequence[tuple[Sentence, Sequence[Finding], Sentence]]
    sections: Sequence[Section]
    styles: Sequence[str] = ("style.css",)


def render_frame(frame: Frame) -> str:
    """The page as HTML that can be written as UTF-8."""
    return _environment().get_template("page.html.j2").render(frame=frame, languages=LANGUAGES, version=__version__)


def short_name(name: str) -> str:
    """The last part of a path or hub id, or the last two: a folder called "model" says nothing; the one it stands in
    does."""
    parts = PurePosixPath(name).parts
    return "/".join(parts[-2:] if parts[-1:] in (("model",), ("checkpoint",)) else parts[-1:])


def page_title(name: str) -> str:
    """A name on one line, not too long for a heading."""
    shown, left_out = page_excerpt(name.replace("\n", " "), 80)
    return shown + ("…" if left_out else "")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["say"] = say
    environment.globals["style"] = _style
    return environment


@cache
def _style(name: str) -> Markup:
    # Our own file, not data: in HTML a style sheet is not text that can be escaped.
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))
