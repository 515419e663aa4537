"""One call of `scaled_dot_product_attention` a segment: exact everywhere, for whatever a layer asks, and the fast way
on a CPU.

Segments are taken with `Tensor.split`, never with slices: a slice's backward allocates a zero tensor of the full length
for every segment, which made training slower than padding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor

from plaudit.forest.attentions.protocols import LayerKind, LayerOptions, RowKeys, RowOutput, RowQueries, RowValues
from plaudit.forest.layout import Forest, RowSegment, look_bias

# Keys of a segment up to which half precision is widened on a CPU.
_FEW_KEYS = 256

# Of one segment: the tokens that look, and all that they see.
_Queries = Float[Tensor, "1 heads tokens dim"]
_Keys = Float[Tensor, "1 kv_heads seen dim"]
_Values = Float[Tensor, "1 kv_heads seen value_dim"]
_Bias = Float[Tensor, "tokens seen"]
_Attended = Float[Tensor, "1 heads tokens value_dim"]


@dataclass(frozen=True)
class SegmentAttention:
    """See `ForestAttention`."""

    name: ClassVar[str] = "segments"
    multiple: ClassVar[int] = 1

    def lacks(self, kind: LayerKind) -> str | None:
        return None

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        pieces = zip(*(torch.split(tensor, forest.lengths, dim=2) for tensor in (query, key, value)), strict=True)
        trunks: dict[int | None, tuple[_Keys, _Values]] = {}
        seen: list[_Attended] = []
        for segment, (q, k, v) in zip(forest.segments, pieces, strict=True):
            trunk = trunks.get(segment.tree)
            if trunk is not None:
                k, v = torch.cat((trunk[0], k), dim=2), torch.cat((trunk[1], v), dim=2)
            elif segment.branch is None:
                trunks[segment.tree] = k, v
            # A window that a segment does not fill hides nothing.
            window = None if options.window is None or segment.end_position <= options.window else options.window
            bias = _bias(forest, segment, window, query)
            causal = forest.causal and bias is None
            seen.append(_attend(q, k, v, bias, causal, options))
        return torch.cat(seen, dim=2).transpose(1, 2).contiguous()


SEGMENTS = SegmentAttention()


def _bias(forest: Forest, segment: RowSegment, window: int | None, like: Float[Tensor, "*_"]) -> _Bias | None:
    """What is added to a segment's logits; None where the causal order, or nothing, says who sees whom."""
    if segment.tree is None:
        return None
    if segment.position and segment.branch is not None:
        bias = forest.bias(segment.tree, window, like)
        assert bias is not None, "a tree with a trunk is causal"
        return bias[: segment.length, : segment.end_position]
    if window is None:
        return None
    if segment.branch is None:
        return look_bias(0, segment.length, forest.causal, window, like)
    bias = forest.bias(segment.tree, window, like)
    return None if bias is None else bias[: segment.length, : segment.length]


def _attend(q: _Queries, k: _Keys, v: _Values, bias: _Bias | None, causal: bool, options: LayerOptions) -> _Attended:
    if options.softcap is None and options.sinks is None:
        grouped = k.shape[1] != q.shape[1]
        fused = partial(
            F.scaled_dot_product_attention,
            dropout_p=options.dropout,
            is_causal=causal,
            scale=options.scale,
            enable_gqa=grouped,
        )
        if not _better_in_float32(k):
            return fused(q, k, v, bias)
        with torch.autocast("cpu", enabled=False):
            return fused(q.float(), k.float(), v.float(), None if bias is None else bias.float()).to(v.dtype)
    if causal:
        bias = look_bias(0, q.shape[2], True, None, q)
    return _attend_by_hand(q, k, v, bias, options)


def _better_in_float32(key: _Keys) -> bool:
    """Whether a segment with these keys is computed faster widened. On a CPU, the backward pass of attention in half
    precision took 2 to 3 times as long as in float32 over up to 128 keys, and as long over 256 and 512, where it saves
    memory (benchmarks/attention.py)."""
    half = key.dtype in (torch.bfloat16, torch.float16) or torch.is_autocast_enabled("cpu")
    return key.device.type == "cpu" and half and key.shape[2] <= _FEW_KEYS


def _attend_by_hand(
    query: _Queries, key: _Keys, value: _Values, bias: _Bias | None, options: LayerOptions
) -> _Attended:
    """Attention written out, for what `scaled_dot_product_attention` cannot do: a soft cap, and sinks."""
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    logits = query @ key.transpose(2, 3) * options.scale
    if options.softcap is not None:
        logits = options.softcap * torch.tanh(logits / options.softcap)
    if bias is not None:
        logits = logits + bias
    if options.sinks is not None:
        sink = options.sinks.reshape(1, -1, 1, 1).expand(query.shape[0], -1, query.shape[2], -1).to(logits.dtype)
        logits = torch.cat((logits, sink), dim=-1)
    weights = torch.softmax(logits, dim=-1, dtype=torch.float32).to(query.dtype)[..., : key.shape[2]]
    return F.dropout(weights, options.dropout) @ value
