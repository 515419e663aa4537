"""What frozen lower layers make of every token, computed once and kept in a memory-mapped file.

While only the last layers learn, the hidden states that enter the first of them are the same in every epoch, seed and
loss. A forest of known responses then starts from them: a layout in which the layers below answer with kept states.

A file holds one row a token of the whole groups' trees, so a trunk is kept once, and any hand of a group finds its
rows. Its name is a hash of the tokens of every group, in no order (so that other divisions of the same data read the
same file), and of every weight that does not learn.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn

from plaudit.forest import Forest, Tree, on_device, pack
from plaudit.model.cache.features import response_keys, weights_key
from plaudit.model.cache.workers import ALONE, Workers, filling
from plaudit.model.layouts.forest import ForestLayout
from plaudit.model.network import RewardNetwork
from plaudit.model.rendering import Rendered
from plaudit.model.reward_model import RewardModel
from plaudit.model.self_check import check_trees, error_named, relative_gap
from plaudit.model.trainable import layers
from plaudit.storage import cache_folder

logger = logging.getLogger(__name__)

# Bytes of a file that are worth their disk: 13 million tokens of MiniLM, 8.7 million of SmolLM2-135M.
_MOST_BYTES = 20 * 10**9

# Trees packed together while a file is filled.
_WINDOW = 512

# Largest gap, relative to the features' size, between a forest that starts from kept states and one that does not. The
# arithmetic is the same, but a matrix product may sum in another order beside other trees; in half precision too.
_TOLERANCE, _TOLERANCE_OF_HALF = 1e-5, 2e-2

_Key = tuple[bytes, bytes]
"""A response's tokens and segment ids."""


States = Float[Tensor, "1 tokens hidden"]
"""Hidden states of a forest's tokens, as layers take and give them."""


class ActivationCache:
    """The hidden states that enter the first layer that learns, for every token of known responses.

    Args:
        trees: the known responses.
        rows: the states of the trees' tokens, one tree after the other.
    """

    def __init__(self, trees: Sequence[Tree], rows: Float32[np.ndarray, "tokens hidden"]) -> None:
        self._rows = rows
        # Of each response: where its tree's trunk starts, the trunk's length, and where its branch starts.
        self._places: dict[_Key, tuple[int, int, int]] = {}
        end = 0
        for tree in trees:
            start, end = end, end + len(tree.trunk)
            for key, branch in zip(_tree_keys(tree), tree.branches, strict=True):
                self._places[key] = (start, len(tree.trunk), end)
                end += len(branch)

    def states(self, forest: Forest) -> States | None:
        """The states of a forest's tokens; None if it has a response that is not known."""
        numbers = self._row_numbers(forest)
        if numbers is None:
            return None
        return on_device(self._rows[numbers], forest.tokens.device)[None]

    def _row_numbers(self, forest: Forest) -> Int[np.ndarray, " tokens"] | None:
        """The number of each row of a forest's row; what stands in its padding does not matter."""
        numbers: list[Int[np.ndarray, " _"]] = []
        for tree in forest.trees:
            trunk = len(tree.trunk)
            for index, (key, branch) in enumerate(zip(_tree_keys(tree), tree.branches, strict=True)):
                place = self._places.get(key)
                if place is None:
                    return None
                # A hand's trunk may be longer than its group's was: it then ends inside the group's branches.
                trunk_row, shared, branch_row = place
                whole = np.arange(trunk + len(branch))
                whole += np.where(whole < shared, trunk_row, branch_row - shared)
                numbers.append(whole[trunk if index else 0 :])
        row = np.zeros(forest.tokens.shape[1], dtype=np.int64)
        row[forest.order] = np.concatenate(numbers)
        return row


@dataclass(frozen=True)
class CachedLayout(ForestLayout):
    """The forest layout, but known responses start from cached states.

    Attributes:
        cache: of the states.
        frozen: how many layers they are the work of.
    """

    cache: ActivationCache
    frozen: int

    def states(self, network: RewardNetwork, forest: Forest) -> Float[Tensor, "tokens hidden"]:
        cached = self.cache.states(forest)
        if cached is None:
            return super().states(network, forest)
        with stand_ins(layers(network), range(self.frozen), lambda _: cached):
            return super().states(network, forest)


def cached_layout(
    model: RewardModel,
    items: Iterable[Rendered],
    batch_tokens: int,
    *,
    dropout: bool = False,
    workers: Workers = ALONE,
) -> CachedLayout | None:
    """The layout in which these responses start from the states below the first layer that learns. The states are read
    from their file, or computed in forests of `batch_tokens` and kept there.

    Args:
        model: frozen as it will be trained; nothing but its last layers and what follows them learns.
        items: rendered groups.
        batch_tokens: tokens of one forward pass.
        dropout: whether the model will be trained with it.
        workers: that compute and keep the states together.

    Returns:
        None, with the reason in a log line, where states cannot replace the layers.

    Raises:
        DataError: if the file cannot be written.

    Example:
        >>> from plaudit.groups import Group
        >>> from plaudit.model import freeze
        >>> model = RewardModel.from_pretrained("my-model")
        >>> freeze(model.network, "last:1")
        >>> items = [model.prepare(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.")))]
        >>> model.network.layout = cached_layout(model, items, batch_tokens=4096)
    """
    network = model.network
    frozen, hidden = _frozen_layers(network), network.config.get_text_config().hidden_size
    keyed, tokens = [], 0
    for item in items:
        (tree,) = model.trees([item])
        keyed.append((_group_key(item), tree))
        tokens += len(tree)
        if 4 * tokens * hidden > _MOST_BYTES:  # of a million groups, not all trees are wanted
            break
    keyed.sort(key=lambda pair: pair[0])
    trees, shape = [tree for _, tree in keyed], (tokens, hidden)
    reason = "dropout changes what they say" if dropout else _why_not(network, frozen, shape)
    if reason:
        logger.info("the frozen layers are computed in every pass: %s", reason)
        return None
    network.reshard()
    heads = (*network.head_parameters, *network.head.parameters())
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    settled = ("lower", frozen, str(network.dtype), *([] if network.multiplied is None else [str(network.multiplied)]))
    weights = weights_key(network, settled, {id(p) for p in (*heads, *learning)})
    digest = hashlib.sha256(weights + b"".join(key for key, _ in keyed)).hexdigest()
    file = cache_folder() / "states" / f"{digest[:32]}.npy"
    if workers.agree(file.is_file()):
        logger.info("hidden states of the frozen layers read from %s", file)
    else:
        with filling(file, shape, workers) as rows:
            _fill(rows, network, frozen, trees, batch_tokens, workers)
    return _layout_of(network, ActivationCache(trees, np.load(file, mmap_mode="r")), frozen)


def _layout_of(network: RewardNetwork, cache: ActivationCache, frozen: int) -> CachedLayout:
    layout = _forest_layout(network)
    return CachedLayout(cache, frozen, attend=layout.attend, kinds=layout.kinds)


def _forest_layout(network: RewardNetwork) -> ForestLayout:
    layout = network.layout
    assert isinstance(layout, ForestLayout), "padded batches have no states by token"
    return layout


def _frozen_layers(network: RewardNetwork) -> int:
    """How many layers, from the first on, do not learn."""
    stack = layers(network)
    return sum(1 for _ in takewhile(lambda layer: not any(p.requires_grad for p in layer.parameters()), stack))


def _why_not(network: RewardNetwork, frozen: int, shape: tuple[int, int]) -> str | None:
    if not 0 < frozen < len(layers(network)):
        return f"{frozen} of {len(layers(network))} layers are frozen"
    if not network.layout.packed:
        return f"{type(network.model).__name__} cannot use forests"
    size = 4 * shape[0] * shape[1]
    if size > _MOST_BYTES:
        return f"their states would take more than {_MOST_BYTES / 1e9:.0f} GB"
    return _check(network, frozen)


@torch.no_grad()
def _check(network: RewardNetwork, frozen: int) -> str | None:
    """Hold this architecture to giving the same features from cached states, with other hands than they were cached
    from."""
    layout, trees = network.layout, check_trees(network)
    hands = [network.grow(tree.sequences[-2:], tree.types) for tree in trees]
    rows = np.empty((sum(map(len, trees)), network.config.get_text_config().hidden_size), np.float32)
    plain = network(hands)
    try:
        _fill(rows, network, frozen, trees, len(rows))
        network.layout = _layout_of(network, ActivationCache(trees, rows), frozen)
        cached = network(hands)
    except Exception as error:
        # Whatever an unknown architecture's layers are given and return, computing them serves it.
        return error_named(error)
    finally:
        network.layout = layout
    gap = relative_gap(plain, cached)
    tolerance = _TOLERANCE if network.multiplied is None else _TOLERANCE_OF_HALF
    return None if gap <= tolerance else f"from their states, features differ by {gap:.1e} of their size"


def _fill(
    rows: Float32[np.ndarray, "tokens hidden"],
    network: RewardNetwork,
    depth: int,
    trees: Sequence[Tree],
    batch_tokens: int,
    workers: Workers = ALONE,
) -> None:
    """Write what enters layer `depth` for every token of the trees, in order, to the rows: this worker's share."""
    network.eval()
    placed = _placed_trees(trees, batch_tokens)
    windows = [placed[start : start + _WINDOW] for start in range(0, len(placed), _WINDOW)]
    forests = [
        [window[i] for i in forest]
        for window in windows
        for forest in pack([len(tree) for tree, _, _ in window], batch_tokens)
    ]
    for first in range(0, len(forests), workers.count):
        # Whoever is left without a forest computes the last one too: sharded weights are gathered by all or none.
        number = first + workers.rank
        chosen = forests[min(number, len(forests) - 1)]
        entering = _entering(network, depth, [tree for tree, _, _ in chosen])
        if number >= len(forests):
            continue
        states = entering.float().cpu().numpy()
        for tree, trunk, branches in chosen:
            shared, length = len(tree.trunk), len(tree)
            rows[trunk : trunk + shared] = states[:shared]
            rows[branches : branches + length - shared] = states[shared:length]
            states = states[length:]


def _placed_trees(trees: Sequence[Tree], batch_tokens: int) -> list[tuple[Tree, int, int]]:
    """Trees of at most `batch_tokens` tokens, each with where its trunk's and its branches' rows start."""
    placed: list[tuple[Tree, int, int]] = []
    end = 0
    for tree in trees:
        start, end = end, end + len(tree.trunk)
        for part in tree.split(batch_tokens):
            placed.append((part, start, end))
            end += len(part) - len(part.trunk)
    return placed


@torch.no_grad()
def _entering(network: RewardNetwork, depth: int, trees: Sequence[Tree]) -> Float[Tensor, "tokens hidden"]:
    """The hidden states that enter layer `depth`, of a forest's tokens, tree after tree. No layer from there on is
    computed."""
    seen: list[States] = []

    def record(hidden_states: States) -> States:
        seen.append(hidden_states)
        return hidden_states

    layout, stack = _forest_layout(network), layers(network)
    forest = layout.plant(network, trees)
    with stand_ins(stack, range(depth, len(stack)), record):
        network(trees)
    return seen[0][0, forest.order]


@contextmanager
def stand_ins(stack: nn.ModuleList, numbers: range, answer: Callable[[States], States]) -> Iterator[None]:
    """Put stand-ins, which return `answer` of their hidden states, where these layers of a stack are."""
    originals = [stack[number] for number in numbers]
    try:
        for number, layer in zip(numbers, originals, strict=True):
            stack[number] = _StandIn(layer, answer)
        yield
    finally:
        for number, layer in zip(numbers, originals, strict=True):
            stack[number] = layer


class _StandIn(nn.Module):
    """Computes nothing of a layer, but knows what the layer knows: models ask their layers for more than a forward,
    ModernBERT for the kind of their attention."""

    def __init__(self, layer: nn.Module, answer: Callable[[States], States]) -> None:
        super().__init__()
        self.layer = layer
        self.answer = answer

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)

    def forward(self, hidden_states: States, *_: Any, **__: Any) -> States:
        return self.answer(hidden_states)


def _group_key(item: Rendered) -> bytes:
    return hashlib.sha256(b"".join(response_keys([item]))).digest()


def _tree_keys(tree: Tree) -> list[_Key]:
    types = [b""] * len(tree.branches) if tree.types is None else [array.tobytes() for array in tree.types]
    return list(zip((sequence.tobytes() for sequence in tree.sequences), types, strict=True))
