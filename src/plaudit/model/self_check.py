"""The self-check: a response has the same score in a forest as alone, or the layout is padded batches.

No model names stand in branches: an architecture is trusted because it was just tested, on three small trees.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Float, Int

from plaudit.errors import InvalidInputError
from plaudit.forest import ATTENTIONS, RecordingAttention, Tree, automatic_attention, choose_attention
from plaudit.model.architecture import unreadable_head
from plaudit.model.layouts.forest import ForestLayout
from plaudit.model.network import RewardNetwork

# Gaps between one-by-one and forest features that are forgiven, relative to the features' size. Half-precision
# arithmetic sums in another order in every batch shape, so it can agree no better than its own rounding.
_TOLERANCE = {torch.float32: 1e-4, torch.float64: 1e-8, torch.bfloat16: 6e-2, torch.float16: 1e-2}


_COPY_ON: ContextVar[torch.device | None] = ContextVar("where a copy is checked", default=None)


@contextmanager
def checking_a_copy(device: torch.device) -> Iterator[None]:
    """Inside, models that are loaded are checked by a small copy on another device, the one that will compute: for
    those that are loaded here to be sharded over several. The check is of the architecture, and so is the copy's.

    Example:
        >>> from plaudit.model import RewardModel
        >>> with checking_a_copy(torch.device("cpu")):
        ...     model = RewardModel.from_backbone("my-backbone")
        >>> model.network.layout.packed
        True
    """
    token = _COPY_ON.set(device)
    try:
        yield
    finally:
        _COPY_ON.reset(token)


def shallow_copy(network: RewardNetwork, device: torch.device) -> RewardNetwork:
    """A network of the same architecture with two layers of random weights, or one layer of each kind if there are
    more kinds."""
    config = copy.deepcopy(network.config)
    text = config.get_text_config()
    count = min(2, text.num_hidden_layers)
    if kinds := getattr(text, "layer_types", None):
        each = list(dict.fromkeys(kinds))
        text.layer_types = each if len(each) >= count else list(kinds[:count])
        count = len(text.layer_types)
    text.num_hidden_layers = count
    # The copy's random weights are drawn beside the run's own numbers, which its seed stands for.
    with torch.random.fork_rng([device] if device.type == "cuda" else []), torch.device(device):
        model = type(network.model)(config).to(network.dtype)
    model.set_attn_implementation(network.layout.attention)
    return RewardNetwork(model, causal=network.causal, outputs=network.outputs).to(device).eval()


def choose_layout(network: RewardNetwork) -> str | None:
    """Give a network the forest layout if that computes what its own padded layout computes.

    Returns:
        None, or why forests cannot be used here; then the layout stays as it was.

    Example:
        >>> from plaudit.model import open_model
        >>> network = open_model("my-model").network
        >>> choose_layout(network) is None, network.layout.packed
        (True, True)
    """
    if (device := _COPY_ON.get()) is None:
        return _choose_layout(network)
    checked = shallow_copy(network, device)
    reason = _choose_layout(checked)
    network.layout = checked.layout
    return reason


def _choose_layout(network: RewardNetwork) -> str | None:
    if network.outputs.pooling == "own" and not network.causal and (reason := unreadable_head(network.config)):
        return reason
    padded, training = network.layout, network.training
    network.eval()
    try:
        with torch.no_grad():
            trees = check_trees(network)
            alone = network.features(trees)
            recorder = RecordingAttention()
            network.layout = ForestLayout(attend=recorder)
            together = network.features(trees)
    except Exception as error:
        # Whatever an unknown architecture does with arguments it does not expect, padding serves it.
        network.layout = padded
        return error_named(error)
    finally:
        network.train(training)
    gap = relative_gap(alone, together)
    if not gap <= _TOLERANCE.get(network.dtype, 1e-4):
        network.layout = padded
        return f"what the head reads in a forest differs from what it reads alone by {gap:.1e} of its size"
    network.layout = ForestLayout(attend=automatic_attention(network.device.type), kinds=frozenset(recorder.kinds))
    return None


def settle_attention(
    network: RewardNetwork,
    name: str = "auto",
    *,
    dtype: torch.dtype | None = None,
    longest: int | None = None,
    learns: bool = False,
) -> None:
    """Choose what computes the attention of a network's forests, and try it there: forward and backward, on a small
    forest, against attention written out in float64. What fails falls back, and a warning says so once.

    Args:
        network: whose layout is chosen. Its weights are not touched: what was seen of a copy of two layers serves the
            whole (`network.layout = copy.layout`).
        name: auto, varlen, flex or segments.
        dtype: that it computes in, under autocast; None: that of its weights.
        longest: tokens of the longest sequence there will be; windows that are no shorter hide nothing.
        learns: whether gradients will be asked for.

    Raises:
        InvalidInputError: if it is none of these names, or the one that was asked for cannot be used.

    Example:
        >>> from plaudit.model import open_model
        >>> network = open_model("my-model").network
        >>> settle_attention(network, "varlen")
        >>> network.layout.attention_name
        'varlen'
    """
    layout = network.layout
    if not isinstance(layout, ForestLayout):
        if name in ATTENTIONS and name != "auto":
            what = f"attention={name} is of forests, and {type(network.model).__name__} cannot use them"
            raise InvalidInputError(what, remedy="leave it at auto")
        choose_attention(name, (), network.device.type)
        return
    kinds = [kind if dtype is None else kind._replace(dtype=dtype) for kind in layout.kinds]
    # A model that is loaded to be sharded stands on another device than computes.
    device = next((kind.device for kind in kinds), network.device.type)
    network.layout = replace(layout, attend=choose_attention(name, kinds, device, longest=longest, learns=learns))


def relative_gap(expected: Float[torch.Tensor, "*shape"], computed: Float[torch.Tensor, "*shape"]) -> float:
    """The largest difference of two tensors, relative to the largest value of the first."""
    return (expected - computed).abs().max().item() / (expected.abs().max().item() + 1e-6)


def check_trees(network: RewardNetwork) -> list[Tree]:
    """Three small trees of fixed tokens: siblings that share a trunk, one alone, one longer than local windows."""
    limit = min(160, (getattr(network.config, "max_position_embeddings", None) or 160) - 4)
    numbers = np.random.default_rng(0)
    vocabulary = network.config.get_text_config().vocab_size
    end = network.config.eos_token_id
    special = {network.config.pad_token_id, end if isinstance(end, int) else None}
    usable = np.setdiff1d(np.arange(min(vocabulary, 1000)), [i for i in special if i is not None])

    def draw(length: int) -> Int[np.ndarray, " tokens"]:
        return numbers.choice(usable, max(1, min(length, limit // 2)))

    trunk = draw(24)
    siblings = [np.concatenate([trunk, draw(length)]) for length in (9, 14, 5)]
    long = [np.concatenate([draw(limit), draw(limit)]) for _ in range(2)]
    return [Tree.grow(s, share=network.causal) for s in (siblings, [draw(7)], long)]


def error_named(error: Exception) -> str:
    """An error's kind and the first line of what it says."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
