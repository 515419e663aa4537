"""The same answers scored in another way: each function here gives scores that should be those of `rewards`."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from plaudit.groups import Group
from plaudit.model import Scorer, open_model
from plaudit.scoring import ScoredGroups

if TYPE_CHECKING:
    from plaudit.model import RewardModel, RewardNetwork

Rewards = list[list[float]]
"""One list a group, one number a response."""

LARGE = 16_384
"""Tokens of a forward pass that holds everything."""

PADDED_AT_ONCE = 8
"""Sequences of a padded batch for plain transformers."""

NO_NETWORK = "it has no network of its own"


class InapplicableError(Exception):
    """Why a scorer cannot be scored with in this way."""


def rewards(model: Scorer, groups: Sequence[Group], **options: int) -> Rewards:
    """The scores as they are."""
    return ScoredGroups.of(model.score(groups, truncate_responses=True, **options)).per_group()


def _other_order(model: Scorer, groups: Sequence[Group]) -> Rewards:
    """The second half first: no group stays where it was."""
    half = len(groups) // 2
    rows = rewards(model, [*groups[half:], *groups[:half]])
    return [*rows[len(groups) - half :], *rows[: len(groups) - half]]


def _siblings_reversed(model: Scorer, groups: Sequence[Group]) -> Rewards:
    turned = [replace(group, responses=group.responses[::-1]) for group in groups]
    return [row[::-1] for row in rewards(model, turned)]


def _alone(model: Scorer, groups: Sequence[Group]) -> Rewards:
    # Each in a batch of its own: groups that share a prompt share its computation.
    return [[rewards(model, [group.among([i])])[0][0] for i in range(len(group.responses))] for group in groups]


def _padded(model: Scorer, groups: Sequence[Group]) -> Rewards:
    """Without forests, in padded batches."""
    network = _reward_model(model).network
    if not network.layout.packed:
        raise InapplicableError("this architecture is always padded")
    with _without_forests(network):
        return rewards(model, groups)


def _plain(model: Scorer, groups: Sequence[Group], side: str) -> Rewards:
    """transformers' own classification model, in batches padded on one side."""
    import torch

    reward_model = _reward_model(model)
    network = reward_model.network
    if not network.outputs.plain:
        raise InapplicableError("its heads stand beside the checkpoint's own until it is saved")
    if side == "left" and not network.causal:
        raise InapplicableError("an encoder reads the first token, so padding stands on the right")
    items = list(reward_model.prepare_all(groups, truncate_responses=True))
    rows = [{"input_ids": tokens.tolist()} for item in items for tokens in item.sequences]
    for row, types in zip(rows, (types for item in items for types in item.types or ()), strict=False):
        row["token_type_ids"] = types.tolist()
    logits: list[float] = []
    with _without_forests(network), torch.no_grad():
        for start in range(0, len(rows), PADDED_AT_ONCE):
            batch = rows[start : start + PADDED_AT_ONCE]
            inputs = reward_model.tokenizer.pad(batch, return_tensors="pt", padding_side=side)
            logits += network.model(**inputs.to(network.device)).logits[:, 0].float().tolist()
    each = iter(logits)
    return [[next(each) for _ in group.responses] for group in groups]


def _other_precision(model: Scorer, groups: Sequence[Group]) -> Rewards:
    """In bfloat16, or in float32 where the model is in half precision. Needs room for a second copy of the weights."""
    import torch

    reward_model = copy.copy(_reward_model(model))
    full = reward_model.network.dtype in (torch.float32, torch.float64)
    reward_model.network = copy.deepcopy(reward_model.network).to(torch.bfloat16 if full else torch.float32)
    return rewards(reward_model, groups)


def _loaded(model: Scorer, groups: Sequence[Group]) -> Rewards:
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "model"
        try:
            # Saving notes a new record on the scorer: that of the copy.
            copy.copy(model).save(target)
        except NotImplementedError:
            raise InapplicableError("it cannot be saved") from None
        return rewards(open_model(target), groups)


Rescoring = Callable[[Scorer, Sequence[Group]], Rewards]

RESCORINGS: Mapping[str, Rescoring] = {
    "again": rewards,
    "one response a batch": partial(rewards, batch_tokens=1),
    "everything in one batch": partial(rewards, batch_tokens=LARGE),
    "groups in another order": _other_order,
    "siblings in reverse": _siblings_reversed,
    "without siblings": _alone,
    "padded no forest": _padded,
    "transformers padded right": partial(_plain, side="right"),
    "transformers padded left": partial(_plain, side="left"),
    "other precision": _other_precision,
    "saved and loaded": _loaded,
}
"""What is changed -> how the scores are made. Raises InapplicableError where a scorer has no such way."""


def in_half_precision(model: Scorer) -> bool:
    """Whether the scorer computes in 16 bits."""
    network = getattr(model, "network", None)
    return network is not None and network.dtype.itemsize < 4


def _reward_model(model: Scorer) -> RewardModel:
    from plaudit.model import RewardModel

    if not isinstance(model, RewardModel):
        raise InapplicableError(NO_NETWORK)
    return model


@contextmanager
def _without_forests(network: RewardNetwork) -> Iterator[None]:
    """The network as plain transformers computes it, with the attention that every architecture has."""
    from plaudit.model import PaddedLayout

    layout = network.layout
    network.eval()
    if layout.packed:
        network.layout = PaddedLayout(attention="eager")
    try:
        yield
    finally:
        network.layout = layout
