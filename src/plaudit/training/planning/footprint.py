"""What an architecture computes and keeps for a token, counted on the architecture itself, without its weights.

The layers of a backbone are alike, so two and three of them, made of torch's fake tensors (shapes without numbers),
show what one adds. They are run forward and backward as training runs them (`trainable`, LoRA, autocast, activations
recomputed or not), torch counts their arithmetic, and hooks see what autograd keeps. With T tokens, R responses, L
layers and A pairs of tokens that see each other:

    arithmetic = a T + r R + 4 (heads x head size) L A forward, two and a half times the last term backward
    memory     = constant + m T + n R

Attention is counted by its formula, as torch's counter counts it (rectangles, and a backward pass of five products for
the forward pass's two); a stand-in takes its place that keeps what a fused kernel keeps: q, k, v, output, log-sum-exp.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Shaped
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode
from transformers import AttentionInterface, AutoModelForSequenceClassification
from transformers.initialization import no_init_weights
from transformers.modeling_layers import GradientCheckpointingLayer

from plaudit.errors import InvalidInputError
from plaudit.logs import muted
from plaudit.model import Outputs, RewardNetwork, freeze
from plaudit.training.settings import TrainingSettings

_STAND_IN = "plaudit_costed"
_TOKENS, _RESPONSES = 32, 2


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a network costs; sums and multiples of footprints are footprints.

    Attributes:
        frozen: parameters that do not learn, those of layers alone apart: only these are narrowed by `weights`.
        learning: parameters that learn.
        linears: of the frozen ones, those that 4 bits can hold: the matrices of layers.
        forward: multiplications and additions of a token in a forward pass, attention apart.
        backward: of a token in a backward pass, what is recomputed included.
        forward_response: of a response, forward; encoders have layers that only the first token meets.
        backward_response: of a response, backward.
        attention: of a pair of tokens in a forward pass.
        learned_attention: the part of it that has a backward pass.
        kept: bytes that a forward pass keeps for the backward one, for a token.
        kept_response: for a response.
        kept_anyway: whatever the number of tokens: copies of weights that autocast makes.
        keys: bytes of a token's keys and values in all layers, which attention by segments copies.
        entering: bytes of a token's state that enters a layer; no sum over layers.
    """

    frozen: float
    learning: float
    linears: float
    forward: float
    backward: float
    forward_response: float
    backward_response: float
    attention: float
    learned_attention: float
    kept: float
    kept_response: float
    kept_anyway: float
    keys: float
    entering: float

    def __add__(self, other: Footprint) -> Footprint:
        return Footprint(*(np.array(astuple(self)) + np.array(astuple(other))).tolist())

    def __mul__(self, factor: float) -> Footprint:
        return Footprint(*(factor * np.array(astuple(self))).tolist())

    def __sub__(self, other: Footprint) -> Footprint:
        return self + other * -1


@dataclass(frozen=True, slots=True)
class Costs:
    """The footprint of a network, and of one more layer of each kind.

    Attributes:
        whole: of the network as it learns.
        layer: of a layer that learns.
        below: of the frozen layers under those that learn (`last:K`), of which each token is computed once for all
            epochs; of the whole backbone where the head alone learns.
    """

    whole: Footprint
    layer: Footprint
    below: Footprint


def measure_costs(config: Any, outputs: Outputs, settings: TrainingSettings, *, bf16: bool) -> Costs:
    """Count what a backbone costs.

    Args:
        config: its configuration.
        outputs: of its head.
        settings: of these `trainable`, `weights` and `gradient_checkpointing`.
        bf16: whether it is computed in bf16.

    Raises:
        InvalidInputError: if it cannot be counted without weights, or knows no forests.
    """
    depth = int(config.get_text_config().num_hidden_layers)
    probe = _Probe(config, outputs, settings, bf16)
    last = settings.trainable.partition("last:")[2]
    trainable = settings.trainable
    if not last:
        two, three = probe.measure(2, trainable), probe.measure(3, trainable)
        layer = three - two
        whole = two + layer * (depth - 2)
        return Costs(whole, layer, whole if trainable == "head" else layer * 0)
    one, below, above = probe.measure(2, "last:1"), probe.measure(3, "last:1"), probe.measure(3, "last:2")
    frozen, layer = below - one, above - one
    learning = min(int(last), depth)
    whole = one + layer * (learning - 1) + frozen * (depth - learning - 1)
    return Costs(whole, layer, frozen * (depth - learning))


class _Attention(torch.autograd.Function):
    """Keeps what a fused kernel keeps, and computes nothing."""

    @staticmethod
    def forward(ctx: Any, query: Any, key: Any, value: Any) -> Any:
        out = query.new_empty((*query.shape[:3], value.shape[3]))
        ctx.save_for_backward(query, key, value, out, query.new_empty(query.shape[:3], dtype=torch.float32))
        return out

    @staticmethod
    def backward(ctx: Any, gradient: Any) -> Any:
        query, key, value, *_ = ctx.saved_tensors
        return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


class _Probe:
    """A few layers of an architecture, run on fake tensors."""

    def __init__(self, config: Any, outputs: Outputs, settings: TrainingSettings, bf16: bool) -> None:
        self.config, self.outputs, self.settings, self.bf16 = config, outputs, settings, bf16
        self._pairs: list[tuple[float, bool, float]] = []
        self._entering = 0.0

    def measure(self, depth: int, trainable: str) -> Footprint:
        try:
            with FakeTensorMode(allow_non_fake_inputs=True), muted("torch._subclasses.fake_tensor", "transformers"):
                network = self._network(depth, trainable)
                few, more, wider = (
                    self._run(network, tokens, responses)
                    for tokens, responses in (
                        (_TOKENS, _RESPONSES),
                        (2 * _TOKENS, _RESPONSES),
                        (_TOKENS, 2 * _RESPONSES),
                    )
                )
        except InvalidInputError:
            raise
        except Exception as error:
            what = f"{self.config.model_type} cannot be counted without its weights ({type(error).__name__}: {error})"
            raise InvalidInputError(" ".join(what.split())[:300]) from error
        token, response = (more - few) / _TOKENS, (wider - few) / _RESPONSES
        rest = few - token * _TOKENS - response * _RESPONSES
        learning = sum(p.numel() for p in network.parameters() if p.requires_grad)
        frozen = sum(p.numel() for p in network.parameters() if not p.requires_grad)
        linears = sum(
            module.weight.numel()
            for module in network.backbone.modules()
            if isinstance(module, torch.nn.Linear) and not module.weight.requires_grad
        )
        return Footprint(
            frozen, learning, linears, token[0], token[1], response[0], response[1],
            sum(cost for cost, _, _ in self._pairs), sum(cost for cost, learns, _ in self._pairs if learns),
            token[2], response[2], rest[2], sum(size for _, _, size in self._pairs), self._entering,
        )  # fmt: skip

    def _network(self, depth: int, trainable: str) -> RewardNetwork:
        config = copy.deepcopy(self.config)
        text = config.get_text_config()
        text.num_hidden_layers = depth
        if kinds := getattr(text, "layer_types", None):
            text.layer_types = (list(kinds) * depth)[:depth]
        with no_init_weights():
            model = AutoModelForSequenceClassification.from_config(config)
        network = RewardNetwork(model, causal=hasattr(model, "score"), outputs=self.outputs)
        AttentionInterface.register(_STAND_IN, self._attend)
        model.set_attn_implementation(_STAND_IN)
        if self.settings.weights != "fp32":
            for parameter in network.backbone.parameters():
                parameter.data = parameter.data.to(torch.bfloat16)
        with _staying():
            freeze(network, trainable)
        return network.eval()

    def _attend(self, module: Any, query: Any, key: Any, value: Any, *_: Any, **__: Any) -> tuple[Any, None]:
        heads, width, value_width = query.shape[1], query.shape[3], value.shape[3]
        learns = torch.is_grad_enabled() and (query.requires_grad or value.requires_grad)
        if torch.is_autocast_enabled("cpu"):
            query, key, value = (one.to(torch.bfloat16) for one in (query, key, value))
        size = key.element_size() * key.shape[1] * (width + value_width)
        self._pairs.append((2 * heads * (width + value_width), learns, size))
        attended: Any = _Attention.apply(query, key, value)  # type: ignore[no-untyped-call]
        return attended.transpose(1, 2), None

    def _run(self, network: RewardNetwork, tokens: int, responses: int) -> Float[np.ndarray, " figures"]:
        """Forward and backward arithmetic, and the bytes that are kept where nothing is recomputed, of one pass."""
        self._pairs.clear()
        forward, backward, kept = self._pass(network, tokens, responses)
        if not self._pairs:
            raise InvalidInputError(f"{self.config.model_type} is computed in padded batches, which no plan counts")
        if self.settings.gradient_checkpointing:
            pairs = list(self._pairs)
            with _recomputing(network):
                _, backward, _ = self._pass(network, tokens, responses)
            self._pairs[:] = pairs
        return np.array([forward, backward, kept], dtype=float)

    def _pass(self, network: RewardNetwork, tokens: int, responses: int) -> tuple[float, float, float]:
        inputs = {
            "input_ids": torch.zeros(1, tokens, dtype=torch.long),
            "position_ids": torch.arange(tokens)[None],
        }
        learned = any(parameter.requires_grad for parameter in network.backbone.parameters())
        with ExitStack() as stack:
            stack.enter_context(torch.autocast("cpu", torch.bfloat16, enabled=self.bf16))
            kept = stack.enter_context(_kept_bytes(network))
            counter = stack.enter_context(FlopCounterMode(display=False))
            stack.enter_context(torch.set_grad_enabled(learned))
            states = network.hidden_states(**inputs)[0]
            self._entering = float(states.element_size() * states.shape[1])
            features = network.head_features(states.index_select(0, torch.arange(responses)))
        forward, backward = counter.get_total_flops(), 0
        loss = network(features=features).sum()
        if learned:
            with FlopCounterMode(display=False) as counter:
                loss.backward()
            backward = counter.get_total_flops()
        network.zero_grad()
        return forward, backward, kept()


@contextmanager
def _recomputing(network: RewardNetwork) -> Iterator[None]:
    """Recompute activations inside, as `gradient_checkpointing` does."""
    inside = network.model
    enable = getattr(inside, "activation_checkpointing_enable", None) or inside.gradient_checkpointing_enable
    enable({"use_reentrant": False})
    layers = [module for module in network.modules() if isinstance(module, GradientCheckpointingLayer)]
    for layer in layers:
        layer.training = True
    try:
        yield
    finally:
        for layer in layers:
            layer.training = False


@contextmanager
def _staying() -> Iterator[None]:
    """Let modules stay where they are. peft moves adapters to the weights they belong to, which torch refuses for fake
    tensors; here all are in one place."""
    move = torch.nn.Module.to
    torch.nn.Module.to = lambda self, *_, **__: self  # type: ignore[method-assign]
    try:
        yield
    finally:
        torch.nn.Module.to = move  # type: ignore[method-assign]


@contextmanager
def _kept_bytes(network: RewardNetwork) -> Iterator[Any]:
    """What autograd keeps inside, in bytes, but for the weights themselves; each storage once."""
    weights = {p.untyped_storage()._cdata for p in (*network.parameters(), *network.buffers())}
    kept: dict[int, Shaped[Tensor, "*_"]] = {}

    def keep(tensor: Shaped[Tensor, "*_"]) -> Shaped[Tensor, "*_"]:
        place = tensor.untyped_storage()._cdata
        if place not in weights:
            kept.setdefault(place, tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield lambda: sum(tensor.untyped_storage().nbytes() for tensor in kept.values())
