"""Who may judge whom: groups that know each other (one prompt, near-duplicates, one debate) are held out together."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from plaudit.data import SLOTS, clusters, signature
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text, text_key

Ints = NDArray[np.int64]


def units(groups: Sequence[Group], by: str = "prompt") -> Ints:
    """A number for each group [G]; groups that must not judge each other share one.

    Groups that share a value of `by` do, and so do groups whose prompts are nearly the same, whatever `by` is. Blank
    prompts say nothing, so each is its own.

    Args:
        groups: [G].
        by: `prompt`, `subset` or a field of `meta`.

    Raises:
        PlauditError: for a group without that field.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first: dict[str, int] = {}
    leads = np.array([first.setdefault(_key(number, group, by), number) for number, group in enumerate(groups)])
    spoken = np.array([number for number, group in enumerate(groups) if plain_text(group.prompt).strip()], dtype=int)
    near = np.arange(len(groups))
    if len(spoken):
        rows = np.frombuffer(b"".join(signature(groups[i].prompt).tobytes() for i in spoken), np.uint16)
        labels = clusters(rows.reshape(-1, SLOTS))
        _, leader, cluster = np.unique(labels, return_index=True, return_inverse=True)
        near[spoken] = spoken[leader[cluster]]
    everyone = np.arange(len(groups))
    links = np.concatenate([everyone, everyone]), np.concatenate([leads, near])
    graph = coo_array((np.ones(len(links[0])), links), shape=(len(groups), len(groups)))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def deal_folds(unit: Ints, size: NDArray[np.float64], folds: int, seed: int) -> Ints:
    """The fold of each group [G]: whole units, shuffled, then the largest first to the lightest fold.

    Args:
        unit: [G].
        size: [G], how much each group weighs.
        folds: most folds; fewer where there are fewer units.
        seed: another seed is another deal (of units of one size).
    """
    weights = np.bincount(unit, size)
    count = min(folds, len(weights))
    order = np.random.default_rng(seed).permutation(len(weights))
    home, load = np.zeros(len(weights), dtype=np.int64), np.zeros(count)
    for one in order[np.argsort(-weights[order], kind="stable")]:
        home[one] = load.argmin()
        load[home[one]] += weights[one]
    return home[unit]


def _key(number: int, group: Group, by: str) -> str:
    if by == "prompt":
        return text_key(group.prompt) if plain_text(group.prompt).strip() else f"\0{number}"
    value = group.subset if by == "subset" else group.meta.get(by)
    if value is None:
        have = ", ".join(["prompt", *(["subset"] if group.subset else []), *group.meta])
        raise PlauditError(f"the group {group.id} has no {by!r} to hold out by; it has {have}")
    return json.dumps(value, sort_keys=True, default=str)
