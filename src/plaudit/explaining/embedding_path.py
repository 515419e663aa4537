"""The reward as a function of the embeddings of a response's tokens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

from plaudit.errors import PlauditError
from plaudit.forest import Tree
from plaudit.model import RewardNetwork

_CHUNK = 8192
"""Rows of the vocabulary embedded at once."""

# Name of a reference -> the tokenizer's name for the token that stands everywhere in it; None: the mean embedding.
REFERENCES: dict[str, str | None] = {
    "mean": None,
    "pad": "pad_token_id",
    "eos": "eos_token_id",
    "mask": "mask_token_id",
}


class Path:
    """A response whose tokens' embeddings can be moved, while its prompt and what closes it stay.

    Args:
        network: what scores.
        sequence: `[n]`, the whole sequence.
        types: `[n]`, its segment ids, for encoders that have them.
        places: `[m]`, ascending: which of its tokens are the response's.

    Attributes:
        end: `[m, E]`, their own embeddings.
    """

    def __init__(
        self, network: RewardNetwork, sequence: np.ndarray, types: np.ndarray | None, places: np.ndarray
    ) -> None:
        # Where tokens look back only and rows hold trees, all points share what stands before the response.
        shared = int(places[0]) if len(places) and network.causal and network.layout.packed else 0
        self._network = network
        self._trunk, self._branch, self._types = sequence[:shared], sequence[shared:], types
        self._places = torch.from_numpy(places - shared).to(network.device)
        self._embedding: nn.Module = network.model.get_input_embeddings()
        with torch.no_grad():
            self.end = self._embedding(torch.from_numpy(sequence[places])[None].to(network.device))[0]

    def rewards(self, points: torch.Tensor) -> torch.Tensor:
        """`[B, m, E]` embeddings -> `[B]` rewards, with a gradient."""
        types = None if self._types is None else (self._types,) * len(points)
        tree = Tree(self._trunk, (self._branch,) * len(points), types)
        self._network.eval()
        with patched_forward(self._embedding, lambda embedded: self._moved(embedded, points)):
            return self._network.outputs.rewards(self._network([tree])).mean(1)

    def _moved(self, embedded: torch.Tensor, points: torch.Tensor) -> torch.Tensor:
        """The embeddings of a row of branches `[1, T, E]`, or of a padded batch of them `[B, n, E]`, with the points'
        in their places."""
        trunk, branches = embedded.split([len(self._trunk), embedded.shape[1] - len(self._trunk)], 1)
        rows = branches.reshape(len(points), len(self._branch), -1).index_copy(1, self._places, points.to(embedded))
        return torch.cat([trunk, rows.reshape_as(branches)], 1)

    def batch(self, tokens: int) -> int:
        """How many points fit one pass of so many tokens, at least one."""
        return max(1, (self._network.layout.room(tokens) - len(self._trunk)) // len(self._branch))

    def reference(self, name: str, tokenizer: Any) -> torch.Tensor:
        """`[m, E]`: the reference of a name, the same in all places.

        Raises:
            PlauditError: if there is no such reference, or the tokenizer has no such token.
        """
        if name not in REFERENCES:
            raise PlauditError(f"no reference {name!r}; there are {', '.join(REFERENCES)}")
        kind = REFERENCES[name]
        token = None if kind is None else getattr(tokenizer, kind)
        if kind is not None and token is None:
            raise PlauditError(f"the tokenizer has no {name} token to be a reference; use mean")
        with torch.no_grad():
            row = self._mean() if token is None else self._embedding(torch.tensor([token], device=self.end.device))[0]
        return row.to(self.end).expand_as(self.end)

    def _mean(self) -> torch.Tensor:
        """`[E]`: the mean embedding of the vocabulary."""
        ids = torch.arange(self._network.config.get_text_config().vocab_size, device=self.end.device)
        return torch.stack([self._embedding(part).float().sum(0) for part in ids.split(_CHUNK)]).sum(0) / len(ids)


@contextmanager
def patched_forward(module: nn.Module, change: Callable[[torch.Tensor], torch.Tensor]) -> Iterator[None]:
    """Inside, a module gives `change` of what it gives."""
    hook = module.register_forward_hook(lambda _, given, output: change(output))
    try:
        yield
    finally:
        hook.remove()
