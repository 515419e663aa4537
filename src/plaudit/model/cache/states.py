"""Hidden states that stand in for the layers which made them.

While only the last layers learn, what enters the first of them is the same in every pass. A forest of known responses
then starts there: the layers below answer with the kept states.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn

from plaudit.forest import Forest, Tree

_Key = tuple[bytes, bytes]


class LowerStates:
    """The hidden states that enter the first layer that learns, for every token of known responses.

    Args:
        lower: the layers below it.
        trees: the known responses.
        rows: `[N, H]` float32, the states of the trees' tokens, one tree after the other.
    """

    def __init__(self, lower: Sequence[nn.Module], trees: Sequence[Tree], rows: np.ndarray) -> None:
        self._lower = lower
        self._rows = rows
        # Of each response: where its tree's trunk starts, the trunk's length, and where its own branch starts.
        self._places: dict[_Key, tuple[int, int, int]] = {}
        end = 0
        for tree in trees:
            start, end = end, end + len(tree.trunk)
            for key, branch in zip(_keys(tree), tree.branches, strict=True):
                self._places[key] = (start, len(tree.trunk), end)
                end += len(branch)

    @contextmanager
    def instead_of_layers(self, forest: Forest) -> Iterator[None]:
        """Inside, a forward of this forest passes over the lower layers, if all its responses are known."""
        numbers = self._numbers(forest)
        if numbers is None:
            yield
            return
        states = torch.from_numpy(self._rows[numbers])[None].to(forest.tokens.device)
        with replay_activations(self._lower, lambda *_, **__: states):
            yield

    def _numbers(self, forest: Forest) -> np.ndarray | None:
        """`[T]`: the row of each token of a forest; None if it has a response that is not known."""
        numbers: list[np.ndarray] = []
        for tree in forest.trees:
            trunk = len(tree.trunk)
            for index, (key, branch) in enumerate(zip(_keys(tree), tree.branches, strict=True)):
                place = self._places.get(key)
                if place is None:
                    return None
                start, shared, own = place
                whole = np.arange(trunk + len(branch))
                whole += np.where(whole < shared, start, own - shared)
                numbers.append(whole[trunk if index else 0 :])
        return np.concatenate(numbers)


@contextmanager
def replay_activations(stack: Sequence[nn.Module], answer: Callable[..., torch.Tensor]) -> Iterator[None]:
    """Inside, these layers return `answer` of what they are given. They stay where they are, because models ask their
    layers for more than a forward: ModernBERT for the kind of their attention."""
    for layer in stack:
        vars(layer)["forward"] = answer
    try:
        yield
    finally:
        for layer in stack:
            del vars(layer)["forward"]


def _keys(tree: Tree) -> list[_Key]:
    types = [b""] * len(tree.branches) if tree.types is None else [own.tobytes() for own in tree.types]
    return list(zip((sequence.tobytes() for sequence in tree.sequences), types, strict=True))
