"""What the responses of a batch share: equal ones are computed once, and those that begin alike have one trunk.

The batch decides, not the request: it does not matter which groups the responses stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from plaudit.forest import Tree, share_prefixes
from plaudit.model.network import RewardNetwork
from plaudit.model.rendering import Rendered

Tokens = Int[np.ndarray, " _"]
"""The token ids of one response with its prompt; each response has its own number of them."""


@dataclass(frozen=True, slots=True)
class Branches:
    """Different token sequences that are computed as one tree.

    Attributes:
        sequences: whole, one a response.
        types: their segment ids, for encoders that read them.
    """

    sequences: list[Tokens]
    types: list[Tokens]


@dataclass(frozen=True, slots=True)
class SharedBatch:
    """The different responses of a batch.

    Attributes:
        trees: which of them are computed as one tree.
        rows: for each response of the batch, which of the different ones it is, tree after tree.
    """

    trees: Sequence[Branches]
    rows: Int[np.ndarray, " responses"]


def share(items: Sequence[Rendered], *, trunks: bool) -> SharedBatch:
    """Find what the responses of rendered groups share.

    Args:
        items: the groups.
        trunks: whether common prefixes are computed once (decoders); else only equal responses are.
    """
    numbers: dict[bytes, int] = {}
    sequences: list[Tokens] = []
    types: list[Tokens] = []
    batch: list[int] = []
    for item in items:
        for index, sequence in enumerate(item.sequences):
            number = numbers.setdefault(item.key(index), len(numbers))
            if number == len(sequences):
                sequences.append(sequence)
                types.extend([] if item.types is None else [item.types[index]])
            batch.append(number)
    trees = share_prefixes(sequences) if trunks else [[number] for number in range(len(sequences))]
    place = np.empty(len(sequences), dtype=np.int64)
    place[[number for tree in trees for number in tree]] = np.arange(len(sequences))
    branches = [Branches([sequences[i] for i in tree], [types[i] for i in tree if types]) for tree in trees]
    return SharedBatch(branches, place[np.array(batch, dtype=np.int64)])


def grow_shared(
    network: RewardNetwork, items: Sequence[Rendered], batch_tokens: int
) -> tuple[list[Tree], Int[np.ndarray, " responses"]]:
    """The trees to compute for rendered groups: equal responses once, and no tree of more than `batch_tokens` tokens
    but for a single response.

    Returns:
        The trees; and for each response, which it is of theirs, tree after tree.

    Example:
        >>> from plaudit.groups import Group
        >>> from plaudit.model import open_model
        >>> model = open_model("my-model")
        >>> item = model.prepare(Group("q", "What is 2 + 2?", ("It is 4.", "No idea.", "It is 4.")))
        >>> trees, rows = grow_shared(model.network, [item], batch_tokens=4096)
        >>> [len(tree.branches) for tree in trees], rows.tolist()
        ([2], [0, 1, 0])
    """
    shared = share(items, trunks=network.causal)
    trees = [network.grow(tree.sequences, tree.types or None) for tree in shared.trees]
    return [part for tree in trees for part in tree.split(batch_tokens)], shared.rows
