"""The trainer of a model that is sharded over processes: how it is wrapped, and how its checkpoints are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from transformers.trainer import SCHEDULER_NAME

from plaudit.training.sharding import load_shards, save_shards
from plaudit.training.trainer import RewardTrainer


class ShardedRewardTrainer(RewardTrainer):
    """`RewardTrainer` for a network that `shard` has shared out. A checkpoint holds every process's share of what
    learns, and may be resumed in another number of processes."""

    def create_optimizer(self, model: Any = None) -> torch.optim.Optimizer:
        # What was scored before (states of frozen layers) has left weights gathered; the shares are what learns.
        self.reward_model.network.reshard()
        return super().create_optimizer(model)

    def _wrap_model(self, model: nn.Module, *_: Any, **__: Any) -> nn.Module:
        """As it is: accelerate would average gradients that are averaged already; the network knows its precision."""
        vars(model)["_is_accelerate_prepared"] = True
        return model

    def figures(self) -> dict[str, float]:
        figures = super().figures()
        self.reward_model.network.reshard()
        return figures

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Only the folder: the weights are written with the optimiser's states. transformers remembers a checkpoint as
        the best if its folder is there by now, and would keep an earlier one."""
        if output_dir is not None:
            Path(output_dir).mkdir(parents=True, exist_ok=True)

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        save_shards(self.reward_model.network, self.optimizer.optimizer, Path(output_dir))
        if self.args.should_save:
            torch.save(self.lr_scheduler.state_dict(), Path(output_dir) / SCHEDULER_NAME)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        """Nothing: the weights are read with the optimiser's states."""

    def _load_optimizer_and_scheduler(self, checkpoint: str | None) -> None:
        if checkpoint is not None:
            load_shards(self.reward_model.network, Path(checkpoint), self.optimizer.optimizer)
            self.lr_scheduler.load_state_dict(torch.load(Path(checkpoint) / SCHEDULER_NAME, weights_only=True))

    def _load_best_model(self) -> None:
        load_shards(self.reward_model.network, Path(self.state.best_model_checkpoint))
