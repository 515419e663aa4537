"""Trees in one row, each trunk computed once, no padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from plaudit.forest import FOREST_ATTENTION, Forest, Tree
from plaudit.model.architecture import positions

if TYPE_CHECKING:
    from plaudit.model.network import RewardNetwork


@dataclass(frozen=True)
class ForestLayout:
    """See `Layout`."""

    attention: ClassVar[str] = FOREST_ATTENTION
    packed: ClassVar[bool] = True

    def features(self, network: RewardNetwork, trees: Sequence[Tree]) -> Float[Tensor, "responses hidden"]:
        forest = Forest.plant(trees, causal=network.causal, device=network.device)
        states = self.states(network, forest)
        if network.outputs.pooling == "mean":
            return forest.mean(states)
        return network.head_features(states.index_select(0, forest.leaves))

    def token_states(
        self, network: RewardNetwork, sequence: Int[np.ndarray, " tokens"]
    ) -> Float[Tensor, "tokens hidden"]:
        return self.states(network, Forest.plant([Tree.grow([sequence])], device=network.device))

    def states(self, network: RewardNetwork, forest: Forest) -> Float[Tensor, "tokens hidden"]:
        """The hidden states of a forest's tokens."""
        types = {} if forest.types is None else {"token_type_ids": forest.types}
        place = positions(network.backbone, forest)
        return network.hidden_states(input_ids=forest.tokens, position_ids=place, forest=forest, **types)[0]

    def within(self, batch_tokens: int) -> ForestLayout:
        return self

    def room(self, batch_tokens: int) -> int:
        return batch_tokens
