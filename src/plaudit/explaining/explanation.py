"""What an explanation says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

LEAST_PARTS = 3
"""Parts below which a rank correlation says nothing: of two it is always 1 or -1."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the response as the model reads it; the pieces of a response make up its text.

    Attributes:
        text: with the white space before it. Tokens that share a character (bytes of an emoji) are one piece.
        reward: the reward read at its end; None where it was not read there.
        attribution: its share of score - baseline; None where it was not asked for, or the model never saw this text.
    """

    text: str
    reward: float | None = None
    attribution: float | None = None


@dataclass(frozen=True, slots=True)
class Segment:
    """A sentence (or line, or word) of the response.

    Attributes:
        text: the part.
        effect: the score with it minus the score of the response without it.
        attribution: the sum of its tokens' attributions.
    """

    text: str
    effect: float | None = None
    attribution: float | None = None


@dataclass(frozen=True, slots=True)
class MethodAgreement:
    """Spearman's rank correlation of two explanations of the same response, over n things; None with the reason."""

    value: float | None
    n: int
    reason: str | None = None

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> MethodAgreement:
        """Of two columns in the same order."""
        n = len(first)
        if n < LEAST_PARTS:
            return cls(None, n, f"it needs {LEAST_PARTS} parts or more")
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
        tokens: its pieces, in order.
        kind: how the rewards along it were read: "in one pass", at every token; or "prefixes", by scoring the response
            cut off after a word or sentence. None if they were not asked for.
        opening: the reward read before the first token.
        sentences: its parts, in order.
        unit: what a part is: "sentence", "line" or "word"; or
        each: so many of them together, where a response has too many to leave out one by one.
        baseline: the score of the reference input, from which attributions explain the way to the score.
        reference: what stood in the place of the response's tokens there.
        steps: points at which the gradient was integrated; None where attributions are exact.
        completeness: (score - baseline) minus the sum of the attributions.
        complete: whether that is within the tolerance.
        agreement: of the parts' attributions with their effects.
        randomised: of the tokens' attributions, and of their sizes, with those of the same network with its weights
            shuffled: near 0 if they depend on what it learned. None if this was not checked.
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
