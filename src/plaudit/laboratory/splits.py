"""Train, validation and test sets of each run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from plaudit.data import clusters, signature, split_groups
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text
from plaudit.judgements import cluster_ids
from plaudit.text import counted

_VALIDATION_SHARE = 0.15
"""Of what is not tested: it selects the checkpoint and fits the temperature."""


@dataclass(frozen=True, slots=True)
class Split:
    """Three sets of groups that share no prompt (or no value of the field they were split by).

    Attributes:
        train: for the losses.
        validation: to select the checkpoint by, and to fit a temperature on.
        test: to measure on.
    """

    train: list[Group]
    validation: list[Group]
    test: list[Group]


def single_split(groups: Sequence[Group], test: float, seed: int, by: str) -> Split:
    """The split that `plaudit data split --test TEST --validation ... --by BY --seed SEED` makes."""
    parts = split_groups(groups, test, (1 - test) * _VALIDATION_SHARE, seed, by)
    return Split(train=parts["train"], validation=parts["validation"], test=parts["test"])


def cross_validation_splits(groups: Sequence[Group], count: int, seed: int, by: str) -> list[Split]:
    """Cross-validation: every group is tested on exactly once.

    Values of `by` (prompts with their near-duplicates, or a field of `meta`) are ordered by a hash of the seed and
    assigned to folds in turn, so that folds differ by one value at most.

    Raises:
        PlauditError: if there are too few values, or a group lacks the field.
    """
    units = _units(groups, by)
    shuffled = sorted(set(units), key=lambda unit: blake2b(f"{seed}\0{unit}".encode(), digest_size=8).digest())
    if not 2 <= count <= len(shuffled) or len(shuffled) < 3:
        what = counted(len(shuffled), f"different values of {by}")
        if by == "prompt":
            prompts = counted(len(shuffled), "different prompts")
            what = f"{prompts} in {counted(len(groups), 'groups')} (near-duplicates count as one)"
        allowed = f"can be 2 to {len(shuffled)}" if len(shuffled) > 2 else "needs 3 of them at least"
        raise InvalidInputError(f"there are {what}", remedy=f"folds is {count}, and {allowed}")
    splits = []
    for fold in range(count):
        test = set(shuffled[fold::count])
        rest = [unit for unit in shuffled if unit not in test]
        validation = set(rest[: max(1, round(_VALIDATION_SHARE * len(rest)))]) if len(rest) > 1 else set()
        split = Split(train=[], validation=[], test=[])
        for group, unit in zip(groups, units, strict=True):
            part = split.test if unit in test else split.validation if unit in validation else split.train
            part.append(group)
        splits.append(split)
    return splits


def subsample_responses(groups: Sequence[Group], limit: int, seed: int) -> list[Group]:
    """The groups with at most `limit` of their responses each, drawn at random, and the judgements among them.

    Example:
        >>> from plaudit.groups import Ranking
        >>> group = Group("q", "2 + 2?", ("4", "5", "6"), (Ranking(((0,), (1,), (2,))),))
        >>> [drawn] = subsample_responses([group], limit=2, seed=0)
        >>> drawn
        Group('q': 2 responses, 1 ranking)
    """
    numbers = np.random.default_rng(seed)
    return [
        group
        if len(group.responses) <= limit
        else group.among(sorted(numbers.choice(len(group.responses), limit, replace=False).tolist()))
        for group in groups
    ]


def _units(groups: Sequence[Group], by: str) -> list[int]:
    """A number for each group, shared by those that must stay together."""
    labels = cluster_ids(groups, None if by == "prompt" else by)
    if by != "prompt":
        return labels
    near = clusters(np.stack([signature(group.prompt) for group in groups]))
    # Blank prompts are all alike, which does not make them one prompt.
    return [
        int(cluster) if plain_text(group.prompt).strip() else len(groups) + label
        for group, label, cluster in zip(groups, labels, near, strict=True)
    ]
