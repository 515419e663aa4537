"""How large a forward pass may be on the GPU that a run has, where its settings leave that open."""

from __future__ import annotations

import logging

import torch

from plaudit.errors import InvalidInputError
from plaudit.model import RewardNetwork
from plaudit.training.planning.footprint import measure_costs
from plaudit.training.planning.memory import tokens_that_fit
from plaudit.training.run.processes import from_first
from plaudit.training.run.training_run import TrainingRun
from plaudit.training.settings import TrainingSettings
from plaudit.training.sharding import is_sharded

logger = logging.getLogger(__name__)


def settle_batch_tokens(run: TrainingRun[TrainingSettings], network: RewardNetwork) -> None:
    """Give a run on a GPU forests as large as its memory has room for, once its weights are there, unless its settings
    say how large. The first process decides for all; a resumed run, which may have another GPU, decides anew: what is
    learned is the same.

    Args:
        run: whose settings then say it.
        network: on its device, with its attention and what learns settled.
    """
    settings = run.settings
    if settings.batch_tokens is not None:
        return
    if tokens := from_first(lambda: _tokens(run, network, free_memory(run.device))):
        logger.info("batch_tokens=%d: what the GPU has room for", tokens)
        run.settings = settings.as_implied(batch_tokens=tokens)


def free_memory(device: torch.device) -> int | None:
    """Bytes of a GPU that nobody holds, with those that torch holds here and does not use; None for a CPU."""
    if device.type != "cuda":
        return None
    unused = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + unused


def _tokens(run: TrainingRun[TrainingSettings], network: RewardNetwork, free: int | None) -> int:
    """0 where the default stays: on a CPU, and where what a pass keeps cannot be told."""
    # Attention by segments copies a trunk's keys for each branch, as many as the data has.
    if free is None or not network.layout.packed or "segments" in network.layout.attention_name:
        return 0
    settings, sharded = run.settings, is_sharded(network)
    try:
        costs = measure_costs(network.config, network.outputs, settings.as_implied(compile=False), bf16=run.bf16)
    except InvalidInputError as error:
        logger.info("batch_tokens=%d: %s", settings.forward_tokens, error)
        return 0
    layers = int(network.config.get_text_config().num_hidden_layers)
    return tokens_that_fit(
        costs, settings, free, layers=layers, bf16=run.bf16, processes=run.processes, sharded=sharded, weights_held=True
    )
