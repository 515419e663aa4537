"""Which groups are learned from, and which are watched."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch

from plaudit.errors import InvalidInputError
from plaudit.groups import Group, plain_text, text_key
from plaudit.training.judged import Judge
from plaudit.training.settings import TrainingSettings
from plaudit.training.targets import ComparisonTargets

logger = logging.getLogger(__name__)

# Fewer prompts than this are too poor a judge to choose a checkpoint by; they teach more than they tell.
_FEWEST_HELD_OUT = 3


def split_validation(
    groups: Sequence[Group], validation_groups: Sequence[Group] | None, settings: TrainingSettings, judge: Judge
) -> tuple[list[Group], list[Group]]:
    """Groups to learn from and groups to watch, each with something that the chosen losses can learn."""
    usable = _telling(groups, judge)
    if not usable:
        why = " (ties alone say nothing to this loss, or are ignored)" if _ties(groups) else ""
        raise InvalidInputError(f"no group has a ranking of two or more responses, or a rating, to learn from{why}")
    if not any(group.ratings for group in usable) and not any(_decided(group) for group in usable):
        logger.warning("every ranking is one tie alone, so nothing can be told apart by them")
    if settings.ties == "ignore" and (ties := _ties(usable)):
        logger.warning("%d ties are left out (ties=ignore)", ties)
    if not judge.loss.ties and (alone := _tied_rankings(usable)):
        logger.warning(
            "%d rankings are one tie alone, which says nothing to %s, and are left out", alone, settings.loss
        )
    if validation_groups is None:
        return _hold_out(usable, settings.validation_share, settings.seed)
    watched = _telling(validation_groups, judge)
    if not watched:
        raise InvalidInputError(f"none of the {len(validation_groups)} held-out groups has anything to compare")
    return usable, watched


def _telling(groups: Sequence[Group], judge: Judge) -> list[Group]:
    usable = [group for group in groups if len(judge(group))]
    if 0 < len(usable) < len(groups):
        logger.warning("%d of %d groups have no judgement and are left out", len(groups) - len(usable), len(groups))
    return usable


def _ties(groups: Sequence[Group]) -> int:
    return sum(int(ComparisonTargets.of(group).tie.sum()) for group in groups)


def _decided(group: Group) -> bool:
    return any(len(ranking.tiers) > 1 for ranking in group.rankings)


def _tied_rankings(groups: Sequence[Group]) -> int:
    return sum(len(ranking.tiers) == 1 and len(ranking.tiers[0]) > 1 for group in groups for ranking in group.rankings)


def prompt_keys(groups: Sequence[Group]) -> list[str]:
    """A key for each group that groups of one prompt share. Groups without a prompt share none."""
    return [
        text_key(group.prompt) if plain_text(group.prompt).strip() else f"\0{index}"
        for index, group in enumerate(groups)
    ]


def _hold_out(groups: list[Group], share: float, seed: int) -> tuple[list[Group], list[Group]]:
    """Keep a share of the prompts apart; groups with the same prompt stay on one side."""
    prompts = prompt_keys(groups)
    known = list(dict.fromkeys(prompts))
    count = round(len(known) * share)
    if count < _FEWEST_HELD_OUT:
        if share:
            logger.warning(
                "%d prompts are too few to hold a share of %g out, so nothing will be known of the model",
                len(known),
                share,
            )
        return groups, []
    order = torch.randperm(len(known), generator=torch.Generator().manual_seed(seed)).tolist()
    apart = {known[index] for index in order[:count]}
    return (
        [group for group, prompt in zip(groups, prompts, strict=True) if prompt not in apart],
        [group for group, prompt in zip(groups, prompts, strict=True) if prompt in apart],
    )
