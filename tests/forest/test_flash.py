"""The flash operators' arguments and shapes, on tensors without memory: no GPU is here, and torch checks both."""

import pytest
import torch

from plaudit.forest import Forest, LayerKind, Tree
from plaudit.forest.attentions.flash import FlashKernel
from plaudit.forest.attentions.protocols import VarlenCall

FOREST = Forest.plant([Tree.grow([[1, 2, 3, 4], [1, 2, 5]]), Tree.grow([[6, 7]])], device="meta")
CALLS = {
    "over itself": VarlenCall(FOREST.all_segments, FOREST.all_segments, True, 0.3),
    "over trunks": VarlenCall(FOREST.branches_of_trunks, FOREST.trunk_segments, False, 0.3),
}


@pytest.mark.parametrize(("name", "queries", "keys"), [("over itself", 7, 7), ("over trunks", 3, 2)])
def test_arguments_and_shapes(name, queries, keys):
    kernel, call = FlashKernel(), CALLS[name]
    q, k, v = (
        torch.empty(length, heads, 64, dtype=torch.bfloat16, device="meta")
        for length, heads in ((queries, 8), (keys, 2), (keys, 2))
    )
    out, logsumexp = kernel.forward(q, k, v, call)
    assert (out.shape, out.dtype) == (q.shape, torch.bfloat16)
    # Heads first, whatever torch's documentation says.
    assert (logsumexp.shape, logsumexp.dtype) == ((8, queries), torch.float32)
    gradients = kernel.backward(torch.empty_like(out), q, k, v, out, logsumexp, call)
    assert [(gradient.shape, gradient.dtype) for gradient in gradients] == [(t.shape, t.dtype) for t in (q, k, v)]


def test_the_arguments_are_those_of_the_schema():
    """By name: an operator that took the same types in another order would pass the test above."""
    forward, backward = (
        [argument.name for argument in getattr(torch.ops.aten, name).default._schema.arguments]
        for name in ("_flash_attention_forward", "_flash_attention_backward")
    )
    shared = ["cum_seq_q", "cum_seq_k", "max_q", "max_k", "dropout_p", "is_causal"]
    assert forward[:10] == ["query", "key", "value", *shared, "return_debug_mask"]
    assert backward[:14] == ["grad_out", "query", "key", "value", "out", "logsumexp", *shared, "rng_state", "unused"]
    assert "scale" in forward[10:]
    assert "scale" in backward[14:]


KIND = LayerKind(4, 64, 64, True, None, False, False, False, torch.bfloat16, "cuda")


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({}, None),
        ({"dtype": torch.float16}, None),
        ({"device": "cpu"}, "for CUDA"),
        ({"dtype": torch.float32}, "take bf16 and fp16, and this is float32"),
        ({"dim": 72, "value_dim": 64}, "heads of 8 to 256"),
        ({"dim": 264, "value_dim": 264}, "heads of 8 to 256"),
        ({"dim": 20, "value_dim": 20}, "in steps of 8, not 20"),
    ],
)
def test_what_the_kernels_take(changed, says):
    reason = FlashKernel().lacks(KIND._replace(**changed))
    assert reason is None if says is None else says in reason
