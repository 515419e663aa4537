"""Two calls a layer, with the written-out kernel, against plain transformers one sequence at a time, in float64."""

import copy
import dataclasses
import logging
from functools import partial
from typing import ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from tiny import DECODERS, random_sequences, tiny_classifier
from torch._dynamo.utils import counters

from plaudit.errors import InvalidInputError
from plaudit.forest import SEGMENTS, Forest, LayerKind, Tree, choose_attention, forest_attention
from plaudit.forest.attentions import choice
from plaudit.forest.attentions.cascade import CascadeAttention
from plaudit.forest.attentions.trial import why_not
from plaudit.forest.attentions.written import WrittenKernel
from plaudit.model import RewardNetwork, choose_layout

# Windows that hide nothing, and no soft cap: what is beyond two calls is FlexAttention's.
WITHOUT = {
    "mistral": {"sliding_window": 256},
    "gemma2": {"sliding_window": 256, "attn_logit_softcapping": None},
    "gemma3": {"sliding_window": 256, "num_hidden_layers": 2},
    "gpt-oss": {"sliding_window": 256},
}

whole = random_sequences([14], shared=12, seed=3)[0]
GROUPS = [
    random_sequences([9, 25], shared=13),  # a pair
    random_sequences([7, 21, 3, 12, 1, 1, 4, 2], shared=20, seed=1),  # eight, branches of one token among them
    random_sequences([12, 19], seed=2),  # nothing is shared
    random_sequences([30], seed=4),
    [whole, whole[:-5]],  # a response that is another's beginning
]


class CountingKernel(WrittenKernel):
    def __init__(self):
        self.calls = []

    def forward(self, q, k, v, call):
        self.calls.append("forward")
        return super().forward(q, k, v, call)

    def backward(self, grad, q, k, v, out, logsumexp, call):
        self.calls.append("backward")
        return super().backward(grad, q, k, v, out, logsumexp, call)


class Padded(CascadeAttention):
    multiple: ClassVar[int] = 64


def in_float64(model):
    """All of a model, norms too, which these classes take in float32 whatever they are given. GPT-OSS has experts that
    are not made for float64, and stays as it is."""
    if model.config.model_type == "gpt_oss":
        return model

    def norm(module, states):
        scale = module.weight + type(module).__name__.startswith("Gemma")
        eps = getattr(module, "variance_epsilon", None) or module.eps
        return states * torch.rsqrt(states.square().mean(-1, keepdim=True) + eps) * scale

    for module in model.modules():
        if type(module).__name__.endswith("RMSNorm"):
            module.forward = partial(norm, module)
    return model.double()


def plain_scores(model):
    rows = [torch.from_numpy(row)[None] for rows in GROUPS for row in rows]
    return torch.cat([model(input_ids=row).logits[:, 0] for row in rows])


@pytest.mark.filterwarnings("ignore:`gradient_checkpointing_enable` is deprecated")
@pytest.mark.parametrize("family", DECODERS)
def test_scores_and_gradients_are_those_of_one_by_one(family, monkeypatch):
    plain = tiny_classifier(family, **WITHOUT.get(family, {}))
    # Gemma 2 has eager attention alone, which takes its softmax in float32 whatever it is given.
    monkeypatch.setattr(F, "softmax", lambda logits, dim, dtype=None: logits.softmax(dim))
    model = in_float64(copy.deepcopy(plain))
    plain = in_float64(plain)
    network = RewardNetwork(model, causal=True).eval()
    assert choose_layout(network) is None
    kernel = CountingKernel()
    network.layout = dataclasses.replace(network.layout, attend=Padded(kernel))
    trees = [network.grow(rows) for rows in GROUPS]
    scores, expected = network(trees).flatten(), plain_scores(plain)
    exact = scores.dtype == torch.float64
    torch.testing.assert_close(
        scores, expected, rtol=0, atol=(1e-12 if exact else 1e-6) * float(expected.detach().abs().max())
    )
    # Any function of the scores will do, if it weighs each in another way.
    weights = torch.linspace(-1, 2, len(scores), dtype=scores.dtype)
    (scores * weights).sum().backward()
    layers = model.config.num_hidden_layers
    assert kernel.calls == 2 * layers * ["forward"] + 2 * layers * ["backward"]
    (expected * weights).sum().backward()
    gradients = {name: parameter.grad for name, parameter in plain.named_parameters() if parameter.grad is not None}
    total = torch.cat([gradient.flatten() for gradient in gradients.values()]).norm()

    def check():
        for name, gradient in gradients.items():
            gap = (model.get_parameter(name).grad - gradient).norm()
            slack = (1e-9, 1e-12) if exact else (1e-5, 1e-7)
            assert gap <= slack[0] * gradient.norm() + slack[1] * total, f"{name}: {gap / gradient.norm():.1e}"

    check()
    # Recomputed in the backward pass, the same.
    model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    network.train().zero_grad(set_to_none=True)
    kernel.calls.clear()
    (network(trees).flatten() * weights).sum().backward()
    assert (kernel.calls.count("forward"), kernel.calls.count("backward")) == (4 * layers, 2 * layers)
    check()


KIND = LayerKind(2, 16, 16, True, None, False, False, False, torch.float32, "cpu")


class WithoutTheMerge(WrittenKernel):
    """Its backward pass drops the gradient of the log-sum-exp, as torch's own functions do: each part is
    differentiated as if it were all that the queries saw."""

    def backward(self, grad, q, k, v, out, logsumexp, call):
        alone, of_this_part = self.forward(q, k, v, call)
        return super().backward(grad, q, k, v, alone, of_this_part, call)


class SwappedAxes(WrittenKernel):
    def forward(self, q, k, v, call):
        out, logsumexp = super().forward(q, k, v, call)
        return out, logsumexp.transpose(0, 1)


class NaiveScale(WrittenKernel):
    def forward(self, q, k, v, call):
        return super().forward(q, k, v, call._replace(scale=q.shape[2] ** -0.5))


class Uninitialised(WrittenKernel):
    def backward(self, grad, q, k, v, out, logsumexp, call):
        dq, dk, dv = super().backward(grad, q, k, v, out, logsumexp, call)
        dk[-1] = torch.nan
        return dq, dk, dv


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("changed", [{}, {"sinks": True}, {"causal": False}, {"groups": 1}])
def test_a_right_kernel_comes_through_its_trial(dtype, changed):
    assert why_not(CascadeAttention(WrittenKernel()), KIND._replace(dtype=dtype, **changed)) is None


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        (WithoutTheMerge, "its gradient of queries is off by"),
        (SwappedAxes, "RuntimeError"),
        (NaiveScale, "its output is off by"),
        (Uninitialised, "its gradient of keys is off by nan"),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_wrong_kernel_is_found_out(kernel, says, dtype):
    assert says in why_not(CascadeAttention(kernel()), KIND._replace(dtype=dtype))


def test_what_fails_falls_back_and_is_told_of_once(caplog, monkeypatch):
    broken = CascadeAttention(WithoutTheMerge())
    monkeypatch.setattr(choice, "_AUTOMATIC", {"cpu": (broken,)})
    monkeypatch.setattr(choice, "_told", set())
    with caplog.at_level(logging.WARNING):
        chosen = [choose_attention("auto", [KIND._replace(dim=dim)], "cpu") for dim in (16, 32, 16)]
    assert [one.name for one in chosen] == ["segments"] * 3
    assert caplog.text.count("the varlen attention is not used: tried on a small forest") == 1


def test_each_kind_of_layer_gets_the_best_that_can(monkeypatch):
    """Gemma 3: windows in most layers. Where they bite, two calls cannot compute them; short forests need nothing."""
    varlen = CascadeAttention(WrittenKernel())
    monkeypatch.setattr(choice, "_AUTOMATIC", {"cpu": (varlen,)})
    windowed = KIND._replace(window=50)
    chosen = choose_attention("auto", [KIND, windowed], "cpu")
    assert chosen.name == "varlen, segments"
    assert choose_attention("auto", [windowed], "cpu", longest=50).name == "varlen"
    query = torch.randn(1, 4, 60, 16)
    for branch, name in ((20, "varlen"), (40, "varlen, segments")):
        branches = (np.zeros(branch, dtype=int), np.zeros(41 - branch, dtype=int))
        forest = Forest.plant([Tree(np.zeros(19, dtype=int), branches)])
        forest_attention(
            torch.nn.Module(), query, query[:, :2], query[:, :2], None, forest=forest, attend=chosen, sliding_window=50
        )
        assert chosen.name == name  # which ones ran
    assert chosen.multiple == 1


@pytest.mark.parametrize(
    ("name", "changed", "says"),
    [
        ("varlen", {"window": 8}, "attention=varlen cannot be used here: it has no place for a window of 8 tokens"),
        ("varlen", {"softcap": True}, "it has no place for a soft cap"),
        ("varlen", {"dropout": True}, "it has no dropout"),
        ("flex", {}, "FlexAttention does not support backward on CPU"),
        ("fast", {}, "attention is 'fast'; it can be auto, varlen, flex, segments"),
    ],
)
def test_what_is_asked_for_is_obeyed_or_refused(name, changed, says):
    with pytest.raises(InvalidInputError, match=says):
        choose_attention(name, [KIND._replace(**changed)], "cpu")
    assert choose_attention("segments", [KIND._replace(**changed)], "cpu", learns=True).name == "segments"


def test_under_autocast_queries_and_keys_arrive_in_float32():
    forest = Forest.plant([Tree.grow([[1, 2, 3, 4], [1, 2, 5]])])
    query, key, value = (torch.randn(1, heads, 5, 8).requires_grad_() for heads in (4, 2, 2))
    found = []
    for attend in (SEGMENTS, CascadeAttention(WrittenKernel())):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            out, _ = forest_attention(
                torch.nn.Module(), query, key, value.to(torch.bfloat16), None, forest=forest, attend=attend
            )
        assert out.dtype == torch.bfloat16
        found.append([out, *torch.autograd.grad(out.float().square().sum(), (query, key, value))])
    for one, other in zip(*found, strict=True):
        assert torch.allclose(one.float(), other.float(), atol=0.03 * float(one.detach().abs().max()))


@pytest.mark.filterwarnings("ignore")
def test_compiled_layers_are_a_handful_of_graphs():
    """Whatever the forest: attention is no part of them."""
    network = RewardNetwork(tiny_classifier("llama", num_hidden_layers=1), causal=True).eval()
    assert choose_layout(network) is None
    forests = [[network.grow(random_sequences([5 + n, 9], shared=7 + n, seed=n))] for n in range(5)]
    with torch.no_grad():
        expected = [network(trees) for trees in forests]
        torch._dynamo.reset()
        counters.clear()
        for layer in network.model.model.layers:
            layer.compile(dynamic=True, backend="eager")
        for number, (trees, scores) in enumerate(zip(forests, expected, strict=True)):
            torch.testing.assert_close(network(trees), scores)
            if number == 1:
                early = counters["stats"]["unique_graphs"]
    assert 0 < counters["stats"]["unique_graphs"] == early <= 6
