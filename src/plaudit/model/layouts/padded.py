"""Whole sequences in length-sorted batches, padded on the right: for architectures that cannot use forests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from plaudit.forest import Tree, on_device
from plaudit.model.architecture import head_input

if TYPE_CHECKING:
    from plaudit.model.network import RewardNetwork


@dataclass(frozen=True)
class PaddedLayout:
    """See `Layout`.

    Attributes:
        attention: one of transformers' own.
        budget: most tokens of a batch, padding included; one sequence may be longer.

    Example:
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> [before] = model.rank("What is 2 + 2?", ["It is 4."])
        >>> model.network.layout = PaddedLayout("sdpa", budget=512)  # instead of a forest
        >>> [after] = model.rank("What is 2 + 2?", ["It is 4."])
        >>> abs(before.score - after.score) < 1e-3
        True
    """

    attention: str
    budget: int = 4096
    packed: ClassVar[bool] = False

    @property
    def attention_name(self) -> str:
        return self.attention

    def features(self, network: RewardNetwork, trees: Sequence[Tree]) -> Float[Tensor, "responses hidden"]:
        sequences = [sequence for tree in trees for sequence in tree.sequences]
        types = [t for tree in trees if tree.types is not None for t in tree.types]
        # The longest first: neighbours are of about one length, so little is padded.
        order = sorted(range(len(sequences)), key=lambda i: -len(sequences[i]))
        features: list[Float[Tensor, "batch hidden"]] = []
        start = 0
        while start < len(order):
            longest = len(sequences[order[start]])
            batch = order[start : start + max(1, self.budget // longest)]
            start += len(batch)
            features.append(_batch_features(network, [sequences[i] for i in batch], [types[i] for i in batch if types]))
        return torch.cat(features)[on_device(np.argsort(order), network.device)]

    def token_states(
        self, network: RewardNetwork, sequence: Int[np.ndarray, " tokens"]
    ) -> Float[Tensor, "tokens hidden"]:
        return network.hidden_states(input_ids=on_device(sequence[None], network.device))[0]

    def within(self, batch_tokens: int) -> PaddedLayout:
        return replace(self, budget=batch_tokens)

    def room(self, batch_tokens: int) -> int:
        return min(batch_tokens, self.budget)


def _batch_features(
    network: RewardNetwork, sequences: list[Int[np.ndarray, " _"]], types: list[Int[np.ndarray, " _"]]
) -> Float[Tensor, "responses hidden"]:
    """Features of sequences in one padded batch, the longest first."""
    lengths = on_device(np.array([len(sequence) for sequence in sequences]), network.device)
    filler = network.config.get_text_config().pad_token_id or 0
    inputs = {"input_ids": _pad(sequences, filler, network.device)}
    inputs["attention_mask"] = (torch.arange(len(sequences[0]), device=network.device) < lengths[:, None]).long()
    if types:
        inputs["token_type_ids"] = _pad(types, 0, network.device)
    if not network.causal and network.outputs.pooling == "own":
        # The class itself says what of an encoder its head reads.
        return head_input(network.model, network.head, inputs)
    states = network.hidden_states(**inputs)
    if network.outputs.pooling == "mean":
        mask = inputs["attention_mask"][..., None]
        return torch.where(mask > 0, states, 0).sum(1) / lengths[:, None]
    return network.head_features(states[torch.arange(len(sequences), device=network.device), lengths - 1])


def _pad(arrays: list[Int[np.ndarray, " _"]], filler: int, device: torch.device) -> Int[Tensor, "responses longest"]:
    rows = np.full((len(arrays), len(arrays[0])), filler, dtype=np.int64)
    for row, array in zip(rows, arrays, strict=True):
        row[: len(array)] = array
    return on_device(rows, device)
