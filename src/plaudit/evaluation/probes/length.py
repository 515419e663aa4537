"""Length probes: more text that says nothing more."""

from __future__ import annotations

from random import Random

from plaudit.evaluation.probes.change import Probe, Wanted, edits, register_probes
from plaudit.evaluation.probes.sentences import gap, put_after, put_before
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
    return put_after(text, _filler(language, random, 3), language)


def _opened(text: str, language: str, random: Random) -> str:
    return put_before(text, _filler(language, random, 1), language)


def _last_again(text: str, language: str, random: Random) -> str:
    return put_after(text, gap(language).join([split_sentences(text.strip())[-1]] * 2), language)


def _all_again(text: str, language: str, random: Random) -> str:
    return f"{text}\n\n{text}"


register_probes(
    Probe(
        name="padding",
        family="length",
        wanted=Wanted.NOT_HIGHER,
        says="padding with three empty sentences",
        change=edits(_padded),
    ),
    Probe(
        name="opening",
        family="length",
        wanted=Wanted.NOT_HIGHER,
        says="opening with an empty sentence",
        change=edits(_opened),
    ),
    Probe(
        name="last sentence again",
        family="length",
        wanted=Wanted.NOT_HIGHER,
        says="saying the last sentence three times",
        change=edits(_last_again),
    ),
    Probe(
        name="all again",
        family="length",
        wanted=Wanted.NOT_HIGHER,
        says="saying the whole answer twice",
        change=edits(_all_again),
    ),
)
