"""Topics and phrases: what people ask, sound and unsound advice, and what any answer may be padded with.

They are plain text in `texts/`, so that they can be read and corrected without reading code.

    # rice steps           a topic; `steps` says that its advice has an order, which is the order of the lines
    ? How do I cook ...    a question that this topic answers
    + Rinse the rice ...   advice that is right and specific
    - Lift the lid ...     advice that is wrong, against the sound line near it
    ~ Rice can be ...      true, about the topic, and of no use

In `_phrases.txt` a `#` line names a kind of phrase, and `{a|b}` is a choice, so that a phrase is seldom worded
the same twice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import product
from random import Random

LANGUAGES = ("en", "zh")
_FIELD_OF_MARK = {"?": "questions", "+": "points", "-": "mistakes", "~": "filler"}

_CHOICE = re.compile(r"\{([^{}]*\|[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Topic:
    """One subject and its sentences.

    Attributes:
        language: `en` or `zh`.
        domain: the file that holds it.
        name: unique among all topics.
        steps: whether the advice has an order.
        questions, filler: sentences.
        points, mistakes: (line number, sentence); the number orders the advice where it has steps.
    """

    language: str
    domain: str
    name: str
    steps: bool
    questions: tuple[str, ...]
    points: tuple[tuple[int, str], ...]
    mistakes: tuple[tuple[int, str], ...]
    filler: tuple[str, ...]


@cache
def topics(language: str) -> tuple[Topic, ...]:
    """Every topic written in `language`, in the order of the files' names and lines."""
    return tuple(
        _topic(language, file.name.removesuffix(".txt"), heading, lines)
        for file in _files(language)
        if not file.name.startswith("_")
        for heading, lines in _sections(file.read_text("utf-8"))
    )


@cache
def phrases(language: str) -> dict[str, tuple[str, ...]]:
    """The patterns of each kind of phrase, for `spell`."""
    text = next(file for file in _files(language) if file.name == "_phrases.txt").read_text("utf-8")
    return {kind: tuple(lines) for kind, lines in _sections(text)}


def spell(pattern: str, random: Random) -> str:
    """A phrase from its pattern: each `{a|b|c}` becomes one of its choices; `{}` is left for the caller to fill.

    Example:
        >>> spell("{it depends|that depends}.", Random(0)) in ("It depends.", "That depends.")
        True
    """
    phrase = _CHOICE.sub(lambda match: random.choice(match[1].split("|")), pattern)
    return phrase[:1].upper() + phrase[1:]


def spellings(pattern: str) -> list[str]:
    """Every phrase that `spell` may make of a pattern.

    Example:
        >>> spellings("{it|that} depends{ a lot|}.")
        ['It depends a lot.', 'It depends.', 'That depends a lot.', 'That depends.']
    """
    # Split at its choices, a pattern is text and choice by turns.
    parts = _CHOICE.split(pattern)
    choices = [part.split("|") if number % 2 else [part] for number, part in enumerate(parts)]
    whole = map("".join, product(*choices))
    return [phrase[:1].upper() + phrase[1:] for phrase in whole]


def _files(language: str) -> list[Traversable]:
    folder = files(__package__) / "texts" / language
    return sorted(folder.iterdir(), key=lambda file: file.name)


def _sections(text: str) -> list[tuple[str, list[str]]]:
    sections: list[tuple[str, list[str]]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        if line.startswith("# "):
            sections.append((line[2:], []))
        else:
            sections[-1][1].append(line)
    return sections


def _topic(language: str, domain: str, heading: str, lines: list[str]) -> Topic:
    name, *flags = heading.split()
    parts: dict[str, list[tuple[int, str]]] = {field: [] for field in _FIELD_OF_MARK.values()}
    for number, line in enumerate(lines):
        parts[_FIELD_OF_MARK[line[0]]].append((number, line[2:]))
    return Topic(
        language=language,
        domain=domain,
        name=name,
        steps="steps" in flags,
        questions=tuple(sentence for _, sentence in parts["questions"]),
        points=tuple(parts["points"]),
        mistakes=tuple(parts["mistakes"]),
        filler=tuple(sentence for _, sentence in parts["filler"]),
    )
