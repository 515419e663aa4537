"""Folds that leak nothing: groups that share a prompt, a near-duplicate of it or a field are held out together."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from plaudit.data import SLOTS, clusters, deal_folds, signature
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text, prompt_key

PerGroup = Int[np.ndarray, " groups"]


def hold_out_units(groups: Sequence[Group], by: str = "prompt") -> PerGroup:
    """[G], the number of each group's hold-out unit; groups of one unit are never in different folds.

    Groups are of one unit if they share a value of `by`, or if their prompts are nearly the same, whatever `by` is.
    Blank prompts match nothing, so each is a unit of its own.

    Args:
        groups: [G].
        by: `prompt`, `subset` or a field of `meta`.

    Raises:
        InvalidInputError: for a group without that field.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    first: dict[str, int] = {}
    same_key = np.array([first.setdefault(_key(number, group, by), number) for number, group in enumerate(groups)])
    everyone = np.arange(len(groups))
    # Units are the connected components of the graph that links each group to the first of its key, and to the first of
    # its cluster of near-duplicate prompts.
    links = np.concatenate([everyone, everyone]), np.concatenate([same_key, _first_near_duplicates(groups)])
    graph = coo_array((np.ones(len(links[0])), links), shape=(len(groups), len(groups)))
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def assign_folds(unit: PerGroup, size: Float[np.ndarray, " groups"], folds: int, seed: int) -> PerGroup:
    """[G], the fold of each group: whole units, shuffled, then the largest first to the lightest fold.

    Args:
        unit: [G], the hold-out unit of each group.
        size: [G], how much each group weighs.
        folds: how many folds at most; there are never more than units.
        seed: of the shuffle, which breaks ties between units of one size.
    """
    weights = np.bincount(unit, size).astype(np.float64)
    fold_of_unit = deal_folds(weights, folds, np.random.default_rng(seed).permutation(len(weights)))
    return np.asarray(fold_of_unit[unit])


def _first_near_duplicates(groups: Sequence[Group]) -> PerGroup:
    """[G], the first group of each group's cluster of near-duplicate prompts."""
    first = np.arange(len(groups))
    prompted = np.array([number for number, group in enumerate(groups) if plain_text(group.prompt).strip()], dtype=int)
    if len(prompted):
        rows = np.frombuffer(b"".join(signature(groups[i].prompt).tobytes() for i in prompted), np.uint16)
        labels = clusters(rows.reshape(-1, SLOTS))
        _, leader, cluster = np.unique(labels, return_index=True, return_inverse=True)
        first[prompted] = prompted[leader[cluster]]
    return first


def _key(number: int, group: Group, by: str) -> str:
    if by == "prompt":
        return prompt_key(group, number)
    value = group.subset if by == "subset" else group.meta.get(by)
    if value is None:
        fields = ", ".join(["prompt", *(["subset"] if group.subset else []), *group.meta])
        raise InvalidInputError(f"the group {group.id} has no {by!r} to hold out by", remedy=f"it has {fields}")
    return json.dumps(value, sort_keys=True, default=str)
