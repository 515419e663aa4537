"""What frozen lower layers make of every token, computed once and kept in a memory-mapped file.

While only the last layers learn, the hidden states that enter the first of them are the same in every pass, seed and
loss; `model/kept.py` lets them stand in for the layers below.

A file holds one row a token of the whole groups' trees, so a trunk is kept once, and any hand of a group finds its
rows. Its name is a hash of the tokens of every group, in no order (so that other divisions of the same data read the
same file), and of every weight that does not learn.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from torch import nn

from plaudit.forest import Tree, pack
from plaudit.model.backbones import cache_folder
from plaudit.model.cache.features import response_keys, weights_key
from plaudit.model.cache.states import LowerStates, replay_activations
from plaudit.model.network import RewardNetwork, error_named
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.model.trainable import layers
from plaudit.storage import replacing

logger = logging.getLogger(__name__)

# Bytes of a file that are worth their disk: 13 million tokens of MiniLM, 8.7 million of SmolLM2-135M.
_MOST_BYTES = 20 * 10**9

# Trees packed together while a file is filled.
_WINDOW = 512

# Largest gap, relative to the features' size, between a forest that starts from kept states and one that does not. The
# arithmetic is the same, but a matrix product may sum in another order beside other trees.
_TOLERANCE = 1e-5


def lower_states(
    model: RewardModel, items: Sequence[Rendered], batch_tokens: int, *, dropout: bool = False
) -> LowerStates | None:
    """The states of these responses below the first layer that learns, from their file, or computed and kept there in
    forests of `batch_tokens`. None, with the reason in a log line, where they cannot stand in for the layers.

    Args:
        model: frozen as it will be trained; nothing but its last layers and what follows them learns.
        items: rendered groups.
        batch_tokens: tokens of one forward pass.
        dropout: whether the model will be trained with it.

    Raises:
        DataError: if the file cannot be written.
    """
    network = model.network
    keyed = sorted(((_group_key(item), item) for item in items), key=lambda pair: pair[0])
    trees = model.trees(item for _, item in keyed)
    shape = (sum(map(len, trees)), network.config.get_text_config().hidden_size)
    lower = _frozen_layers(network)
    reason = "dropout changes what they say" if dropout else _why_not(network, lower, shape)
    if reason:
        logger.info("the frozen layers are computed in every pass: %s", reason)
        return None
    heads = (*network.head_parameters, *network.head.parameters())
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    weights = weights_key(network, ("lower", len(lower), str(network.dtype)), {id(p) for p in (*heads, *learning)})
    digest = hashlib.sha256(weights + b"".join(key for key, _ in keyed)).hexdigest()
    file = cache_folder() / "states" / f"{digest[:32]}.npy"
    if file.is_file():
        logger.info("hidden states of the frozen layers read from %s", file)
    else:
        with replacing(file) as temporary:
            rows = np.lib.format.open_memmap(temporary, "w+", dtype=np.float32, shape=shape)
            _fill(rows, network, len(lower), trees, batch_tokens)
            rows.flush()
    return LowerStates(lower, trees, np.load(file, mmap_mode="r"))


def _frozen_layers(network: RewardNetwork) -> list[nn.Module]:
    return list(takewhile(lambda layer: not any(p.requires_grad for p in layer.parameters()), layers(network)))


def _why_not(network: RewardNetwork, lower: Sequence[nn.Module], shape: tuple[int, int]) -> str | None:
    if not 0 < len(lower) < len(layers(network)):
        return f"{len(lower)} of {len(layers(network))} layers are frozen"
    if not network.packed:
        return f"{type(network.model).__name__} cannot use forests"
    size = 4 * shape[0] * shape[1]
    if size > _MOST_BYTES:
        return f"their states would take {size / 1e9:.0f} GB, more than {_MOST_BYTES / 1e9:.0f}"
    return _check(network, lower)


@torch.no_grad()
def _check(network: RewardNetwork, lower: Sequence[nn.Module]) -> str | None:
    """Hold this architecture to giving the same features from kept states. Hands deal its probe anew."""
    trees = network.probe()
    hands = [network.grow(tree.sequences[-2:], tree.types) for tree in trees]
    rows = np.empty((sum(map(len, trees)), network.config.get_text_config().hidden_size), np.float32)
    plain = network.features(hands)
    try:
        _fill(rows, network, len(lower), trees, len(rows))
        network.lower = LowerStates(lower, trees, rows)
        kept = network.features(hands)
    except Exception as error:
        # Whatever an unknown architecture's layers are given and return, computing them serves it.
        return error_named(error)
    finally:
        network.lower = None
    gap, size = (plain - kept).abs().max().item(), plain.abs().max().item() + 1e-6
    return None if gap <= _TOLERANCE * size else f"from their states, features differ by {gap / size:.1e} of their size"


def _fill(rows: np.ndarray, network: RewardNetwork, depth: int, trees: Sequence[Tree], batch_tokens: int) -> None:
    """Write what enters layer `depth` for every token of `trees`, in order, to `rows` `[N, H]`."""
    network.eval()
    pieces = _pieces(trees, batch_tokens)
    for window in (pieces[i : i + _WINDOW] for i in range(0, len(pieces), _WINDOW)):
        for forest in pack([len(part) for part, _, _ in window], batch_tokens):
            parts = [window[i] for i in forest]
            states = _entering(network, depth, [part for part, _, _ in parts]).float().cpu().numpy()
            for part, trunk, branches in parts:
                shared, length = len(part.trunk), len(part)
                rows[trunk : trunk + shared] = states[:shared]
                rows[branches : branches + length - shared] = states[shared:length]
                states = states[length:]


def _pieces(trees: Sequence[Tree], batch_tokens: int) -> list[tuple[Tree, int, int]]:
    """Trees of at most `batch_tokens` tokens, each with where its trunk's and its branches' rows start."""
    pieces: list[tuple[Tree, int, int]] = []
    end = 0
    for tree in trees:
        start, end = end, end + len(tree.trunk)
        for part in tree.split(batch_tokens):
            pieces.append((part, start, end))
            end += len(part) - len(part.trunk)
    return pieces


@torch.no_grad()
def _entering(network: RewardNetwork, depth: int, trees: Sequence[Tree]) -> torch.Tensor:
    """`[T, H]`: the hidden states that enter layer `depth`, of a forest. No layer from there on is computed."""
    seen: list[torch.Tensor] = []

    def note(hidden_states: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
        seen.append(hidden_states)
        return hidden_states

    with replay_activations(list(layers(network))[depth:], note):
        network.features(trees)
    return seen[0][0]


def _group_key(item: Rendered) -> bytes:
    return hashlib.sha256(b"".join(response_keys([item]))).digest()
