"""Views: one response as one kind of scorer reads it, which is all that an explanation needs of a scorer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from plaudit.explaining.tokens import TokenSpan
from plaudit.groups import Group
from plaudit.model import DEFAULT_BATCH_TOKENS, ENSEMBLE, LINEAR_MODEL, REWARD_MODEL, Scorer
from plaudit.registry import Registry

if TYPE_CHECKING:
    from torch import nn

NO_CAPTUM = "integrated gradients need captum: pip install 'plaudit[explain]'"


@dataclass(frozen=True, slots=True)
class Integration:
    """How gradients are integrated.

    Attributes:
        reference: what replaces the embeddings of the response's tokens at the start of the path: a name of
            `embedding_path.REFERENCES`.
        steps: points on the path, doubled until the attributions are complete.
        max_steps: where the doubling ends.
        tolerance: the gap that counts as complete, relative to the attributions' size: the larger of |score - baseline|
            and the sum of their absolute values.
        batch_tokens: tokens of one forward pass.

    Example:
        >>> Integration(steps=64).max_steps
        512
    """

    reference: str = "mean"
    steps: int = 32
    max_steps: int = 512
    tolerance: float = 0.01
    batch_tokens: int = DEFAULT_BATCH_TOKENS


@dataclass(frozen=True, slots=True)
class Attribution:
    """What each token of a response contributed.

    Attributes:
        values: one for each `TokenSpan`; None for text that the model did not read.
        baseline: the score of the reference input.
        reference: what that input is.
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
class PrefixRewards:
    """The reward read along a response.

    Attributes:
        kind: "in one pass" or "prefixes".
        opening: before its first token; None where no token stands before it.
        ends: at the end of each `TokenSpan`; None where it was not read.
    """

    kind: str
    opening: float | None
    ends: tuple[float | None, ...]


class View(Protocol):
    """One response as a scorer reads it.

    Attributes:
        text: the response's plain text.
        tokens: the spans of that text, as the scorer reads it.
        networks: the networks of the scorer, whose weights a sanity check may shuffle; none for a linear model.
    """

    @property
    def text(self) -> str: ...
    @property
    def tokens(self) -> tuple[TokenSpan, ...]: ...
    @property
    def networks(self) -> Sequence[nn.Module]: ...
    def prefix_rewards(self) -> PrefixRewards | None:
        """The reward at the end of each token, from one forward pass; None where one pass does not give it."""

    def attribute(self, integration: Integration) -> Attribution:
        """What each token contributed."""


class ViewFactory(Protocol):
    """Makes the view of a response."""

    def __call__(self, model: Scorer, group: Group) -> View: ...


@dataclass(frozen=True, slots=True)
class _LazyView:
    """A class of views that is imported when it is first used: the view of a linear model needs no torch."""

    module: str
    name: str

    def __call__(self, model: Scorer, group: Group) -> View:
        return cast(View, getattr(import_module(self.module), self.name)(model, group))


VIEWS: Registry[ViewFactory] = Registry("view")
"""`Scorer.kind` -> what makes the view of a response."""

VIEWS.register(REWARD_MODEL, _LazyView("plaudit.explaining.networks", "NetworkView"))
VIEWS.register(ENSEMBLE, _LazyView("plaudit.explaining.ensembles", "EnsembleView"))
VIEWS.register(LINEAR_MODEL, _LazyView("plaudit.explaining.linear", "LinearView"))
