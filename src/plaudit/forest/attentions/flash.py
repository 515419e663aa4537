"""torch's flash attention of variable length, by its operators: the ones that `torch.nn.attention.varlen` calls.

The public function is no help: its backward drops the gradient of the log-sum-exp, and takes no merged one. The
operators are private, so this file alone knows their names, and whoever uses it tries it first (`trial.py`). Their
positional arguments and `scale` stayed the same over torch 2.11 to 2.13; their keywords did not.
`torch.nn.attention.activate_flash_attention_impl` puts FlashAttention 3 or 4 behind the same names.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int32
from torch import Tensor

from plaudit.forest.attentions.protocols import Keys, LayerKind, LogSumExp, Output, Queries, Values, VarlenCall

_MOST_DIM = 256

_Ends = Int32[Tensor, " ends"]


@dataclass(frozen=True)
class FlashKernel:
    """See `VarlenKernel`. On CUDA, in half precision."""

    def lacks(self, kind: LayerKind) -> str | None:
        if kind.device != "cuda":
            return "the flash kernels are for CUDA"
        if kind.dtype not in (torch.bfloat16, torch.float16):
            return f"the flash kernels take bf16 and fp16, and this is {str(kind.dtype).removeprefix('torch.')}"
        if kind.dim != kind.value_dim or kind.dim % 8 or kind.dim > _MOST_DIM:
            return f"the flash kernels take heads of 8 to {_MOST_DIM} dimensions in steps of 8, not {kind.dim}"
        return None

    def forward(self, q: Queries, k: Keys, v: Values, call: VarlenCall) -> tuple[Output, LogSumExp]:
        out, logsumexp, *_ = torch.ops.aten._flash_attention_forward(
            q, k, v, *_sequences(call), 0.0, call.causal, False, scale=call.scale
        )
        return out, logsumexp

    def backward(
        self, grad: Output, q: Queries, k: Keys, v: Values, out: Output, logsumexp: LogSumExp, call: VarlenCall
    ) -> tuple[Queries, Keys, Values]:
        # Both are of dropout, of which there is none.
        seed, unused = torch.zeros(2, dtype=torch.uint64, device=q.device), torch.empty(0, device=q.device)
        gradients: tuple[Queries, Keys, Values] = torch.ops.aten._flash_attention_backward(
            grad, q, k, v, out, logsumexp, *_sequences(call), 0.0, call.causal, seed, unused, scale=call.scale
        )
        return gradients


def _sequences(call: VarlenCall) -> tuple[_Ends, _Ends, int, int]:
    return call.queries.cu_seqlens, call.keys.cu_seqlens, call.queries.max_seqlen, call.keys.max_seqlen
