"""Two calls of a kernel a layer, whatever the forest: every segment over itself, branches over their trunks, merged.

What Hydragen (Juravsky et al. 2024) and FlashInfer's cascade do for decoding, with a backward pass. In the order of a
forest's row neither call copies or gathers a key:

1. every segment looks at itself, causally: one call over the whole row;
2. `row[trunks : sharing]` looks at `row[: trunks]`: a tree's branches are one sequence of queries, its trunk the keys;
3. the two are merged by their log-sum-exps, l = log(exp(l1) + exp(l2)), out = exp(l1 - l) out1 + exp(l2 - l) out2. A
   sink is one more part, with a value of zero.

The backward pass gives each call the merged output and the merged log-sum-exp, by which a kernel computes its exact
share (see `VarlenKernel`), and adds the shares, as ring attention does (Liu et al. 2023). The merge is never
differentiated: torch's own functions drop the gradient of a log-sum-exp, and gradients of queries and keys came out
wrong by 17%. Sequences without a trunk stay out of the second call: a query without keys has an infinite log-sum-exp.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from plaudit.forest.attentions.protocols import (
    LayerKind,
    LayerOptions,
    LogSumExp,
    Output,
    RowKeys,
    RowOutput,
    RowQueries,
    RowValues,
    VarlenCall,
    VarlenKernel,
)
from plaudit.forest.layout import Forest

_Row = Float[Tensor, "tokens _ _"]
_Sinks = Float[Tensor, " heads"]


@dataclass(frozen=True)
class CascadeAttention:
    """See `ForestAttention`.

    Attributes:
        kernel: what computes a call.
    """

    kernel: VarlenKernel
    name: ClassVar[str] = "varlen"
    multiple: ClassVar[int] = 1

    def lacks(self, kind: LayerKind) -> str | None:
        # The distance of a branch's token from its trunk depends on where it stands in its branch.
        if kind.window is not None:
            return f"it has no place for a window of {kind.window:,} tokens"
        if kind.softcap:
            return "it has no place for a soft cap"
        if kind.dropout:
            return "it has no dropout"
        return self.kernel.lacks(kind)

    def __call__(
        self, query: RowQueries, key: RowKeys, value: RowValues, forest: Forest, options: LayerOptions
    ) -> RowOutput:
        # Under autocast rotary embeddings leave queries and keys in float32.
        q, k, v = (tensor[0].transpose(0, 1).to(value.dtype) for tensor in (query, key, value))
        merged: Any = _Merged.apply
        out: Output = merged(q, k, v, options.sinks, forest, options.scale, self.kernel)
        return out[None]


class _Merged(torch.autograd.Function):
    """Both calls as one step of a gradient's way."""

    @staticmethod
    def forward(
        ctx: Any, q: _Row, k: _Row, v: _Row, sinks: _Sinks | None, forest: Forest, scale: float, kernel: VarlenKernel
    ) -> _Row:
        a, b = forest.trunks, forest.sharing
        self_call, trunk_call = _calls(forest, scale)
        with torch.autocast(q.device.type, enabled=False):
            out, logsumexp = kernel.forward(q, k, v, self_call)
            if a:
                over, at = kernel.forward(q[a:b], k[:a], v[:a], trunk_call)
                both = torch.logaddexp(logsumexp[:, a:b], at)
                merged = _share(logsumexp[:, a:b], both) * out[a:b] + _share(at, both) * over
                out[a:b] = merged.to(out.dtype)
                logsumexp[:, a:b] = both
            if sinks is not None:
                whole = torch.logaddexp(logsumexp, sinks[:, None].to(logsumexp.dtype))
                out = (_share(logsumexp, whole) * out).to(out.dtype)
                logsumexp = whole
        ctx.save_for_backward(q, k, v, out, logsumexp, sinks)
        ctx.rest = forest, scale, kernel
        return out

    @staticmethod
    def backward(ctx: Any, grad: _Row) -> tuple[_Row, _Row, _Row, _Sinks | None, None, None, None]:
        q, k, v, out, logsumexp, sinks = ctx.saved_tensors
        forest, scale, kernel = ctx.rest
        a, b = forest.trunks, forest.sharing
        self_call, trunk_call = _calls(forest, scale)
        grad = grad.contiguous()
        with torch.autocast(q.device.type, enabled=False):
            dq, dk, dv = kernel.backward(grad, q, k, v, out, logsumexp, self_call)
            if a:
                at = logsumexp[:, a:b].contiguous()
                x, y, z = kernel.backward(grad[a:b], q[a:b], k[:a], v[:a], out[a:b], at, trunk_call)
                dq[a:b] += x
                dk[:a] += y
                dv[:a] += z
            d_sinks = None
            if sinks is not None:
                weights = (sinks[:, None].to(logsumexp.dtype) - logsumexp).exp()
                passed = (grad.to(weights.dtype) * out.to(weights.dtype)).sum(-1).transpose(0, 1)
                d_sinks = -(weights * passed).sum(1).to(sinks.dtype)
        return dq, dk, dv, d_sinks, None, None, None


def _calls(forest: Forest, scale: float) -> tuple[VarlenCall, VarlenCall]:
    """Every segment over itself, and branches over their trunks."""
    return (
        VarlenCall(forest.all_segments, forest.all_segments, forest.causal, scale),
        VarlenCall(forest.branches_of_trunks, forest.trunk_segments, False, scale),
    )


def _share(part: LogSumExp, whole: LogSumExp) -> Float[Tensor, "queries heads 1"]:
    """What a part weighs in the whole."""
    return (part - whole).exp().transpose(0, 1)[..., None]
