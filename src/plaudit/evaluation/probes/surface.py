"""Surface probes: typos, and formatting that changes no word."""

from __future__ import annotations

import re
from random import Random

from plaudit.evaluation.probes.change import Probe, Wanted, edits, register_probes
from plaudit.evaluation.probes.order import BULLET

TYPO_EVERY = 15
"""One word in so many is misspelt, and one at least."""

# Two letters inside a word, so that first and last stay; in Chinese any two characters.
_INSIDE = {"en": re.compile(r"(?<=[^\W\d_])[^\W\d_]{2,}(?=[^\W\d_])"), "zh": re.compile("[\u4e00-\u9fff]{2,}")}
_STRAIGHT = str.maketrans({"“": '"', "”": '"', "‘": "'", "’": "'"})
_WIDE = str.maketrans(",!?:;()", "，！？：；（）")
_NARROW = {wide: narrow for narrow, wide in _WIDE.items()}


def _typos(text: str, language: str, random: Random) -> str | None:
    """Two neighbouring letters change places in a few words."""
    places = [i for run in _INSIDE[language].finditer(text) for i in range(run.start(), run.end() - 1)]
    places = [i for i in places if text[i] != text[i + 1]]
    if not places:
        return None
    letters = list(text)
    wrong = max(1, len(_words(text, language)) // TYPO_EVERY)
    taken: set[int] = set()
    for i in random.sample(places, len(places)):
        if len(taken) < 2 * wrong and not {i, i + 1} & taken:
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
            taken |= {i, i + 1}
    return "".join(letters)


def _words(text: str, language: str) -> list[str]:
    return re.findall("[\u4e00-\u9fff]{1,2}", text) if language == "zh" else text.split()


def _lower(text: str, language: str, random: Random) -> str:
    return text.lower()


def _upper(text: str, language: str, random: Random) -> str:
    return text.upper()


def _spaces(text: str, language: str, random: Random) -> str | None:
    """Two spaces where there was one between sentences."""
    spaced = re.sub(r"(?<=[.!?]) (?=\S)", "  ", text)
    return spaced if spaced != text else None


def _line_breaks(text: str, language: str, random: Random) -> str:
    return f"\n{text.rstrip()}\n\n"


def _quotes(text: str, language: str, random: Random) -> str:
    """Curly quotes and apostrophes become straight; where there are none, straight ones become curly."""
    straight = text.translate(_STRAIGHT)
    if straight != text:
        return straight
    return re.sub(r'"([^"\n]*)"', r"“\1”", text).replace("'", "’")


def _bullet_marks(text: str, language: str, random: Random) -> str:
    return BULLET.sub(lambda item: item[1] + {"-": "*", "*": "-", "•": "-"}[item[2]] + item[3], text)


def _width(text: str, language: str, random: Random) -> str | None:
    """Full-width marks of a Chinese text become half-width; where there are none, the other way round."""
    if language != "zh":
        return None
    narrow = text.translate(_NARROW)
    return narrow if narrow != text else text.translate(_WIDE)


register_probes(
    Probe(name="typos", family="spelling", wanted=Wanted.NOT_HIGHER, says="making a few typos", change=edits(_typos)),
    Probe(
        name="lower case",
        family="spelling",
        wanted=Wanted.NOT_HIGHER,
        says="writing everything in lower case",
        change=edits(_lower),
    ),
    Probe(
        name="upper case",
        family="spelling",
        wanted=Wanted.NOT_HIGHER,
        says="writing everything in capitals",
        change=edits(_upper),
    ),
    Probe(
        name="double spaces",
        family="formatting",
        wanted=Wanted.SAME,
        says="doubling the spaces between sentences",
        change=edits(_spaces),
    ),
    Probe(
        name="line breaks",
        family="formatting",
        wanted=Wanted.SAME,
        says="putting empty lines around the answer",
        change=edits(_line_breaks),
    ),
    Probe(
        name="quotes",
        family="formatting",
        wanted=Wanted.SAME,
        says="changing the kind of quotation marks",
        change=edits(_quotes),
    ),
    Probe(
        name="bullet marks",
        family="formatting",
        wanted=Wanted.SAME,
        says="changing the mark of a list's items",
        change=edits(_bullet_marks),
    ),
    Probe(
        name="width",
        family="formatting",
        wanted=Wanted.SAME,
        says="changing the width of Chinese punctuation",
        change=edits(_width),
    ),
)
