"""What the responses of a batch share: equal ones are computed once, and one prompt's have one trunk.

The batch decides, not the request: it does not matter which groups the responses stand in. Groups with the same prompt
grow one tree where that saves tokens. Prompts that only begin alike (a system message) keep a tree each: one trunk for
them would save those few tokens alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Int

from plaudit.groups import Group, plain_text, prompt_key
from plaudit.model.rendering import Rendered

Tokens = Int[np.ndarray, " _"]
"""The token ids of one response with its prompt; each response has its own number of them."""


@dataclass(slots=True)
class Branches:
    """Different token sequences that are computed as one tree.

    Attributes:
        numbers: which of the batch's different responses these are.
        sequences: whole, one a response.
        types: their segment ids, for encoders that read them.
        shared: length of the prefix they have in common, which leaves each a token of its own.
    """

    numbers: list[int] = field(default_factory=list)
    sequences: list[Tokens] = field(default_factory=list)
    types: list[Tokens] = field(default_factory=list)
    shared: int = 0


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
    numbers: dict[tuple[bytes, bytes], int] = {}
    batch: list[int] = []
    trees: list[Branches] = []
    last_tree: dict[str, Branches] = {}
    for item in items:
        branches = _new_branches(item, numbers, batch)
        if not branches.sequences:
            continue
        branches.shared = _shared(branches.sequences) if trunks else 0
        prompt = _prompt_key(item.group) if trunks else None
        if prompt is None or prompt not in last_tree or not _join(last_tree[prompt], branches):
            trees.append(branches)
            if prompt is not None:
                last_tree[prompt] = branches
    order = np.array([number for tree in trees for number in tree.numbers], dtype=np.int64)
    row = np.empty(len(order), dtype=np.int64)
    row[order] = np.arange(len(order))
    return SharedBatch(trees, row[np.array(batch, dtype=np.int64)])


def _new_branches(item: Rendered, numbers: dict[tuple[bytes, bytes], int], batch: list[int]) -> Branches:
    """The group's responses that are new to the batch. `batch` gets all their numbers, `numbers` the new ones."""
    branches = Branches()
    for sequence, types in zip(item.sequences, item.types or [None] * len(item.sequences), strict=True):
        key = (sequence.tobytes(), b"" if types is None else types.tobytes())
        if key not in numbers:
            numbers[key] = len(numbers)
            branches.numbers.append(numbers[key])
            branches.sequences.append(sequence)
            branches.types.extend([] if types is None else [types])
        batch.append(numbers[key])
    return branches


def _prompt_key(group: Group) -> str | None:
    """What groups with the same prompt have in common; None for a group without one."""
    return prompt_key(group) if plain_text(group.prompt).strip() else None


def _join(tree: Branches, group: Branches) -> bool:
    """Add a group's branches to a tree, if one trunk for all costs fewer tokens than two."""
    shared = _shared([tree.sequences[0], *group.sequences])
    if len(tree.sequences) > 1:
        shared = min(shared, tree.shared)
    a, b = len(tree.sequences), len(group.sequences)
    # n sequences with a trunk of t tokens cost (n - 1) t tokens less than without.
    saved = shared * (a + b - 1) - tree.shared * (a - 1) - group.shared * (b - 1)
    if saved <= 0:
        return False
    tree.numbers.extend(group.numbers)
    tree.sequences.extend(group.sequences)
    tree.types.extend(group.types)
    tree.shared = shared
    return True


def _shared(sequences: Sequence[Tokens]) -> int:
    """Length of the longest common prefix that leaves each sequence a token."""
    length = min(map(len, sequences)) - 1
    for other in sequences[1:]:
        differs = np.flatnonzero(sequences[0][:length] != other[:length])
        length = int(differs[0]) if len(differs) else length
    return length
