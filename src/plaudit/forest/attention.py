"""Attention over a forest: a trunk sees itself, a branch sees its trunk and itself, and nobody sees another tree.

Registered once with transformers under `FOREST_ATTENTION`; the forest travels as the keyword argument `forest` of the
model's forward. No mask function is registered under that name, so transformers builds no mask.

Segments are taken with `Tensor.split`, never with slices: a slice's backward allocates a zero tensor of the full length
for every segment, which made training slower than padding. Left out: fused GPU kernels. One call a segment is exact
everywhere, and on a CPU it is also the fast way.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Shaped
from torch import Tensor
from transformers import AttentionInterface

from plaudit.forest.layout import Forest, look_bias

FOREST_ATTENTION = "plaudit_forest"

# Keys of a segment up to which half precision is widened on a CPU.
_FEW_KEYS = 256

# Of one segment: the tokens that look, and all that they see.
Queries = Float[Tensor, "1 heads tokens dim"]
Keys = Float[Tensor, "1 kv_heads seen dim"]
Values = Float[Tensor, "1 kv_heads seen value_dim"]
Bias = Float[Tensor, "tokens seen"]
Attended = Float[Tensor, "1 heads tokens value_dim"]


def forest_attention(
    module: torch.nn.Module,
    query: Float[Tensor, "1 heads tokens dim"],
    key: Float[Tensor, "1 kv_heads tokens dim"],
    value: Float[Tensor, "1 kv_heads tokens value_dim"],
    attention_mask: Shaped[Tensor, "*_"] | None,
    *,
    forest: Forest,
    scaling: float | None = None,
    dropout: float = 0.0,
    sliding_window: int | None = None,
    softcap: float | None = None,
    s_aux: Float[Tensor, " heads"] | None = None,
    position_bias: Shaped[Tensor, "*_"] | None = None,
    **_: Any,
) -> tuple[Float[Tensor, "1 tokens heads value_dim"], None]:
    """transformers' attention signature.

    Args:
        query: of the whole row.
        key, value: in grouped-query attention of fewer heads, of which `heads` is a multiple.
        forest: the layout of the row of T tokens.
        sliding_window, softcap, s_aux: what some models ask of their attention, by the names transformers gives them:
            a window in tokens, a tanh cap on the logits (Gemma 2), a learned sink logit a head (GPT-OSS).

    Returns:
        The output, and None for the attention weights.

    Raises:
        ValueError: for a learned position bias (T5), whose row-wide matrix knows nothing of trees.

    Example:
        >>> from plaudit.forest import Tree
        >>> tree = Tree.grow([np.array([5, 6, 7]), np.array([5, 6, 8])])  # a trunk of two, branches of one
        >>> states = torch.randn(1, 2, 4, 8)  # two heads, four tokens, eight dimensions
        >>> forest_attention(torch.nn.Module(), states, states, states, None, forest=Forest.plant([tree]))[0].shape
        torch.Size([1, 4, 2, 8])
    """
    if position_bias is not None:
        raise ValueError("forest attention has no place for a learned position bias")

    def attend(q: Queries, k: Keys, v: Values, bias: Bias | None, causal: bool) -> Attended:
        if softcap is None and s_aux is None:
            grouped = k.shape[1] != q.shape[1]
            fused = partial(
                F.scaled_dot_product_attention, dropout_p=dropout, is_causal=causal, scale=scaling, enable_gqa=grouped
            )
            if not _better_in_float32(k):
                return fused(q, k, v, bias)
            with torch.autocast("cpu", enabled=False):
                return fused(q.float(), k.float(), v.float(), None if bias is None else bias.float()).to(v.dtype)
        if causal:
            bias = look_bias(0, q.shape[2], True, None, q)
        return _attend_by_hand(q, k, v, bias, scaling, dropout, softcap, s_aux)

    pieces = zip(*(torch.split(tensor, forest.segments, dim=2) for tensor in (query, key, value)), strict=True)
    seen: list[Attended] = []
    for index, tree in enumerate(forest.trees):
        trunk_query, trunk_key, trunk_value = next(pieces)
        trunk = len(tree.trunk)
        if trunk:
            windowed = sliding_window is not None and trunk > sliding_window
            bias = look_bias(0, trunk, True, sliding_window, query) if windowed else None
            seen.append(attend(trunk_query, trunk_key, trunk_value, bias, causal=not windowed))
        alone = forest.causal and not trunk and sliding_window is None
        look = None if alone else forest.bias(index, sliding_window, query)
        for branch in tree.branches:
            q, k, v = next(pieces)
            if trunk:
                k, v = torch.cat((trunk_key, k), dim=2), torch.cat((trunk_value, v), dim=2)
            bias = None if look is None else look[: len(branch), : trunk + len(branch)]
            seen.append(attend(q, k, v, bias, causal=alone))
    return torch.cat(seen, dim=2).transpose(1, 2).contiguous(), None


def _better_in_float32(key: Keys) -> bool:
    """Whether a segment with these keys is computed faster widened. On a CPU, the backward pass of attention in half
    precision took 2 to 3 times as long as in float32 over up to 128 keys, and as long over 256 and 512, where it saves
    memory (benchmarks/attention.py)."""
    half = key.dtype in (torch.bfloat16, torch.float16) or torch.is_autocast_enabled("cpu")
    return key.device.type == "cpu" and half and key.shape[2] <= _FEW_KEYS


def _attend_by_hand(
    query: Queries,
    key: Keys,
    value: Values,
    bias: Bias | None,
    scaling: float | None,
    dropout: float,
    softcap: float | None,
    sinks: Float[Tensor, " heads"] | None,
) -> Attended:
    """Attention written out, for what `scaled_dot_product_attention` cannot do: a soft cap, and sinks."""
    repeat = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(repeat, dim=1), value.repeat_interleave(repeat, dim=1)
    logits = query @ key.transpose(2, 3) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    if softcap is not None:
        logits = softcap * torch.tanh(logits / softcap)
    if bias is not None:
        logits = logits + bias
    if sinks is not None:
        sink = sinks.reshape(1, -1, 1, 1).expand(query.shape[0], -1, query.shape[2], -1).to(logits.dtype)
        logits = torch.cat((logits, sink), dim=-1)
    weights = torch.softmax(logits, dim=-1, dtype=torch.float32).to(query.dtype)[..., : key.shape[2]]
    return F.dropout(weights, dropout) @ value


AttentionInterface.register(FOREST_ATTENTION, forest_attention)
