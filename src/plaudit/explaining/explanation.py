"""The explanation of a score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

MIN_SEGMENTS = 3
"""Fewer have no meaningful rank correlation: that of two is always 1 or -1."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token of the response as the model reads it; the tokens of a response make up its text.

    Attributes:
        text: with the white space before it. Tokens that share a character (bytes of an emoji) are one.
        reward: the reward read at its end; None where it was not read there.
        attribution: its share of score - baseline; None where it was not asked for, or the text was not read.

    Example:
        >>> tokens = (Token("The", reward=0.5), Token(" answer", reward=2.0))
        >>> "".join(token.text for token in tokens)
        'The answer'
    """

    text: str
    reward: float | None = None
    attribution: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence (or line, or word) of the response.

    Attributes:
        text: of the segment.
        effect: the score with it minus the score of the response without it.
        attribution: the sum of its tokens' attributions.

    Example:
        >>> Segment("No idea.", effect=-2.5).attribution is None  # it was not asked for
        True
    """

    text: str
    effect: float | None = None
    attribution: float | None = None


@dataclass(frozen=True, slots=True)
class MethodAgreement:
    """Spearman's rank correlation of two explanations of the same response, over n tokens or segments."""

    value: float | None
    n: int
    reason: str | None = None

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> MethodAgreement:
        """Of two columns in the same order; undefined, with the reason, where it has no meaning.

        Example:
            >>> MethodAgreement.of([1.0, 2.0, 9.0], [0.0, 5.0, 4.0]).value
            0.5
        """
        n = len(first)
        if n < MIN_SEGMENTS:
            return cls(None, n, f"it needs {MIN_SEGMENTS} parts or more")
        if not (np.isfinite(first).all() and np.isfinite(second).all()):
            return cls(None, n, "some score is not a number")
        if np.ptp(first) == 0 or np.ptp(second) == 0:
            return cls(None, n, "all values of one are equal")
        return cls(float(spearmanr(first, second).statistic), n)

    def to_json(self) -> dict[str, Any]:
        row = {"value": self.value, "n": self.n}
        return row if self.reason is None else row | {"reason": self.reason}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one response got its score.

    Attributes:
        group, response: which one, as on its Score.
        score: the reward, as `Scorer.score` gives it.
        truncated: whether the model read the response to its end.
        tokens: in order.
        kind: how the rewards along it were read: "in one pass", at every token; or "prefixes", by scoring the response
            cut off after a word or sentence. None if they were not asked for.
        opening: the reward read before the first token.
        sentences: the ablated segments, in order.
        unit: of segmentation: "sentence", "line" or "word".
        each: units in one segment: more than one where a response has too many to ablate one by one.
        baseline: the score of the reference input; attributions explain score - baseline.
        reference: what replaced the response's tokens there.
        steps: points at which the gradient was integrated; None where attributions are exact.
        completeness: (score - baseline) minus the sum of the attributions.
        complete: whether that is within the tolerance.
        agreement: of the segments' attributions with their effects.
        randomised: of the tokens' attributions, and of their sizes, with those of the same network with its weights
            shuffled: near 0 if they depend on what it learned. None if this was not checked.

    Example:
        >>> from plaudit.explaining import explain
        >>> from plaudit.groups import Group
        >>> from plaudit.model import open_model
        >>> [why] = explain(open_model("my-bow"), Group("q", "What is 2 + 2?", ("The answer is 4. No idea.",)))
        >>> [(segment.text.strip(), segment.effect > 0) for segment in why.sentences]
        [('The answer is 4.', True), ('No idea.', False)]
    """

    group: str
    response: int
    score: float
    truncated: bool
    tokens: tuple[Token, ...]
    kind: str | None = None
    opening: float | None = None
    sentences: tuple[Segment, ...] = ()
    unit: str | None = None
    each: int | None = None
    baseline: float | None = None
    reference: str | None = None
    steps: int | None = None
    completeness: float | None = None
    complete: bool | None = None
    agreement: MethodAgreement | None = None
    randomised: tuple[MethodAgreement, MethodAgreement] | None = None

    def to_json(self) -> dict[str, Any]:
        """As docs/explaining.md describes it; a value that is not finite is null."""
        return {
            "group": self.group,
            "response": self.response,
            "score": _finite(self.score),
            "truncated": self.truncated,
            "kind": self.kind,
            "opening": _finite(self.opening),
            "tokens": [
                {"text": t.text, "reward": _finite(t.reward), "attribution": _finite(t.attribution)}
                for t in self.tokens
            ],
            "unit": self.unit,
            "each": self.each,
            "sentences": [
                {"text": p.text, "effect": _finite(p.effect), "attribution": _finite(p.attribution)}
                for p in self.sentences
            ],
            "baseline": _finite(self.baseline),
            "reference": self.reference,
            "steps": self.steps,
            "completeness": _finite(self.completeness),
            "complete": self.complete,
            "agreement": None if self.agreement is None else self.agreement.to_json(),
            "randomised": None
            if self.randomised is None
            else {"signed": self.randomised[0].to_json(), "sizes": self.randomised[1].to_json()},
        }


def _finite(value: float | None) -> float | None:
    return value if value is not None and np.isfinite(value) else None
