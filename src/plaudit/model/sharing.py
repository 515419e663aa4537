"""What the responses of a batch share: equal ones are computed once, and those that begin alike have one trunk.

The batch decides, not the request: it does not matter which groups the responses stand in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from plaudit.forest import share_prefixes
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
