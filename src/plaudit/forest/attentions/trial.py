"""An attention is trusted because it was just tried: forward and backward, on a small forest, against attention written
out as one dense matrix in float64.

A right one in bfloat16 is off by about 2e-3 of the largest value; one that drops the gradient of a log-sum-exp by
1.7e-1.
"""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from plaudit.forest.attentions.protocols import (
    ForestAttention,
    LayerKind,
    LayerOptions,
    RowKeys,
    RowOutput,
    RowQueries,
    RowValues,
)
from plaudit.forest.devices import on_device
from plaudit.forest.layout import Forest
from plaudit.forest.trees import Tree

# Largest gaps that are forgiven, relative to the largest value.
_TOLERANCE = {torch.float64: 1e-6, torch.float32: 1e-4, torch.float16: 5e-3, torch.bfloat16: 1e-2}

# Of each tree: tokens of the trunk, and of each branch. With padding to blocks of 128 this is a row of two.
_SHAPE = ((24, (30, 1, 41)), (0, (17,)), (9, (12, 8)))

# Two key heads show whether heads are mixed up; more would only take longer. Neither window nor cap is the layer's: one
# of 4,096 tokens would not bite in a small forest, and a cap of 50 would not matter. The scale is nobody's default.
_KV_HEADS, _WINDOW, _CAP, _SCALE = 2, 10, 2.0, 0.9


def why_not(attention: ForestAttention, kind: LayerKind) -> str | None:
    """Try an attention on layers of a kind.

    Args:
        attention: to be tried.
        kind: of layers; whether it has a window counts, and not which.

    Returns:
        None, or why it cannot be used for them.
    """
    if reason := attention.lacks(kind):
        return reason
    try:
        with torch.enable_grad(), torch.autocast(kind.device, enabled=False):
            return _compare(attention, kind)
    except Exception as error:
        # Whatever a kernel of another version, or on another device, does with these arguments.
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


def who_sees_whom(forest: Forest, window: int | None) -> Bool[Tensor, "tokens tokens"]:
    """`[T, T]`: whether the token of a row sees that of a column."""
    segments, lengths = forest.segments, forest.lengths
    trees = np.repeat([-1 if segment.tree is None else segment.tree for segment in segments], lengths)
    parts = np.repeat([-1 if segment.branch is None else segment.branch for segment in segments], lengths)
    positions = np.concatenate([np.arange(segment.position, segment.end_position) for segment in segments])
    distance = positions[:, None] - positions[None, :]
    sees = (trees[:, None] == trees[None, :]) & ((parts[:, None] == parts[None, :]) | (parts[None, :] == -1))
    if forest.causal:
        sees &= distance >= 0
    if window is not None:
        sees &= (np.abs(distance) < window) | (trees == -1)[:, None]
    tensor: Bool[Tensor, "tokens tokens"] = on_device(sees, forest.tokens.device)
    return tensor


def dense_attention(
    query: RowQueries, key: RowKeys, value: RowValues, sees: Bool[Tensor, "tokens tokens"], options: LayerOptions
) -> RowOutput:
    """Attention written out over all pairs of tokens of a row."""
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    logits = query @ key.transpose(2, 3) * options.scale
    if options.softcap is not None:
        logits = options.softcap * torch.tanh(logits / options.softcap)
    logits = logits.masked_fill(~sees, float("-inf"))
    if options.sinks is not None:
        sink = options.sinks.to(logits.dtype)[None, :, None, None].expand(*logits.shape[:3], 1)
        logits = torch.cat((logits, sink), dim=3)
    return (logits.softmax(3)[..., : len(sees)] @ value).transpose(1, 2)


def _compare(attention: ForestAttention, kind: LayerKind) -> str | None:
    forest = _small_forest(kind, attention.multiple)
    inputs = _inputs(forest, kind)
    grad = torch.randn(1, forest.tokens.shape[1], _KV_HEADS * kind.groups, kind.value_dim, generator=_generator())
    # No loss reaches the padding.
    real = torch.zeros(forest.tokens.shape[1])
    real[torch.from_numpy(forest.order)] = 1
    grad = (grad * real[:, None, None]).to(kind.device, kind.dtype)
    options = _options(kind)

    def asked(leaves: list[Float[Tensor, "*_"]]) -> LayerOptions:
        return options._replace(sinks=leaves[3] if kind.sinks else None)

    def attended(leaves: list[Float[Tensor, "*_"]]) -> RowOutput:
        return attention(leaves[0], leaves[1], leaves[2], forest, asked(leaves))

    def written(leaves: list[Float[Tensor, "*_"]]) -> RowOutput:
        sees = who_sees_whom(forest, options.window)
        return dense_attention(leaves[0], leaves[1], leaves[2], sees, asked(leaves))

    results = []
    for compute, dtype in ((written, torch.float64), (attended, kind.dtype)):
        leaves = [tensor.detach().to(dtype).requires_grad_() for tensor in inputs]
        out = compute(leaves)
        results.append([out.detach()[:, forest.order], *torch.autograd.grad(out, leaves, grad.to(dtype))])
    names = ["its output is"] + [f"its gradient of {of} is" for of in ("queries", "keys", "values", "sinks")]
    for name, expected, computed in zip(names, *results, strict=False):
        gap = (expected - computed).abs().max().item() / expected.abs().max().item()
        # A gap that is no number is none either.
        if not gap <= _TOLERANCE[kind.dtype]:
            return f"{name} off by {gap:.1e} of its size"
    return None


def _small_forest(kind: LayerKind, multiple: int) -> Forest:
    trees = []
    for trunk, branches in _SHAPE:
        beginning = np.zeros(trunk if kind.causal else 0, dtype=np.int64)
        trees.append(Tree(beginning, tuple(np.zeros(length, dtype=np.int64) for length in branches)))
    return Forest.plant(trees, causal=kind.causal, multiple=multiple, device=kind.device)


def _inputs(forest: Forest, kind: LayerKind) -> list[Float[Tensor, "*_"]]:
    """Queries, keys, values, and sinks, in the layer's precision. Logits have a variance of about one: an attention
    that is all on one token has no gradient to compare."""
    tokens, heads, generator = forest.tokens.shape[1], _KV_HEADS * kind.groups, _generator()
    shapes = [(1, heads, tokens, kind.dim), (1, _KV_HEADS, tokens, kind.dim), (1, _KV_HEADS, tokens, kind.value_dim)]
    drawn = [torch.randn(shape, generator=generator) for shape in (*shapes, *([(heads,)] if kind.sinks else []))]
    return [tensor.to(kind.device, kind.dtype) for tensor in drawn]


def _options(kind: LayerKind) -> LayerOptions:
    window, cap = None if kind.window is None else _WINDOW, _CAP if kind.softcap else None
    return LayerOptions(_SCALE * kind.dim**-0.5, window, cap)


def _generator() -> torch.Generator:
    """Nothing that is drawn elsewhere depends on whether a trial was held."""
    return torch.Generator().manual_seed(0)
