"""Which groups are trained on, and which are the validation set."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from plaudit.data import hold_out
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
) -> tuple[list[Group], list[Group]]:
    """Groups to train on and groups to validate on, each with something that the chosen losses can learn.

    Raises:
        PlauditError: if there is nothing to learn from, or to validate on.
    """
    usable = _judged(groups, reader)
    if not usable:
        reason = " (ties alone say nothing to this loss, or are ignored)" if _count_ties(groups) else ""
        raise InvalidInputError(f"no group has a ranking of two or more responses, or a rating, to learn from{reason}")
    _warn_of_ties(usable, settings, reader)
    if validation_groups is None:
        # torch draws, not NumPy: the split is a part of what a seed stands for.
        generator = torch.Generator().manual_seed(settings.seed)
        return hold_out_validation(
            usable,
            [prompt_key(group, index) for index, group in enumerate(usable)],
            settings.validation_share,
            lambda count: torch.randperm(count, generator=generator).tolist(),
        )
    validation = _judged(validation_groups, reader)
    if not validation:
        raise InvalidInputError("no validation group has anything to compare")
    return usable, validation


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
    train, held_out = hold_out(items, keys, share, permutation, fewest=_FEWEST)
    if share and not held_out:
        logger.warning(
            "%s: too few to hold a share of %g out for validation, so there will be no validation accuracy",
            counted(len(set(keys)), "prompts"),
            share,
        )
    return train, held_out


def _judged(groups: Sequence[Group], reader: TargetReader) -> list[Group]:
    usable = [group for group in groups if len(reader(group))]
    if 0 < len(usable) < len(groups):
        logger.warning("%d of %d groups have no judgement and are left out", len(groups) - len(usable), len(groups))
    return usable


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
