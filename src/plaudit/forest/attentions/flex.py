"""FlexAttention over a whole row: for windows that bite, soft caps and single precision, which flash kernels lack.

One masked call; the lists of blocks that it visits are made from the forest's segments, once a forest, and not by
asking the mask about every pair of tokens. One compiled graph serves all lengths (`dynamic=True`), so window and cap
are captured as tensors: as numbers they would be part of the graph. The row is padded to whole blocks: of rows that
were not, gradients that are no numbers have been reported (pytorch #153799). The padding sees itself, so that no row of
the mask is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import torch
from jaxtyping import Bool, Int32
from torch.nn.attention.flex_attention import AuxRequest, BlockMask, flex_attention

from plaudit.forest.attentions.protocols import LayerKind, LayerOptions, RowKeys, RowOutput, RowQueries, RowValues
from plaudit.forest.devices import on_device
from plaudit.forest.layout import Forest, RowSegment

BLOCK = 128
"""Tokens of a block, as FlexAttention has it."""

_NO_WINDOW = np.iinfo(np.int32).max

Blocks = Bool[np.ndarray, "blocks blocks"]
"""Blocks of queries by blocks of keys."""

# Functions that torch traces: of numbers that stand for tensors inside a kernel.
_Traced = Callable[..., Any]


@dataclass(frozen=True)
class FlexForestAttention:
    """See `ForestAttention`.

    Attributes:
        compiled: as it is fast; the eager one is for tests.
    """

    compiled: bool = True
    name: ClassVar[str] = "flex"
    multiple: ClassVar[int] = BLOCK

    def lacks(self, kind: LayerKind) -> str | None:
        return "FlexAttention has no dropout" if kind.dropout else None

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        window = forest.biting(options.window)
        mask = forest.once(("flex", window), lambda: block_mask(forest, window))
        attend: Any = _compiled() if self.compiled else flex_attention
        # Under autocast rotary embeddings leave queries and keys in float32.
        out = attend(
            query.to(value.dtype),
            key.to(value.dtype),
            value,
            score_mod=None if options.softcap is None else _soft_cap(forest, options.softcap, value.dtype),
            block_mask=mask,
            scale=options.scale,
            enable_gqa=query.shape[1] != key.shape[1],
            # A compiled graph on a CPU has none.
            return_aux=None if options.sinks is None else AuxRequest(lse=True),
        )
        if options.sinks is not None:
            out, extra = out
            # What the sink leaves of the weights: exp(l) / (exp(l) + exp(sink)).
            left = torch.sigmoid(extra.lse - options.sinks[:, None].to(extra.lse.dtype))
            out = (out * left[..., None]).to(out.dtype)
        attended: RowOutput = out.transpose(1, 2).contiguous()
        return attended


@cache
def _compiled() -> Callable[..., Any]:
    return torch.compile(flex_attention, dynamic=True)


def _soft_cap(forest: Forest, cap: float, dtype: torch.dtype) -> _Traced:
    wide = np.float64 if dtype == torch.float64 else np.float32
    tensor = forest.once(("soft cap", cap, wide), lambda: on_device(np.array(cap, dtype=wide), forest.tokens.device))

    def capped(score: Any, batch: Any, head: Any, q: Any, k: Any) -> Any:
        return tensor * torch.tanh(score / tensor)

    return capped


def block_mask(forest: Forest, window: int | None) -> BlockMask:
    """Who sees whom in a row of whole blocks, and which blocks are visited: partly hidden, or seen whole."""
    device = forest.tokens.device
    partial, full = visited_blocks(forest, window)
    lists = [on_device(array, device) for blocks in (partial, full) for array in _block_lists(blocks)]
    make: Any = BlockMask.from_kv_blocks
    mask: BlockMask = make(*lists, BLOCK_SIZE=BLOCK, mask_mod=_mask(forest, window))
    return mask


def visited_blocks(forest: Forest, window: int | None) -> tuple[Blocks, Blocks]:
    """Blocks of which something is hidden and something seen, and blocks of which everything is seen by one segment.

    Raises:
        ValueError: if the row is not of whole blocks.
    """
    length = forest.tokens.shape[1]
    if length % BLOCK:
        raise ValueError(f"a row of {length} tokens is not of whole blocks of {BLOCK}")
    partial, full = np.zeros((2, length // BLOCK, length // BLOCK), dtype=bool)
    trunks = {segment.tree: segment for segment in forest.segments if segment.branch is None}
    for segment in forest.segments:
        # Padding has no positions for a window to count by.
        reach = _NO_WINDOW if window is None or segment.tree is None else window
        _visit(partial, full, (segment, segment), forest.causal, reach)
        if segment.branch is not None and segment.tree in trunks:
            _visit(partial, full, (segment, trunks[segment.tree]), False, reach)
    return partial & ~full, full


def _visit(partial: Blocks, full: Blocks, pair: tuple[RowSegment, RowSegment], causal: bool, window: int) -> None:
    """Mark the blocks in which a segment's queries see another's keys."""
    queries, keys = pair
    for row in range(queries.start // BLOCK, (queries.end - 1) // BLOCK + 1):
        a, b = max(queries.start, row * BLOCK), min(queries.end, row * BLOCK + BLOCK)
        last = min(keys.end, b) if causal else keys.end
        for column in range(keys.start // BLOCK, (last - 1) // BLOCK + 1):
            c, d = max(keys.start, column * BLOCK), min(keys.end, column * BLOCK + BLOCK)
            # Distances in positions from the block's keys to its queries: the least and the greatest.
            shift = (queries.position - queries.start) - (keys.position - keys.start)
            low, high = a - (d - 1) + shift, b - 1 - c + shift
            nearest = max(low, 0) if causal else max(low, -high, 0)
            if nearest < window:
                partial[row, column] = True
                whole = b - a == BLOCK == d - c and (not causal or low >= 0)
                full[row, column] |= whole and max(high, -low) < window


def _block_lists(blocks: Blocks) -> tuple[Int32[np.ndarray, "1 1 blocks"], Int32[np.ndarray, "1 1 blocks blocks"]]:
    """How many blocks of keys each block of queries visits, and which: those first."""
    order = np.argsort(~blocks, axis=1, kind="stable")
    return blocks.sum(1, dtype=np.int32)[None, None], order.astype(np.int32)[None, None]


def _mask(forest: Forest, window: int | None) -> _Traced:
    """The mask as a function of two places in the row. Trunks stand before branches, so in the row, too, nobody sees
    what comes later."""
    device = forest.tokens.device
    positions = forest.positions[0]
    number = on_device(np.repeat(np.arange(len(forest.segments)), forest.lengths), device)
    numbers = {segment.tree: n for n, segment in enumerate(forest.segments) if segment.branch is None}
    trunk_numbers = [numbers.get(segment.tree, n) for n, segment in enumerate(forest.segments)]
    trunk = on_device(np.repeat(trunk_numbers, forest.lengths), device)
    reach = on_device(np.array(_NO_WINDOW if window is None else window), device)

    def causal(batch: Any, head: Any, q: Any, k: Any) -> Any:
        akin = (number[q] == number[k]) | (trunk[q] == number[k])
        return akin & (q >= k) & (positions[q] - positions[k] < reach)

    def both_ways(batch: Any, head: Any, q: Any, k: Any) -> Any:
        return (number[q] == number[k]) & ((positions[q] - positions[k]).abs() < reach)

    return causal if forest.causal else both_ways
