"""The backbone of a training run: with a new head, what learns of it, and in as many processes as share it."""

from __future__ import annotations

import logging

import torch
from transformers import set_seed

from plaudit.errors import InvalidInputError
from plaudit.model import (
    Outputs,
    RewardModel,
    checking_a_copy,
    compile_layers,
    drops_out,
    freeze,
    frozen_in,
    settle_attention,
    use_liger,
)
from plaudit.training.reader import check_pooling
from plaudit.training.run.training_run import TrainingRun
from plaudit.training.settings import TrainingSettings
from plaudit.training.sharding import Shards, check_checkpoint, choose_sharding, shard
from plaudit.training.wishes import refuse_explicit

logger = logging.getLogger(__name__)


def open_backbone(
    run: TrainingRun[TrainingSettings], backbone: str, outputs: Outputs
) -> tuple[RewardModel, Shards | None]:
    """The model to train, and how it is sharded, where it is.

    Raises:
        PlauditError: if it cannot be loaded, or cannot be trained as the settings say.
    """
    settings = run.settings
    sharded = choose_sharding(settings, backbone, run.processes, run.device)
    check_checkpoint(run.checkpoint, sharded)
    shards = _open_sharded(run, backbone, outputs) if sharded else None
    model = _open(backbone, outputs, settings, run.device) if shards is None else shards.model
    dtype, longest = torch.bfloat16 if run.bf16 else None, model.renderer.max_length
    settle_attention(model.network, settings.attention, dtype=dtype, longest=longest, learns=True)
    if settings.gradient_checkpointing:
        inside = model.network.model
        # The name since transformers 5.23, and the one before, which now warns.
        enable = getattr(inside, "activation_checkpointing_enable", None) or inside.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    if settings.liger:
        use_liger(model.network)
    if settings.compile:
        compile_layers(model.network)
    return model, shards


def _open_sharded(run: TrainingRun[TrainingSettings], backbone: str, outputs: Outputs) -> Shards:
    settings = run.settings

    def open_whole() -> RewardModel:
        with checking_a_copy(run.device):
            model = _open(backbone, outputs, settings, torch.device("cpu"))
        if not model.network.layout.packed:
            # Batches of other lengths are passes of another number, and the processes would wait for ever.
            what = f"sharding=fsdp computes forests, and {type(model.network.model).__name__} cannot use them"
            raise InvalidInputError(what, remedy="use sharding=none")
        return model

    return shard(open_whole, run.device, torch.bfloat16 if run.bf16 else torch.float32)


def _open(backbone: str, outputs: Outputs, settings: TrainingSettings, device: torch.device) -> RewardModel:
    """The backbone with a new head, and what learns of it."""
    set_seed(settings.seed)
    with frozen_in(settings.weights):
        model = RewardModel.from_backbone(
            backbone,
            seed=settings.seed,
            max_length=settings.max_length,
            chat_template=settings.chat_template,
            trust_remote_code=settings.trust_remote_code,
            outputs=outputs,
            device=device,
        )
    network = model.network
    check_pooling(settings.pooling, network.causal)
    if not drops_out(network):
        refuse_explicit(settings, ("dropout",), f"is asked for, and {backbone} has no dropout")
    freeze(network, settings.trainable)
    network.layout = network.layout.within(settings.forward_tokens)
    return model
