"""A *tree* is one group's tokens: the trunk that all its responses share, then each response's own branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from numpy.typing import ArrayLike

Tokens = Int64[np.ndarray, " _"]
"""Token ids."""


@dataclass(frozen=True, slots=True, repr=False)
class Tree:
    """A group's tokens.

    Attributes:
        trunk: what all its responses share; may be empty.
        branches: each response's own tokens, at least one.
        types: each branch's segment ids (BERT's sentence A / B), for the encoders that read them; such trees have no
            trunk.

    Example:
        >>> tree = Tree.grow([[1, 2, 3, 4], [1, 2, 5]])
        >>> tree
        Tree(trunk of 2 tokens, branches of 2 and 1)
        >>> [sequence.tolist() for sequence in tree.sequences]
        [[1, 2, 3, 4], [1, 2, 5]]
    """

    trunk: Tokens
    branches: tuple[Tokens, ...]
    types: tuple[Tokens, ...] | None = None

    @classmethod
    def grow(
        cls, sequences: Sequence[ArrayLike], *, share: bool = True, types: Sequence[ArrayLike] | None = None
    ) -> Tree:
        """Make a tree of whole token sequences. With `share`, the trunk is their longest common prefix, cut so that
        each branch keeps at least one token; without (encoders look both ways), or alone, there is no trunk."""
        arrays = [np.asarray(sequence, dtype=np.int64) for sequence in sequences]
        if not arrays or any(len(array) == 0 for array in arrays):
            raise ValueError("a tree needs at least one sequence, each of at least one token")
        length = _common_prefix(arrays) if share and len(arrays) > 1 else 0
        return cls(
            trunk=arrays[0][:length],
            branches=tuple(array[length:] for array in arrays),
            types=None if types is None else tuple(np.asarray(t, dtype=np.int64) for t in types),
        )

    def __repr__(self) -> str:
        lengths = [str(len(branch)) for branch in self.branches]
        listed = " and ".join(filter(None, (", ".join(lengths[:-1]), lengths[-1])))
        return f"Tree(trunk of {len(self.trunk)} tokens, branches of {listed})"

    def __len__(self) -> int:
        """Number of tokens computed."""
        return len(self.trunk) + sum(map(len, self.branches))

    @property
    def sequences(self) -> list[Tokens]:
        """The whole token sequences, as they were before they were shared."""
        return [np.concatenate([self.trunk, branch]) for branch in self.branches]

    def split(self, budget: int) -> list[Tree]:
        """The same responses as trees of at most `budget` tokens each (a single response may exceed it). For scoring
        only: a loss needs all the responses it compares in one graph."""
        parts: list[list[int]] = [[]]
        room = budget - len(self.trunk)
        for index, branch in enumerate(self.branches):
            if parts[-1] and len(branch) > room:
                parts.append([])
                room = budget - len(self.trunk)
            parts[-1].append(index)
            room -= len(branch)
        if len(parts) == 1:
            return [self]
        return [
            Tree(
                self.trunk,
                tuple(self.branches[i] for i in part),
                None if self.types is None else tuple(self.types[i] for i in part),
            )
            for part in parts
        ]


def _common_prefix(arrays: Sequence[Tokens]) -> int:
    """Length of the longest prefix all arrays share, leaving each at least one token."""
    shortest = min(map(len, arrays)) - 1
    for other in arrays[1:]:
        differs = np.flatnonzero(arrays[0][:shortest] != other[:shortest])
        if len(differs):
            shortest = int(differs[0])
    return shortest
