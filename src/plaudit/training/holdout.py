"""Which groups are learned from, and which are watched."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import torch

from plaudit.data.merge import text_key
from plaudit.errors import PlauditError
from plaudit.groups import Group, plain_text
from plaudit.training.hands import Comparisons
from plaudit.training.settings import TrainingSettings

logger = logging.getLogger(__name__)

# Fewer prompts than this are too poor a judge to choose a checkpoint by; they teach more than they tell.
_FEWEST_HELD_OUT = 3


def divide(
    groups: Sequence[Group], eval_groups: Sequence[Group] | None, settings: TrainingSettings
) -> tuple[list[Group], list[Group]]:
    """Groups to learn from and groups to watch, each with something to compare."""
    usable = _with_comparisons(groups, settings.ties)
    if not usable:
        raise PlauditError(
            "no group has a ranking of two or more responses to learn from"
            + (" (ties are not learned from, as ties=ignore asks)" if settings.ties == "ignore" else "")
            + "; ratings become rankings with `plaudit data convert --rankings-from-ratings`"
        )
    if eval_groups is not None:
        watched = _with_comparisons(eval_groups, settings.ties)
        if not watched:
            raise PlauditError(f"none of the {len(eval_groups)} held-out groups has anything to compare")
        return usable, watched
    if settings.ties == "ignore" and (ties := sum(int(Comparisons.of(group).tie.sum()) for group in usable)):
        logger.warning("%d ties are left out (ties=ignore)", ties)
    return _hold_out(usable, settings.holdout, settings.seed)


def _with_comparisons(groups: Sequence[Group], ties: str) -> list[Group]:
    usable = [group for group in groups if len(Comparisons.of(group, ties))]
    if 0 < len(usable) < len(groups):
        logger.warning("%d of %d groups have no comparison and are left out", len(groups) - len(usable), len(groups))
    return usable


def _hold_out(groups: list[Group], share: float, seed: int) -> tuple[list[Group], list[Group]]:
    """Keep a share of the prompts apart; groups with the same prompt stay on one side."""
    prompts = [
        text_key(group.prompt) if plain_text(group.prompt).strip() else f"\0{index}"
        for index, group in enumerate(groups)
    ]
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
