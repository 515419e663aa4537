"""One response as one scorer sees it: what every kind of scorer has to say for an explanation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from plaudit.explaining.tokens import TokenSpan
from plaudit.model import DEFAULT_BATCH_TOKENS

if TYPE_CHECKING:
    from torch import nn

NO_CAPTUM = "integrated gradients need captum: pip install 'plaudit[explain]'"


@dataclass(frozen=True, slots=True)
class Integration:
    """How gradients are integrated.

    Attributes:
        reference: what stands in the place of the response's tokens at the start of the way: a name of
            `path.REFERENCES`.
        steps: points on the way, doubled until the attributions are complete, but to
        most_steps: at most.
        tolerance: the gap that counts as complete, relative to the attributions' size: the larger of |score - baseline|
            and the sum of their absolute values.
        batch_tokens: tokens of one pass.
    """

    reference: str = "mean"
    steps: int = 32
    most_steps: int = 512
    tolerance: float = 0.01
    batch_tokens: int = DEFAULT_BATCH_TOKENS


@dataclass(frozen=True, slots=True)
class Attribution:
    """What each piece of a response contributed.

    Attributes:
        values: one a piece; None for one that was not read.
        baseline: the score of the reference input.
        reference: what that is.
        steps: points at which the gradient was integrated; None where the values are exact.
        completeness: (score - baseline) minus the sum of the values.
        complete: whether that is within the tolerance.
    """

    values: tuple[float | None, ...]
    baseline: float
    reference: str
    steps: int | None
    completeness: float
    complete: bool


@dataclass(frozen=True, slots=True)
class Along:
    """The reward read along a response.

    Attributes:
        kind: "in one pass" or "prefixes".
        opening: before its first piece; None where nothing stands before it.
        ends: at the end of each piece; None where it was not read.
    """

    kind: str
    opening: float | None
    ends: tuple[float | None, ...]


class View(Protocol):
    """One response as a scorer sees it.

    Attributes:
        text: the response's plain text.
        pieces: it, as it is read.
        networks: the networks behind the scorer, whose weights a check may shuffle; none for a plain model.
    """

    @property
    def text(self) -> str: ...
    @property
    def pieces(self) -> tuple[TokenSpan, ...]: ...
    @property
    def networks(self) -> Sequence[nn.Module]: ...
    def along(self) -> Along | None:
        """The reward at the end of each piece, read in one pass; None where one pass cannot say it."""

    def attributed(self, how: Integration) -> Attribution:
        """What each piece contributed."""
