"""Length: more text that says nothing more."""

from __future__ import annotations

from random import Random

from plaudit.evaluation.probes.change import Probe, Wanted, edits
from plaudit.evaluation.probes.sentences import after, before, gap
from plaudit.text import split_sentences

FILLER = {
    "en": (
        "There is a lot that could be said about this, and every aspect has its place.",
        "It is always good to look at such things from more than one side.",
        "In the end, many different factors come together here.",
        "All of this is worth a moment of thought.",
        "As so often, the details are what they are.",
        "These points should be seen in their wider context.",
    ),
    "zh": (
        "关于这一点可以说的很多，每个方面都有它的意义。",
        "这样的事情总是值得从多个角度来看。",
        "归根结底，这里有许多不同的因素共同起作用。",
        "这一切都值得我们停下来想一想。",
        "正如常见的那样，细节就是细节。",
        "这些内容应当放在更大的背景下来看待。",
    ),
}


def _filler(language: str, random: Random, count: int) -> str:
    return gap(language).join(random.sample(FILLER[language], count))


def _padded(text: str, language: str, random: Random) -> str:
    return after(text, _filler(language, random, 3), language)


def _opened(text: str, language: str, random: Random) -> str:
    return before(_filler(language, random, 1), text, language)


def _last_again(text: str, language: str, random: Random) -> str:
    return after(text, gap(language).join([split_sentences(text.strip())[-1]] * 2), language)


def _all_again(text: str, language: str, random: Random) -> str:
    return f"{text}\n\n{text}"


PROBES = (
    Probe("padding", "length", Wanted.NOT_HIGHER, "padding with three empty sentences", edits(_padded)),
    Probe("opening", "length", Wanted.NOT_HIGHER, "opening with an empty sentence", edits(_opened)),
    Probe(
        "last sentence again", "length", Wanted.NOT_HIGHER, "saying the last sentence three times", edits(_last_again)
    ),
    Probe("all again", "length", Wanted.NOT_HIGHER, "saying the whole answer twice", edits(_all_again)),
)
