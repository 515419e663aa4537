"""What a labelling project asks, of whom, and how often."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from plaudit.errors import InvalidInputError
from plaudit.settings import NON_NEGATIVE, Rule, Settings, at_least, one_of, setting

MODES = ("pair", "rank", "best-worst", "rate")
"""What a question asks: which of two; an order; the best and the worst; a value for each answer."""

_SHARE = Rule(lambda value: 0 <= value <= 1, "from 0 to 1")


@dataclass(frozen=True, slots=True)
class RatedAttribute:
    """Something that every answer of a question is rated on.

    Attributes:
        name: as in the ratings that come out.
        low: the lowest value.
        high: the highest.
        question: language -> what people are asked; empty: the name.

    Raises:
        InvalidInputError: unless the values are whole numbers with at most ten steps between them, which is what keys
            and thumbs can give.

    Example:
        >>> RatedAttribute.parse("helpful=0:4")
        RatedAttribute(name='helpful', low=0, high=4, question={})
    """

    name: str
    low: int
    high: int
    question: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 < self.high - self.low <= 10:
            raise InvalidInputError(
                f"the scale of {self.name!r} is {self.low}:{self.high}", remedy="give at most eleven values, low first"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Of `NAME=LOW:HIGH`."""
        name, equals, scale = text.partition("=")
        low, colon, high = scale.partition(":")
        try:
            if not (name.strip() and equals and colon):
                raise ValueError(text)
            return cls(name.strip(), int(low), int(high))
        except ValueError:
            raise InvalidInputError(f"the attribute is {text!r}", remedy="give NAME=LOW:HIGH, as helpful=0:4") from None

    def to_json(self) -> dict[str, Any]:
        return {"name": self.name, "low": self.low, "high": self.high, "question": self.question}


@dataclass(frozen=True, kw_only=True)
class LabellingSettings(Settings):
    """What a labelling project asks, of whom, and how often.

    Example:
        >>> LabellingSettings(mode="pair", overlap=3).overlap
        3
    """

    mode: str = setting("pair", "what a question asks", one_of(*MODES))
    overlap: int = setting(1, "different people who answer each question", at_least(1))
    strength: int = setting(
        0, "in `pair`, levels of how much better one is; 0: only which", Rule(lambda n: n in (0, 2, 3), "0, 2 or 3")
    )
    ties: bool = setting(True, "whether answers may be equally good")
    both_bad: bool = setting(False, "whether one may say that no answer is any good")
    attributes: tuple[str, ...] = setting((), "what every answer is rated on, each as NAME=LOW:HIGH", shown="none")
    reasons: tuple[str, ...] = setting((), "reasons to choose from beside a judgement", shown="none")
    pairs: int = setting(0, "in `pair`, most pairs of one prompt; 0: all of them", at_least(0))
    lease_seconds: int = setting(
        900, "after which a question nobody works at goes to somebody else; any sign of life extends it", at_least(30)
    )
    gold_every: int = setting(20, "questions between two whose answer is known, on average; 0: none", at_least(0))
    repeat_every: int = setting(50, "questions between two that come again, on average; 0: none", at_least(0))
    repeat_after: int = setting(30, "questions that lie between a question and its repetition", at_least(1))
    repeat_seconds: int = setting(3600, "seconds that do", at_least(0))
    training: int = setting(0, "questions with feedback that a new person begins with, of those with gold", at_least(0))
    random_share: float = setting(
        0.2, "of the questions, chosen at random: what agreement and models are measured on", _SHARE
    )
    random_first: int = setting(200, "judgements before the model has a say in what is asked", at_least(0))
    skips: int = setting(3, "people who skip a question before it is put aside", at_least(1))
    require_seen: bool = setting(False, "whether every answer has to be opened before one can judge")
    session_days: int = setting(30, "days that a sign-in lasts without a visit", at_least(1))
    pause_seconds: float = setting(
        0.3, "for which a new question takes no key, so that a held one cannot vote", NON_NEGATIVE
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        names = [one.name for one in self.rated]
        if len({*names}) < len(names):
            raise InvalidInputError("two attributes have one name")
        if self.mode == "rate" and not names:
            raise InvalidInputError("mode `rate` has nothing to rate", remedy="give --attribute helpful=0:4")
        if self.strength and self.mode != "pair":
            raise InvalidInputError(f"mode `{self.mode}` has no strength", remedy="leave it out, or choose mode `pair`")

    @property
    def rated(self) -> tuple[RatedAttribute, ...]:
        """What every answer is rated on."""
        return tuple(RatedAttribute.parse(text) for text in self.attributes)
