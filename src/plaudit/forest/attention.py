"""Attention over a forest: a trunk sees itself, a branch sees its trunk and itself, and nobody sees another tree.

Registered once with transformers under `FOREST_ATTENTION`; the forest travels as the keyword argument `forest` of the
model's forward, and what computes its attention as `attend`. No mask function is registered under that name, so
transformers builds no mask.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from transformers import AttentionInterface

from plaudit.forest.attentions.protocols import ForestAttention, LayerOptions
from plaudit.forest.attentions.segments import SEGMENTS
from plaudit.forest.layout import Forest

FOREST_ATTENTION = "plaudit_forest"


def forest_attention(
    module: torch.nn.Module,
    query: Float[Tensor, "1 heads tokens dim"],
    key: Float[Tensor, "1 kv_heads tokens dim"],
    value: Float[Tensor, "1 kv_heads tokens value_dim"],
    attention_mask: Shaped[Tensor, "*_"] | None,
    *,
    forest: Forest,
    attend: ForestAttention = SEGMENTS,
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
        attend: what computes it; all give the same.
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
    scale = query.shape[-1] ** -0.5 if scaling is None else scaling
    options = LayerOptions(scale, sliding_window, softcap, s_aux, dropout)
    return attend(query, key, value, forest, options), None


# Every forest is another layout. Compiled with its layer, each would want a graph of its own; torch gives up at eight.
_compiler: Any = torch.compiler
AttentionInterface.register(FOREST_ATTENTION, _compiler.disable(forest_attention))
