"""The phrases that a policy has learned to say: n-grams of words that rose most against the untrained policy."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plaudit.text import word_spans

LONGEST = 5
"""Words of a phrase, at most."""


@dataclass(frozen=True, slots=True)
class RisenPhrase:
    """A phrase that answers have taken up.

    Attributes:
        text: as it was first written.
        before: share of the untrained policy's answers that have it.
        after: share of the answers that have it now.
        z: the rise of its log-odds, in standard errors.
    """

    text: str
    before: float
    after: float
    z: float

    def to_json(self) -> dict[str, Any]:
        return {"text": self.text, "before": self.before, "after": self.after, "z": round(self.z, 2)}


def risen_phrases(before: Sequence[str], after: Sequence[str], most: int = 8) -> list[RisenPhrase]:
    """What is said more often than before, the surest rise first.

    For each n-gram of 1 to 5 words the log-odds of an answer to have it, before and after, with half an answer added to
    each count; the difference over its standard error is z (Monroe, Colaresi & Quinn, "Fightin' Words", 2008, eq. 16,
    22, with a flat prior). A phrase inside a longer one that as many answers have is left out.

    Args:
        before: answers of the untrained policy.
        after: answers to the same prompts now.
        most: how many phrases.

    Returns:
        Those with z above 2 (none, if nothing rose so).

    Example:
        >>> before, after = ["Boil it."] * 20, ["Great question! Boil it.", "Great question! Fry it."] * 10
        >>> [risen] = risen_phrases(before, after, most=1)
        >>> risen.text, risen.before, risen.after
        ('Great question!', 0.0, 1.0)
    """
    written: dict[tuple[str, ...], str] = {}
    counts = [Counter(key for text in texts for key in _phrases(text, written)) for texts in (before, after)]
    risen = []
    for key, count in counts[1].items():
        odds = [_log_odds(counts[0][key], len(before)), _log_odds(count, len(after))]
        z = (odds[1][0] - odds[0][0]) / math.sqrt(odds[0][1] + odds[1][1])
        if z > 2:
            risen.append((z, count, key))
    risen.sort(key=lambda item: (-item[0], -len(item[2]), item[2]))
    chosen: list[tuple[float, int, tuple[str, ...]]] = []
    for z, count, key in risen:
        if len(chosen) == most:
            break
        if not any(_overlap(key, other) for _, _, other in chosen):
            chosen.append((z, count, key))
    return [RisenPhrase(written[key], counts[0][key] / len(before), count / len(after), z) for z, count, key in chosen]


def _phrases(text: str, written: dict[tuple[str, ...], str]) -> set[tuple[str, ...]]:
    """The phrases of an answer, each once, in lower case; `written` keeps how each was first written."""
    spans = word_spans(text)
    words = [text[start:end].strip().lower() for start, end in spans]
    phrases = set()
    for size in range(1, LONGEST + 1):
        for start in range(len(words) - size + 1):
            key = tuple(words[start : start + size])
            phrases.add(key)
            written.setdefault(key, text[spans[start][0] : spans[start + size - 1][1]].strip())
    return phrases


def _log_odds(count: int, total: int) -> tuple[float, float]:
    """Of an answer to have a phrase, and the variance of that."""
    have, lack = count + 0.5, total - count + 0.5
    return math.log(have / lack), 1 / have + 1 / lack


def _overlap(phrase: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether one lies within the other, or they share all words but one at an end: the same wording, moved."""
    short, long = sorted((phrase, other), key=len)
    inside = any(long[start : start + len(short)] == short for start in range(len(long) - len(short) + 1))
    return inside or any(
        phrase[-size:] == other[:size] or other[-size:] == phrase[:size] for size in range(2, len(short))
    )
