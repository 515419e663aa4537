"""What a layout is: one way to compute trees, as a value that a network holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from plaudit.forest import Tree

if TYPE_CHECKING:
    from plaudit.model.network import RewardNetwork


class Layout(Protocol):
    """One way to compute trees. All give the same features, within rounding.

    Attributes:
        attention: the name of the attention that the backbone computes with, as transformers knows it.
        packed: whether trees stand in one row, where what siblings share is computed once.
    """

    @property
    def attention(self) -> str: ...

    @property
    def attention_name(self) -> str:
        """What computes the attention, as a run record has it."""
        ...

    @property
    def packed(self) -> bool: ...

    def features(self, network: RewardNetwork, trees: Sequence[Tree]) -> Float[Tensor, "responses hidden"]:
        """What the head reads of every response of every tree, by tree and then by branch."""
        ...

    def token_states(
        self, network: RewardNetwork, sequence: Int[np.ndarray, " tokens"]
    ) -> Float[Tensor, "tokens hidden"]:
        """The hidden states of one sequence's tokens."""
        ...

    def within(self, batch_tokens: int) -> Layout:
        """The layout whose forward passes, given trees of `batch_tokens` in all, have no more."""
        ...

    def room(self, batch_tokens: int) -> int:
        """Most tokens of one forward pass, where `batch_tokens` are asked for."""
        ...
