"""Markdown probes: the same words, laid out in another way."""

from __future__ import annotations

import re
from random import Random

from plaudit.evaluation.probes.change import Probe, Wanted, edits, register_probes
from plaudit.evaluation.probes.order import BULLET
from plaudit.text import split_sentences

_BOLD = 3
"""Words that are set in bold."""

_WORD = {"en": re.compile(r"[^\W\d_]{4,}"), "zh": re.compile("[\u4e00-\u9fff]{2,4}")}
_MARKS = re.compile(r"\*\*|__|`|^#{1,6}\s+|^\s*(?:[-*•]|\d+[.)])\s+", re.MULTILINE)
_LAID_OUT = re.compile(r"\*\*|^#{1,6}\s|^```|^\s*\d+[.)]\s", re.MULTILINE)


def _laid_out(text: str) -> bool:
    """Whether the text has markdown of its own, which more of it could break."""
    return bool(_LAID_OUT.search(text) or BULLET.search(text))


def _bold(text: str, language: str, random: Random) -> str | None:
    words = list(_WORD[language].finditer(text))
    if _laid_out(text) or not words:
        return None
    longest = sorted(words, key=lambda word: word.start() - 1000 * len(word[0]))[:_BOLD]
    for word in sorted(longest, key=lambda word: -word.start()):
        text = f"{text[: word.start()]}**{word[0]}**{text[word.end() :]}"
    return text


def _heading(text: str, language: str, random: Random) -> str | None:
    """The first sentence becomes a heading."""
    first, *rest = split_sentences(text.strip())
    if _laid_out(text) or not rest:
        return None
    return f"## {first.strip()}\n\n{''.join(rest)}"


def _bullets(text: str, language: str, random: Random) -> str | None:
    """Every sentence becomes an item."""
    sentences = [sentence.strip() for sentence in split_sentences(text.strip())]
    if _laid_out(text) or len(sentences) < 2:
        return None
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _plain(text: str, language: str, random: Random) -> str | None:
    """Marks of markdown go, words and lines stay. Code keeps its marks: they may be its meaning."""
    return _MARKS.sub("", text) if _laid_out(text) and "```" not in text else None


register_probes(
    Probe(name="bold", family="markdown", wanted=Wanted.SAME, says="setting three words in bold", change=edits(_bold)),
    Probe(
        name="heading",
        family="markdown",
        wanted=Wanted.SAME,
        says="making the first sentence a heading",
        change=edits(_heading),
    ),
    Probe(
        name="bullets",
        family="markdown",
        wanted=Wanted.SAME,
        says="making the sentences a list",
        change=edits(_bullets),
    ),
    Probe(
        name="no markdown", family="markdown", wanted=Wanted.SAME, says="taking the markdown away", change=edits(_plain)
    ),
)
