"""Embedding paths: the reward as a function of the embeddings of a response's tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import nn

from plaudit.errors import NotFoundError
from plaudit.forest import Tree
from plaudit.model import RewardNetwork

_CHUNK = 8192
"""Rows of the vocabulary embedded at once."""

REFERENCES: dict[str, str | None] = {
    "mean": None,
    "pad": "pad_token_id",
    "eos": "eos_token_id",
    "mask": "mask_token_id",
}
"""Name of a reference -> the tokenizer's name for the token that replaces every token; None: the mean embedding."""

Embedded = Float[torch.Tensor, "rows sequence hidden"]


class EmbeddingPath:
    """A response whose tokens' embeddings can be replaced, while its prompt and what closes it stay.

    Args:
        network: of the reward model.
        sequence: [n], token ids of the prompt and the response.
        types: [n], segment ids, for encoders that have them.
        positions: [m], ascending, of the response's tokens in the sequence.

    Attributes:
        embeddings: [m, E], of the response's tokens.
    """

    def __init__(
        self,
        network: RewardNetwork,
        sequence: Int[np.ndarray, " sequence"],
        types: Int[np.ndarray, " sequence"] | None,
        positions: Int[np.ndarray, " tokens"],
    ) -> None:
        # Where tokens attend to earlier ones only and rows hold trees, all points share the tokens before the response.
        shared = int(positions[0]) if len(positions) and network.causal and network.layout.packed else 0
        self._network = network
        self._trunk, self._branch, self._types = sequence[:shared], sequence[shared:], types
        self._positions = torch.from_numpy(positions - shared).to(network.device)
        self._embedding: nn.Module = network.model.get_input_embeddings()
        with torch.no_grad():
            self.embeddings = self._embedding(torch.from_numpy(sequence[positions])[None].to(network.device))[0]

    def rewards(self, points: Float[torch.Tensor, "points tokens hidden"]) -> Float[torch.Tensor, " points"]:
        """Embeddings of the response's tokens [B, m, E] -> rewards [B], with a gradient."""
        types = None if self._types is None else (self._types,) * len(points)
        tree = Tree(self._trunk, (self._branch,) * len(points), types)
        self._network.eval()
        with patched_forward(self._embedding, lambda embedded: self._replaced(embedded, points)):
            return self._network.outputs.rewards(self._network([tree])).mean(1)

    def _replaced(self, embedded: Embedded, points: Float[torch.Tensor, "points tokens hidden"]) -> Embedded:
        """The embeddings of a row of branches [1, T, E], or of a padded batch of them [B, n, E], with the points in the
        places of the response's tokens."""
        start = len(self._trunk)
        # A row may be padded behind its branches.
        end = start + len(points) * len(self._branch) if len(embedded) == 1 else embedded.shape[1]
        branches = embedded[:, start:end]
        rows = branches.reshape(len(points), len(self._branch), -1).index_copy(1, self._positions, points.to(embedded))
        return torch.cat([embedded[:, :start], rows.reshape_as(branches), embedded[:, end:]], 1)

    def batch(self, tokens: int) -> int:
        """How many points fit a forward pass of so many tokens, at least one."""
        return max(1, (self._network.layout.room(tokens) - len(self._trunk)) // len(self._branch))

    def reference(self, name: str, tokenizer: Any) -> Float[torch.Tensor, "tokens hidden"]:
        """The embeddings of a reference [m, E], the same at all positions.

        Raises:
            NotFoundError: if there is no such reference, or the tokenizer has no such token.
        """
        if name not in REFERENCES:
            raise NotFoundError(f"no reference {name!r}", remedy=f"there are {', '.join(REFERENCES)}")
        kind = REFERENCES[name]
        token = None if kind is None else getattr(tokenizer, kind)
        if kind is not None and token is None:
            raise NotFoundError(f"the tokenizer has no {name} token to be a reference", remedy="use mean")
        with torch.no_grad():
            row = (
                self._mean()
                if token is None
                else self._embedding(torch.tensor([token], device=self.embeddings.device))[0]
            )
        return row.to(self.embeddings).expand_as(self.embeddings)

    def _mean(self) -> Float[torch.Tensor, " hidden"]:
        """The mean embedding of the vocabulary [E]."""
        ids = torch.arange(self._network.config.get_text_config().vocab_size, device=self.embeddings.device)
        return torch.stack([self._embedding(part).float().sum(0) for part in torch.split(ids, _CHUNK)]).sum(0) / len(
            ids
        )


@contextmanager
def patched_forward(module: nn.Module, change: Callable[[Embedded], Embedded]) -> Iterator[None]:
    """Inside, `change` is applied to the output of a module."""
    hook = module.register_forward_hook(lambda _, inputs, output: change(output))
    try:
        yield
    finally:
        hook.remove()
