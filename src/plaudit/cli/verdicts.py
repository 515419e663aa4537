"""Verdicts on a terminal: the report's sentences, one finding a line, each after a mark for its tone."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup
from rich.console import Console
from rich.text import Text

from plaudit.report import Finding, Sentence, Side, Tone, Verdict, Wording, say
from plaudit.text import Language, terminal_text

MARKS: dict[Tone, tuple[str, str]] = {"good": ("+", "green"), "bad": ("!", "bold red"), "open": ("?", "yellow")}
"""Tone -> its mark, and the mark's style."""

SIDES: tuple[Side, ...] = ("use", "misleads", "sure")


def print_verdict(console: Console, verdict: Verdict, language: Language) -> None:
    """The signal and the headline, then what the model is good for, where it misleads, and how sure that is."""
    signal, headline = in_words(say(f"signal.{verdict.signal}"), language), in_words(verdict.headline, language)
    console.print(Text(f"{signal}: {headline}" if language == "en" else f"{signal}：{headline}", style="bold"))
    for side in SIDES:
        if findings := verdict.on(side):
            console.print(Text(in_words(say(f"side.{side}"), language)))
            print_findings(console, findings, language)


def print_findings(console: Console, findings: Iterable[Finding], language: Language) -> None:
    """One finding a line."""
    for finding in findings:
        mark, style = MARKS[finding.tone]
        console.print(Text.assemble("  ", (mark, style), " ", in_words(finding.sentence, language)))


def in_words(words: Wording, language: Language) -> str:
    """A sentence, or a name out of the data, for a terminal: made harmless, its spaces free to break."""
    if isinstance(words, Sentence):
        words = words.plain(language)
    elif isinstance(words, Markup):
        words = words.striptags()
    return terminal_text(words.replace("\u00a0", " "))
