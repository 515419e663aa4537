"""Verdicts on a terminal: the report's sentences, one finding a line, each after a mark for its tone."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from plaudit.report import Finding, Sentence, Side, Tone, Verdict, say
from plaudit.text import Language, terminal_text

MARKS: dict[Tone, tuple[str, str]] = {"good": ("+", "green"), "bad": ("!", "bold red"), "open": ("?", "yellow")}
"""Tone -> its mark, and the mark's style."""

SIDES: tuple[Side, ...] = ("use", "misleads", "sure")


def print_verdict(console: Console, verdict: Verdict, language: Language) -> None:
    """The signal and the headline, then what the model is good for, where it misleads, and how sure that is."""
    signal, headline = plain(say(f"signal.{verdict.signal}"), language), plain(verdict.headline, language)
    console.print(Text(f"{signal}: {headline}" if language == "en" else f"{signal}：{headline}", style="bold"))
    for side in SIDES:
        if findings := verdict.on(side):
            console.print(Text(plain(say(f"side.{side}"), language)))
            print_findings(console, findings, language)


def print_findings(console: Console, findings: Iterable[Finding], language: Language) -> None:
    """One finding a line."""
    for finding in findings:
        mark, style = MARKS[finding.tone]
        console.print(Text.assemble("  ", (mark, style), " ", plain(finding.sentence, language)))


def plain(sentence: Sentence, language: Language) -> str:
    """A sentence for a terminal: names from the data made harmless, spaces that may break."""
    return terminal_text(sentence.plain(language).replace("\u00a0", " "))
