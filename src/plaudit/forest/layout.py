"""Where each token of a forest stands.

A *forest* is trees in one row `[1, T]`. Positions restart with every tree and run on from the trunk in each branch, so
every response sees exactly the tokens and positions it would see alone. The forest owns the order of its row: outside,
responses are counted by tree and then by branch, and whoever wants a token's place asks (`leaves`, `segments`,
`order`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple, TypeVar

import numpy as np
import torch
from jaxtyping import Float, Int32, Int64, Shaped
from torch import Tensor

from plaudit.forest.devices import on_device
from plaudit.forest.trees import Tree

Numbers = Shaped[np.ndarray, "*_"]

Made = TypeVar("Made")


class RowSegment(NamedTuple):
    """Tokens that stand side by side in a row and see all of each other that the causal order lets them.

    Attributes:
        tree: the number of its tree; None for padding.
        branch: the number of its branch; None for a trunk, and for padding.
        start: the index in the row of its first token.
        length: of its tokens, at least one.
        position: of its first token.
    """

    tree: int | None
    branch: int | None
    start: int
    length: int
    position: int

    @property
    def end(self) -> int:
        """The index in the row behind its last token."""
        return self.start + self.length

    @property
    def end_position(self) -> int:
        """The position behind its last token's: how many tokens that one sees, without a window."""
        return self.position + self.length


class Varlen(NamedTuple):
    """Sequences that stand one after the other in a stretch of a row, as kernels of variable length take them.

    Attributes:
        cu_seqlens: 0, and where each sequence ends.
        max_seqlen: tokens of the longest; a number of the host, so that nothing waits for the device.
    """

    cu_seqlens: Int32[Tensor, " sequences+1"]
    max_seqlen: int

    @classmethod
    def of(cls, lengths: Sequence[int], device: torch.device | str | None) -> Varlen:
        """Sequences of these lengths."""
        ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
        return cls(on_device(ends, device), max(lengths, default=0))


@dataclass(frozen=True, repr=False)
class Forest:
    """Trees packed into one row: all trunks | the branches of trees that have a trunk | sequences without a trunk |
    padding. In that order what attends alike stands together, so a few kernels see to all of it without a copy.

    Example:
        >>> forest = Forest.plant([Tree.grow([[6, 7]]), Tree.grow([[1, 2, 3, 4], [1, 2, 5]])])
        >>> forest
        Forest(2 trees, 3 responses, 7 tokens)
        >>> forest.tokens.tolist(), forest.positions.tolist(), forest.leaves.tolist()
        ([[1, 2, 3, 4, 5, 6, 7]], [[0, 1, 2, 3, 2, 0, 1]], [6, 3, 4])

    Attributes:
        trees: what was packed, in order.
        tokens, positions: of the row; 0 in its padding.
        types: segment ids, for the encoders that read them.
        leaves: the index in the row of each response's scored position: its last token in a causal
            model, its first (`[CLS]`) in an encoder. Ordered by tree, then by branch.
        causal: whether tokens look only backwards.
        segments: trunks, branches and the padding, in the order of the row.
        order: the index in the row of every token of the trees, tree after tree, each trunk before its branches.
    """

    trees: tuple[Tree, ...]
    tokens: Int64[Tensor, "1 tokens"]
    positions: Int64[Tensor, "1 tokens"]
    types: Int64[Tensor, "1 tokens"] | None
    leaves: Int64[Tensor, " responses"]
    causal: bool
    segments: tuple[RowSegment, ...]
    order: Int64[np.ndarray, " in_trees"]
    _made: dict[Hashable, Any] = field(default_factory=dict)

    @classmethod
    def plant(
        cls,
        trees: Sequence[Tree],
        *,
        causal: bool = True,
        multiple: int = 1,
        device: torch.device | str | None = None,
    ) -> Forest:
        """Lay trees out in one row.

        Args:
            trees: at least one.
            causal: whether tokens look only backwards.
            multiple: of which the row's length is one, by padding: a sequence of less than `multiple` tokens that sees
                itself alone. No row of a kernel is without a key, and none is left out.
            device: of the row.

        Raises:
            ValueError: for a trunk in a tree of an encoder.
        """
        if not causal and any(len(tree.trunk) for tree in trees):
            raise ValueError("an encoder's tokens look both ways, so its trees cannot share a trunk")
        segments = _lay_out(trees, multiple)
        places = {(segment.tree, segment.branch): segment for segment in segments}
        in_trees = [
            places[number, part]
            for number, tree in enumerate(trees)
            for part in (*([None] if len(tree.trunk) else []), *range(len(tree.branches)))
        ]
        length = segments[-1].end
        tokens, positions, types = np.zeros((3, 1, length), dtype=np.int64)
        for number, part, start, size, position in segments:
            if number is not None:
                tree = trees[number]
                tokens[0, start : start + size] = tree.trunk if part is None else tree.branches[part]
                positions[0, start : start + size] = np.arange(position, position + size)
                if tree.types is not None and part is not None:
                    types[0, start : start + size] = tree.types[part]
        leaves = [segment.end - 1 if causal else segment.start for segment in in_trees if segment.branch is not None]
        return cls(
            trees=tuple(trees),
            tokens=on_device(tokens, device),
            positions=on_device(positions, device),
            types=on_device(types, device) if any(tree.types is not None for tree in trees) else None,
            leaves=on_device(np.array(leaves, dtype=np.int64), device),
            causal=causal,
            segments=tuple(segments),
            order=np.concatenate([np.arange(segment.start, segment.end) for segment in in_trees]),
        )

    def __repr__(self) -> str:
        return f"Forest({len(self.trees)} trees, {len(self.leaves)} responses, {len(self.order)} tokens)"

    @cached_property
    def lengths(self) -> list[int]:
        """Of the segments: what the row is split into."""
        return [segment.length for segment in self.segments]

    @cached_property
    def longest(self) -> int:
        """Tokens of the longest response with its trunk."""
        return max(segment.end_position for segment in self.segments)

    def biting(self, window: int | None) -> int | None:
        """A window if it hides anything in this forest."""
        return None if window is None or self.longest <= window else window

    @cached_property
    def trunks(self) -> int:
        """Tokens of all trunks: where the branches begin."""
        return sum(len(tree.trunk) for tree in self.trees)

    @cached_property
    def sharing(self) -> int:
        """Tokens of all trees that have a trunk: where sequences without one begin."""
        return sum(len(tree) for tree in self.trees if len(tree.trunk))

    @cached_property
    def all_segments(self) -> Varlen:
        """Every segment of the row."""
        return Varlen.of(self.lengths, self.tokens.device)

    @cached_property
    def trunk_segments(self) -> Varlen:
        """The trunks, which are `row[: trunks]`."""
        return Varlen.of([len(tree.trunk) for tree in self.trees if len(tree.trunk)], self.tokens.device)

    @cached_property
    def branches_of_trunks(self) -> Varlen:
        """For each trunk all its branches as one sequence, which are `row[trunks : sharing]`."""
        lengths = [len(tree) - len(tree.trunk) for tree in self.trees if len(tree.trunk)]
        return Varlen.of(lengths, self.tokens.device)

    def mean(self, states: Float[Tensor, "tokens hidden"]) -> Float[Tensor, "responses hidden"]:
        """The mean of states over each response's whole sequence, its trunk included."""
        sums = [segment.sum(0) for segment in torch.split(states, self.lengths)]
        numbers = {(segment.tree, segment.branch): n for n, segment in enumerate(self.segments)}
        # What a tree without a trunk adds to its branches.
        nothing = len(sums)
        sums.append(torch.zeros_like(sums[0]))
        parts = [(number, part) for number, tree in enumerate(self.trees) for part in range(len(tree.branches))]
        columns = (
            np.array([numbers.get((number, None), nothing) for number, _ in parts]),
            np.array([numbers[both] for both in parts]),
            np.array([len(self.trees[n].trunk) + len(self.trees[n].branches[part]) for n, part in parts]),
        )
        trunks, branches, lengths = (on_device(column, states.device) for column in columns)
        stacked = torch.stack(sums)
        return (stacked.index_select(0, trunks) + stacked.index_select(0, branches)) / lengths[:, None]

    def bias(self, tree: int, window: int | None, like: Float[Tensor, "*_"]) -> Float[Tensor, "longest seen"] | None:
        """What is added to the attention logits of a tree's longest branch over trunk + itself: `[b, t + b]`, 0 where a
        token may look and -inf where not. Shorter branches use its upper left corner. None when all may look at all.
        Made once a forest, not once a layer."""
        trunk = len(self.trees[tree].trunk)
        longest = max(map(len, self.trees[tree].branches))
        return self.once((tree, window, like.dtype), lambda: look_bias(trunk, longest, self.causal, window, like))

    def once(self, key: Hashable, make: Callable[[], Made]) -> Made:
        """What `make` makes of this forest, made once and kept under `key`."""
        if key not in self._made:
            self._made[key] = make()
        made: Made = self._made[key]
        return made


def _lay_out(trees: Sequence[Tree], multiple: int) -> list[RowSegment]:
    """The segments of a row in order: trunks, their branches, sequences without a trunk, padding."""
    sharing = [number for number, tree in enumerate(trees) if len(tree.trunk)]
    parts: list[tuple[int | None, int | None, int, int]] = [(n, None, len(trees[n].trunk), 0) for n in sharing]
    for numbers in (sharing, [number for number, tree in enumerate(trees) if not len(tree.trunk)]):
        for n in numbers:
            trunk = len(trees[n].trunk)
            parts += [(n, part, len(branch), trunk) for part, branch in enumerate(trees[n].branches)]
    if lacking := -sum(length for *_, length, _ in parts) % multiple:
        parts.append((None, None, lacking, 0))
    starts = accumulate((length for *_, length, _ in parts), initial=0)
    return [RowSegment(n, part, start, length, at) for (n, part, length, at), start in zip(parts, starts, strict=False)]


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
