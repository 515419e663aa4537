"""Compiled layers compute the same, in few graphs; Liger's kernels are refused where they cannot run."""

import sys
from types import ModuleType

import numpy as np
import pytest
import torch
from tiny import tiny_model_folder
from torch._dynamo.utils import counters

from plaudit.errors import InvalidInputError, MissingExtraError
from plaudit.forest import Tree
from plaudit.model import RewardModel, check_liger, compile_layers, freeze, use_liger


def forests(sizes):
    """Forests of random tokens, each of another size: one tree of three branches with a trunk, one branch alone."""
    numbers = np.random.default_rng(0)
    for size in sizes:
        trunk = numbers.integers(5, 300, size)
        branches = [np.concatenate([trunk, numbers.integers(5, 300, size // 2 + k)]) for k in range(3)]
        yield [Tree.grow(branches), Tree.grow([numbers.integers(5, 300, size)])]


def losses_and_gradients(network):
    results = []
    for trees in forests(range(8, 32, 4)):
        network.zero_grad()
        loss = network(trees).square().mean()
        loss.backward()
        gradient = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None])
        results.append((loss.item(), gradient))
    return results


# torch asks tensors for their gradients while it traces, and hides that warning where warnings are no errors.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor")
def test_compiled_layers_compute_the_same_in_few_graphs(tmp_path):
    network = RewardModel.from_backbone(tiny_model_folder(tmp_path / "llama")).network
    freeze(network, "all")
    expected = losses_and_gradients(network)
    torch._dynamo.reset()
    counters.clear()
    compile_layers(network, backend="aot_eager")
    for (loss, gradient), (compiled_loss, compiled_gradient) in zip(
        expected, losses_and_gradients(network), strict=True
    ):
        assert compiled_loss == pytest.approx(loss, rel=1e-5)
        assert torch.allclose(compiled_gradient, gradient, rtol=1e-4, atol=1e-5 * gradient.abs().max())
    # Before and after attention, for one size and then for all: not one for each of six forests and two layers.
    assert 0 < counters["stats"]["unique_graphs"] <= 4
    torch._dynamo.reset()


def test_without_a_gpu_liger_is_refused_in_one_line(monkeypatch):
    with pytest.raises(InvalidInputError, match=r"^liger is kernels of a GPU, and there is no GPU; leave it out$"):
        check_liger()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setitem(sys.modules, "liger_kernel", None)
    with pytest.raises(MissingExtraError, match=r"plaudit\[liger\]"):
        check_liger()


def test_liger_is_applied_to_the_model_inside_and_leaves_its_forward(tmp_path, monkeypatch):
    """The library cannot be imported without triton, so a stand-in of the two names that are used records the call."""
    calls = []
    patching = ModuleType("liger_kernel.transformers.monkey_patch")
    patching.MODEL_TYPE_TO_APPLY_LIGER_FN = {"llama": None}
    patching._apply_liger_kernel_to_instance = lambda model, **options: calls.append((model, options))
    monkeypatch.setitem(sys.modules, patching.__name__, patching)
    network = RewardModel.from_backbone(tiny_model_folder(tmp_path / "llama", "llama")).network
    use_liger(network)
    assert calls == [(network.model, {"cross_entropy": False, "fused_linear_cross_entropy": False})]
    other = RewardModel.from_backbone(tiny_model_folder(tmp_path / "gpt2", "gpt2")).network
    with pytest.raises(InvalidInputError, match="Liger has no kernels for gpt2; leave liger out"):
        use_liger(other)
