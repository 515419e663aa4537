"""Trees in one row, each trunk computed once, no padding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from jaxtyping import Float, Int
from torch import Tensor

from plaudit.forest import FOREST_ATTENTION, SEGMENTS, Forest, ForestAttention, LayerKind, Tree
from plaudit.model.architecture import positions

if TYPE_CHECKING:
    from plaudit.model.network import RewardNetwork


@dataclass(frozen=True)
class ForestLayout:
    """See `Layout`.

    Attributes:
        attend: what computes the attention.
        kinds: of the network's layers, as the self-check saw them.
    """

    attend: ForestAttention = field(default=SEGMENTS, kw_only=True)
    kinds: frozenset[LayerKind] = field(default=frozenset(), kw_only=True)
    attention: ClassVar[str] = FOREST_ATTENTION
    packed: ClassVar[bool] = True

    @property
    def attention_name(self) -> str:
        return self.attend.name

    def features(self, network: RewardNetwork, trees: Sequence[Tree]) -> Float[Tensor, "responses hidden"]:
        forest = self.plant(network, trees)
        states = self.states(network, forest)
        if network.outputs.pooling == "mean":
            return forest.mean(states)
        return network.head_features(states.index_select(0, forest.leaves))

    def token_states(
        self, network: RewardNetwork, sequence: Int[np.ndarray, " tokens"]
    ) -> Float[Tensor, "tokens hidden"]:
        forest = self.plant(network, [Tree.grow([sequence])])
        return self.states(network, forest)[: len(sequence)]

    def plant(self, network: RewardNetwork, trees: Sequence[Tree]) -> Forest:
        """Lay trees out as the attention wants them."""
        return Forest.plant(trees, causal=network.causal, multiple=self.attend.multiple, device=network.device)

    def states(self, network: RewardNetwork, forest: Forest) -> Float[Tensor, "tokens hidden"]:
        """The hidden states of a forest's tokens."""
        types = {} if forest.types is None else {"token_type_ids": forest.types}
        place = positions(network.backbone, forest)
        inputs = {"input_ids": forest.tokens, "position_ids": place, **types}
        return network.hidden_states(**inputs, forest=forest, attend=self.attend)[0]

    def within(self, batch_tokens: int) -> ForestLayout:
        return self

    def room(self, batch_tokens: int) -> int:
        return batch_tokens
