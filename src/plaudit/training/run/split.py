"""Which groups are trained on, and which are the validation set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Sequence
from typing import TypeVar

import numpy as np
import torch

from plaudit.data import GroupStore, held_out, hold_out, judgements_of, selected
from plaudit.errors import InvalidInputError
from plaudit.groups import Group, prompt_key
from plaudit.judgements import pairs_of
from plaudit.text import counted
from plaudit.training.group_targets import TargetReader
from plaudit.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

Item = TypeVar("Item")

# Fewer prompts or documents than this are too poor a judge to choose a checkpoint by; they teach more than they tell.
_FEWEST = 3


def split_validation(
    groups: Sequence[Group],
    validation_groups: Sequence[Group] | None,
    settings: TrainingSettings,
    reader: TargetReader,
) -> tuple[Sequence[Group], Sequence[Group]]:
    """Groups to train on and groups to validate on, each with something that the chosen losses can learn.

    Raises:
        PlauditError: if there is nothing to learn from, or to validate on.
    """
    usable = _judged(groups, reader)
    if not usable:
        ties_alone = " (ties alone say nothing to this loss, or are ignored)"
        reason = ties_alone if _count_ties(judgements_of(groups)) else ""
        raise InvalidInputError(f"no group has a ranking of two or more responses, or a rating, to learn from{reason}")
    _warn_of_ties(judgements_of(usable), settings, reader)
    if validation_groups is None:
        return _held_out(usable, settings)
    validation = _judged(validation_groups, reader)
    if not validation:
        raise InvalidInputError("no validation group has anything to compare")
    return usable, validation


def _held_out(groups: Sequence[Group], settings: TrainingSettings) -> tuple[Sequence[Group], Sequence[Group]]:
    """Groups whose prompts stay, and those whose prompts are held out."""
    # torch draws, not NumPy: the split is a part of what a seed stands for.
    generator = torch.Generator().manual_seed(settings.seed)

    def permutation(count: int) -> list[int]:
        order: list[int] = torch.randperm(count, generator=generator).tolist()
        return order

    share = settings.validation_share
    if not isinstance(groups, GroupStore):
        keys = [prompt_key(group, index) for index, group in enumerate(groups)]
        return hold_out_validation(groups, keys, share, permutation)
    units = groups.prompt_units()
    out = held_out(units, share, permutation, fewest=_FEWEST)
    if not out.any():
        _warn_of_few(int(units.max()) + 1, share)
        return groups, []
    return selected(groups, ~out), selected(groups, out)


def hold_out_validation(
    items: Sequence[Item], keys: Sequence[str], share: float, permutation: Callable[[int], Sequence[int]]
) -> tuple[list[Item], list[Item]]:
    """Items to train on and items to validate on; those that share a key stay on one side.

    Args:
        items: to be split.
        keys: what each belongs to: its prompt, its document.
        share: of the keys that is held out; none, with a warning, if that were fewer than three.
        permutation: draws an order of so many keys, of which the first are held out.

    Example:
        >>> hold_out_validation("abcdef", ["1", "1", "2", "3", "4", "5"], 0.6, lambda count: range(count))
        (['e', 'f'], ['a', 'b', 'c', 'd'])
    """
    train, validation = hold_out(items, keys, share, permutation, fewest=_FEWEST)
    if not validation:
        _warn_of_few(len(set(keys)), share)
    return train, validation


def _warn_of_few(prompts: int, share: float) -> None:
    if share:
        logger.warning(
            "%s: too few to hold a share of %g out for validation, so there will be no validation accuracy",
            counted(prompts, "prompts"),
            share,
        )


def _judged(groups: Sequence[Group], reader: TargetReader) -> Sequence[Group]:
    """The groups with something to learn from."""
    known: dict[Hashable, bool] = {}
    kept = np.empty(len(groups), dtype=bool)
    for number, group in enumerate(judgements_of(groups)):
        # Whether there is anything depends on how large the tiers are and on what is rated: few kinds of groups.
        tiers = frozenset(tuple(map(len, one.tiers)) for one in group.rankings)
        kind = tiers, frozenset(one.attribute for one in group.ratings)
        if kind not in known:
            known[kind] = len(reader(group)) > 0
        kept[number] = known[kind]
    if 0 < kept.sum() < len(groups):
        logger.warning("%d of %d groups have no judgement and are left out", len(groups) - kept.sum(), len(groups))
    return selected(groups, kept)


def _warn_of_ties(groups: Sequence[Group], settings: TrainingSettings, reader: TargetReader) -> None:
    if not any(group.ratings or any(len(ranking.tiers) > 1 for ranking in group.rankings) for group in groups):
        logger.warning("every ranking is one tie alone, so nothing can be told apart by them")
    if settings.ties == "ignore" and (ties := _count_ties(groups)):
        logger.warning("left out (ties=ignore): %s", counted(ties, "ties"))
    if not reader.loss.reads_lone_ties and (alone := _count_tied_rankings(groups)):
        logger.warning(
            "left out, because one tie alone says nothing to %s: %s", settings.loss, counted(alone, "rankings")
        )


def _count_ties(groups: Sequence[Group]) -> int:
    return sum(int(pairs_of(group.rankings).tie.sum()) for group in groups)


def _count_tied_rankings(groups: Sequence[Group]) -> int:
    return sum(len(ranking.tiers) == 1 and len(ranking.tiers[0]) > 1 for group in groups for ranking in group.rankings)
