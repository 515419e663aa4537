"""A kernel of variable length written out, one sequence after the other: what the flash kernels compute, on any device
and in any precision. It proves on a CPU what runs on a GPU."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from jaxtyping import Float
from torch import Tensor

from plaudit.forest.attentions.protocols import Keys, LayerKind, LogSumExp, Output, Queries, Values, VarlenCall

_Wide = Float[Tensor, "heads tokens dim"]
_Logits = Float[Tensor, "heads queries keys"]


@dataclass(frozen=True)
class WrittenKernel:
    """See `VarlenKernel`. Computes in float32, or in float64 if that is what it is given."""

    def lacks(self, kind: LayerKind) -> str | None:
        return None

    def forward(self, q: Queries, k: Keys, v: Values, call: VarlenCall) -> tuple[Output, LogSumExp]:
        out = v.new_empty(len(q), q.shape[1], v.shape[2])
        logsumexp = torch.empty(q.shape[1], len(q), dtype=_wide_dtype(v), device=v.device)
        for queries, keys in _sequences(call):
            logits = _logits(q[queries], k[keys], call)
            logsumexp[:, queries] = logits.logsumexp(-1)
            out[queries] = (logits.softmax(-1) @ _wide(v[keys], q.shape[1])).transpose(0, 1).to(out.dtype)
        return out, logsumexp

    def backward(
        self, grad: Output, q: Queries, k: Keys, v: Values, out: Output, logsumexp: LogSumExp, call: VarlenCall
    ) -> tuple[Queries, Keys, Values]:
        dq, dk, dv = torch.empty_like(q), torch.empty_like(k), torch.empty_like(v)
        heads = q.shape[1]
        for queries, keys in _sequences(call):
            p = (_logits(q[queries], k[keys], call) - logsumexp[:, queries, None]).exp()
            g, o = _wide(grad[queries], heads), _wide(out[queries], heads)
            ds = p * (g @ _wide(v[keys], heads).mT - (g * o).sum(-1, keepdim=True)) * call.scale
            dq[queries] = (ds @ _wide(k[keys], heads)).transpose(0, 1).to(dq.dtype)
            dk[keys] = _of_groups(ds.mT @ _wide(q[queries], heads), k.shape[1]).to(dk.dtype)
            dv[keys] = _of_groups(p.mT @ g, v.shape[1]).to(dv.dtype)
        return dq, dk, dv


def _sequences(call: VarlenCall) -> Iterator[tuple[slice, slice]]:
    """The queries and the keys of each pair of sequences."""
    ends = (pairwise(sequences.cu_seqlens.tolist()) for sequences in (call.queries, call.keys))
    for (a, b), (c, d) in zip(*ends, strict=True):
        yield slice(a, b), slice(c, d)


def _logits(q: Queries, k: Keys, call: VarlenCall) -> _Logits:
    logits = _wide(q, q.shape[1]) @ _wide(k, q.shape[1]).mT * call.scale
    if call.causal:
        hidden = torch.ones(len(q), len(k), dtype=torch.bool, device=q.device).triu(1)
        logits = logits.masked_fill(hidden, float("-inf"))
    return logits


def _wide(tensor: Float[Tensor, "tokens some_heads dim"], heads: int) -> _Wide:
    """Heads first, as many as queries have, at least in float32."""
    wide = tensor.to(_wide_dtype(tensor)).transpose(0, 1)
    return wide.repeat_interleave(heads // len(wide), dim=0)


def _of_groups(gradients: _Wide, kv_heads: int) -> Float[Tensor, "tokens kv_heads dim"]:
    """The gradients of key heads, from those of the query heads on each."""
    return gradients.reshape(kv_heads, -1, *gradients.shape[1:]).sum(1).transpose(0, 1)


def _wide_dtype(tensor: Float[Tensor, "*_"]) -> torch.dtype:
    return torch.promote_types(tensor.dtype, torch.float32)
