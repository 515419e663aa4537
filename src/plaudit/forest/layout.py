"""Where each token of a forest stands.

A *tree* is one group's tokens: the trunk that all its responses share, then each response's own branch. A *forest* is
trees side by side in one row `[1, T]`. Positions restart with every tree and run on from the trunk in each branch, so
every response sees exactly the tokens and positions it would see alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Float, Int64
from numpy.typing import ArrayLike
from torch import Tensor

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


@dataclass(frozen=True, repr=False)
class Forest:
    """Trees packed into one row.

    Example:
        >>> forest = Forest.plant([Tree.grow([[1, 2, 3, 4], [1, 2, 5]]), Tree.grow([[6, 7]])])
        >>> forest
        Forest(2 trees, 3 responses, 7 tokens)
        >>> forest.tokens.tolist(), forest.positions.tolist(), forest.leaves.tolist()
        ([[1, 2, 3, 4, 5, 6, 7]], [[0, 1, 2, 3, 2, 0, 1]], [3, 4, 6])

    Attributes:
        trees: what was packed, in order.
        tokens, positions: of the row.
        types: segment ids, for the encoders that read them.
        leaves: the index in the row of each response's scored position: its last token in a causal
            model, its first (`[CLS]`) in an encoder. Ordered by tree, then by branch.
        causal: whether tokens look only backwards.
    """

    trees: tuple[Tree, ...]
    tokens: Int64[Tensor, "1 tokens"]
    positions: Int64[Tensor, "1 tokens"]
    types: Int64[Tensor, "1 tokens"] | None
    leaves: Int64[Tensor, " responses"]
    causal: bool
    _biases: dict[tuple[int, int | None, torch.dtype], Float[Tensor, "longest seen"] | None] = field(
        default_factory=dict, repr=False
    )

    @classmethod
    def plant(cls, trees: Sequence[Tree], *, causal: bool = True, device: torch.device | str | None = None) -> Forest:
        """Lay trees out in one row."""
        tokens: list[Tokens] = []
        positions: list[Tokens] = []
        types: list[Tokens] = []
        leaves: list[int] = []
        end = 0
        for tree in trees:
            if not causal and len(tree.trunk):
                raise ValueError("an encoder's tokens look both ways, so its trees cannot share a trunk")
            trunk = len(tree.trunk)
            tokens.append(tree.trunk)
            positions.append(np.arange(trunk))
            end += trunk
            for branch in tree.branches:
                tokens.append(branch)
                positions.append(np.arange(trunk, trunk + len(branch)))
                leaves.append(end + len(branch) - 1 if causal else end)
                end += len(branch)
            if tree.types is not None:
                types.extend(tree.types)
        return cls(
            trees=tuple(trees),
            tokens=torch.from_numpy(np.concatenate(tokens))[None].to(device),
            positions=torch.from_numpy(np.concatenate(positions))[None].to(device),
            types=torch.from_numpy(np.concatenate(types))[None].to(device) if types else None,
            leaves=torch.tensor(leaves, device=device),
            causal=causal,
        )

    def __repr__(self) -> str:
        return f"Forest({len(self.trees)} trees, {len(self.leaves)} responses, {self.tokens.shape[1]} tokens)"

    @property
    def segments(self) -> list[int]:
        """Lengths of trunk, branch, branch, … over all trees: what the row is split into."""
        return [length for tree in self.trees for length in (len(tree.trunk), *map(len, tree.branches))]

    def mean(self, states: Float[Tensor, "tokens hidden"]) -> Float[Tensor, "responses hidden"]:
        """The mean of states over each response's whole sequence, its trunk included."""
        sums = torch.stack([segment.sum(0) for segment in torch.split(states, self.segments)])
        trunks, branches, lengths = [], [], []
        start = 0
        for tree in self.trees:
            for number, branch in enumerate(tree.branches, 1):
                trunks.append(start)
                branches.append(start + number)
                lengths.append(len(tree.trunk) + len(branch))
            start += 1 + len(tree.branches)
        return (sums[trunks] + sums[branches]) / torch.tensor(lengths, device=states.device)[:, None]

    def bias(self, tree: int, window: int | None, like: Float[Tensor, "*_"]) -> Float[Tensor, "longest seen"] | None:
        """What is added to the attention logits of a tree's longest branch over trunk + itself: `[b, t + b]`, 0 where a
        token may look and -inf where not. Shorter branches use its upper left corner. None when all may look at all.
        Made once a forest, not once a layer."""
        key = (tree, window, like.dtype)
        if key not in self._biases:
            trunk = len(self.trees[tree].trunk)
            longest = max(map(len, self.trees[tree].branches))
            self._biases[key] = look_bias(trunk, longest, self.causal, window, like)
        return self._biases[key]


def look_bias(
    before: int, length: int, causal: bool, window: int | None, like: Float[Tensor, "*_"]
) -> Float[Tensor, "{length} {before}+{length}"] | None:
    """The additive mask `[length, before + length]` of tokens that follow `before` others, with `like`'s dtype and
    device. A token sees those at distance < `window` (transformers' convention), and none ahead of it if `causal`."""
    if not causal and (window is None or before + length <= window):
        return None
    rows = torch.arange(before, before + length, device=like.device)[:, None]
    distance = rows - torch.arange(before + length, device=like.device)[None, :]
    hidden = distance < 0 if causal else torch.zeros_like(distance, dtype=torch.bool)
    if window is not None:
        hidden = hidden | (distance.abs() >= window)
    return torch.zeros(hidden.shape, dtype=like.dtype, device=like.device).masked_fill_(hidden, float("-inf"))


def _common_prefix(arrays: Sequence[Tokens]) -> int:
    """Length of the longest prefix all arrays share, leaving each at least one token."""
    shortest = min(map(len, arrays)) - 1
    for other in arrays[1:]:
        differs = np.flatnonzero(arrays[0][:shortest] != other[:shortest])
        if len(differs):
            shortest = int(differs[0])
    return shortest
