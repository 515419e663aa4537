"""What each run learns from, what it watches, and what it is measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from plaudit.data import clusters, signature, split_groups
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text
from plaudit.judgements import cluster_ids

# Share of what is not tested that chooses the checkpoint and fits the temperature.
_WATCHED = 0.15


@dataclass(frozen=True, slots=True)
class Split:
    """Three sets of groups that share no prompt (or no value of the field they were divided by).

    Attributes:
        learn: for the losses.
        watch: to choose the checkpoint by, and to fit a temperature on.
        test: to measure on.
    """

    learn: list[Group]
    watch: list[Group]
    test: list[Group]


def one_split(groups: Sequence[Group], test: float, seed: int, by: str) -> list[Split]:
    """The split that `plaudit data split --test TEST --validation ... --by BY --seed SEED` makes."""
    sides = split_groups(groups, test, (1 - test) * _WATCHED, seed, by)
    return [Split(sides["train"], sides["validation"], sides["test"])]


def folds(groups: Sequence[Group], count: int, seed: int, by: str) -> list[Split]:
    """Cross-validation: every group is tested on exactly once.

    Values of `by` (prompts with their near-duplicates, or a field of `meta`) are ordered by a hash of the seed and
    dealt in turn, so that folds differ by one value at most.

    Raises:
        PlauditError: if there are too few values, or a group lacks the field.
    """
    units = _units(groups, by)
    known = sorted(set(units), key=lambda unit: blake2b(f"{seed}\0{unit}".encode(), digest_size=8).digest())
    if not 2 <= count <= len(known) or len(known) < 3:
        what = f"{len(known)} different values of {by}"
        if by == "prompt":
            what = f"{len(known)} different prompts in {len(groups)} groups (near-duplicates count as one)"
        allowed = f"can be 2 to {len(known)}" if len(known) > 2 else "needs 3 of them at least"
        raise PlauditError(f"there are {what}; folds is {count}, and {allowed}")
    parts = []
    for fold in range(count):
        tested = set(known[fold::count])
        rest = [unit for unit in known if unit not in tested]
        watched = set(rest[: max(1, round(_WATCHED * len(rest)))]) if len(rest) > 1 else set()
        sides: tuple[list[Group], list[Group], list[Group]] = ([], [], [])
        for group, unit in zip(groups, units, strict=True):
            sides[2 if unit in tested else 1 if unit in watched else 0].append(group)
        parts.append(Split(*sides))
    return parts


def thinned(groups: Sequence[Group], most: int, seed: int) -> list[Group]:
    """The groups with at most `most` of their responses each, drawn by the seed, and the judgements among them."""
    numbers = np.random.default_rng(seed)
    return [
        group
        if len(group.responses) <= most
        else group.among(sorted(numbers.choice(len(group.responses), most, replace=False).tolist()))
        for group in groups
    ]


def _units(groups: Sequence[Group], by: str) -> list[int]:
    """A number for each group, shared by those that must stay together."""
    own = cluster_ids(groups, None if by == "prompt" else by)
    if by != "prompt":
        return own
    near = clusters(np.stack([signature(group.prompt) for group in groups]))
    # Prompts without text are all alike, and say nothing of being one.
    return [
        int(cluster) if plain_text(group.prompt).strip() else len(groups) + unit
        for group, unit, cluster in zip(groups, own, near, strict=True)
    ]
