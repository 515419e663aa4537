"""Which columns of numbers are ratings: the names of qualities that people rate.

A number in a column of any other name is a rating only where the user says so (`--column ratings.NAME=COLUMN`), or
where the row declares a scale.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from plaudit.data.formats import FileReading
from plaudit.data.formats.fields import is_absent, number_of
from plaudit.groups import Rating

ATTRIBUTES = frozenset({
    "overall", "quality", "helpfulness", "helpful", "correctness", "correct", "coherence", "coherent", "complexity",
    "verbosity", "honesty", "honest", "truthfulness", "truthful", "instruction_following", "relevance", "relevant",
    "fluency", "fluent", "consistency", "consistent", "naturalness", "natural", "engagingness", "engaging",
    "understandability", "groundedness", "informativeness", "informative", "accuracy", "accurate", "coverage",
    "compatible", "factuality", "factual", "faithfulness", "faithful", "harmlessness", "harmless", "safety", "safe",
    "clarity", "conciseness", "completeness", "depth", "detail", "creativity", "originality", "humor", "humour",
    "funny", "readability", "style", "tone", "grammar", "politeness", "empathy", "usefulness", "useful",
    "satisfaction", "specificity", "interestingness", "interesting", "plausibility", "adequacy", "appropriateness",
    "persuasiveness", "diversity", "facts", "fine_grained_score", "overall_score",
})  # fmt: skip
"""Qualities of a response of which more is better, or (`verbosity`, `complexity`) which are neither."""

WORSE = frozenset({
    "severity", "severity_level", "toxicity", "toxic", "severe_toxicity", "harm", "harmful", "harmfulness",
    "offensiveness", "offensive", "hate", "hate_speech", "hatefulness", "violence", "bias", "biased", "insult",
    "threat", "profanity", "obscene", "spam",
})  # fmt: skip
"""Qualities of which less is better. They are read as minus what was given, so that higher is better everywhere."""

_METRICS = re.compile(
    r"(sacre)?bleu|(bleu|rouge|chrf|bert_?score|bart_?score|bleurt|comet|log_?prob).*|ter|meteor|perplexity|ppl"
)

DECLARED = "ratings."
"""`ratings.NAME`, as `--column` has it, declares ratings on NAME."""

WORDS = {
    "bad": (0, 2), "ok": (1, 2), "good": (2, 2),
    "fail": (0, 1), "pass": (1, 1),
    "no": (0, 1), "yes": (1, 1),
    "false": (0, 1), "true": (1, 1),
    "down": (0, 1), "up": (1, 1),
    "negative": (0, 1), "positive": (1, 1),
}  # fmt: skip
"""Values in words: (value, the highest of its scale); every scale begins at 0."""

HELPSTEER = frozenset({"helpfulness", "correctness", "coherence", "complexity", "verbosity"})
"""HelpSteer's five columns, whose scale is published: 0 to 4."""


def is_attribute(name: str) -> bool:
    """Whether people rate a quality of this name, or the user declared it.

    Example:
        >>> [is_attribute(name) for name in ("Instruction Following", "ratings.mine", "year", "toxicity")]
        [True, True, False, True]
    """
    return name.startswith(DECLARED) or _plain(name) in ATTRIBUTES | WORSE


def is_metric(name: str) -> bool:
    """Whether a program computes this, such as BLEU, so that it is nobody's rating."""
    return _METRICS.fullmatch(_plain(name)) is not None


def is_figure(value: Any) -> bool:
    """Whether a cell may be a value: a number, text that says one, a word of `WORDS`, or a list of these."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(one is None or (not isinstance(one, list) and is_figure(one)) for one in value)
    if isinstance(value, str):
        try:
            float(value)
        except ValueError:
            return value.strip().casefold() in WORDS or is_absent(value)
        return True
    return isinstance(value, (int, float))


def ratings_of(
    response: int,
    attribute: str,
    entry: Any,
    file: FileReading,
    *,
    annotator: str | None = None,
    weight: float = 1.0,
    scale: tuple[float, float] | None = None,
) -> list[Rating]:
    """The ratings of one response on one attribute: of a list one for each annotator, of an empty cell none.

    Of an attribute in `WORSE` the sign is turned, and the file notes it; what the user declared is taken as it is.

    Raises:
        GroupError: for what is no number.

    Example:
        >>> file = FileReading()
        >>> [(r.attribute, r.value) for r in ratings_of(0, "clarity", [4, "N/A", "3"], file)]
        [('clarity', 4), ('clarity', 3)]
        >>> ratings_of(0, "toxicity", 0.9, file)[0].value, list(file.notes)
        (-0.9, ["higher is worse in 'toxicity': it is read as minus its value, so that higher is better"])
    """
    name = attribute.removeprefix(DECLARED)
    turned = name == attribute and _plain(name) in WORSE
    ratings = []
    for one in entry if isinstance(entry, (list, tuple)) else [entry]:
        if one is None or is_absent(one):
            continue
        value, own_scale = _value(one, name)
        limits = scale or own_scale
        if turned:
            value, limits = 0 - value, limits and (0 - limits[1], 0 - limits[0])
        ratings.append(Rating(response, value, name, annotator, weight, limits))
    if turned and ratings:
        file.note(f"higher is worse in {name!r}: it is read as minus its value, so that higher is better")
    return ratings


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """The entries of an object of ratings, an attribute each, without what programs computed.

    Example:
        >>> nested({"clarity": 4, "bleu": 0.1, "why": "because"})
        {'clarity': 4}
    """
    return {name: value for name, value in values.items() if is_figure(value) and not is_metric(name)}


def _plain(name: str) -> str:
    return re.sub(r"[\s\-.]+", "_", name.strip()).casefold()


def _value(entry: Any, attribute: str) -> tuple[float, tuple[float, float] | None]:
    word = str(entry).strip().casefold()
    if word in WORDS:
        value, highest = WORDS[word]
        return value, (0, highest)
    return number_of(entry, f"the {attribute} rating"), None
