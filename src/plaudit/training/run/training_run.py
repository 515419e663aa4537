"""One training run: from an open folder to a saved model. What `train`, `pretrain` and `sft` have in common.

A `ResumableRun` whose learning is done by a trainer of transformers:

    run.open()
    trainer = Trainer(args=run.arguments(...))    what learns from what is each verb's own
    model = run.fit(trainer)                      progress, curves, checkpoints, the best weights
"""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import torch
from transformers import Trainer, TrainingArguments, set_seed

from plaudit.errors import InvalidInputError
from plaudit.model import CHECKPOINTS
from plaudit.training.run.optimizer import check_optimizer, optimizer_arguments
from plaudit.training.run.processes import refuse_other_launchers
from plaudit.training.run.resumable import ResumableRun
from plaudit.training.run.settings import RunSettings
from plaudit.training.run.trainer import find_reporters, multiplies_in_bf16, report_curves, run_trainer

S = TypeVar("S", bound=RunSettings)
Arguments = TypeVar("Arguments", bound=TrainingArguments)


class Schedule(NamedTuple):
    """When a run learns, evaluates and ends.

    Attributes:
        steps: optimiser steps in all.
        evaluate_every: steps between two evaluations, each a checkpoint.
        learning_rate: the peak, where the settings leave it open.
        validated: whether there is a validation set; without one the last weights are kept.
    """

    steps: int
    evaluate_every: int
    learning_rate: float
    validated: bool


class TrainingRun(ResumableRun[S]):
    """A run of a trainer of transformers."""

    @cached_property
    def _reporters(self) -> list[str]:
        return find_reporters(self.settings.report_to)

    def open(self) -> None:
        """Look at the folder, and at what the settings need of this machine.

        Raises:
            PlauditError: if the folder is taken, this machine has not what was asked for, or another tool is to shard
                the model.
        """
        refuse_other_launchers()
        check_optimizer(self.settings.optimizer)
        super().open()

    @property
    def bf16(self) -> bool:
        """Whether the run computes in mixed precision."""
        precision = self.settings.precision
        return precision == "bf16" or (precision == "auto" and multiplies_in_bf16())

    def arguments(self, kind: type[Arguments], schedule: Schedule, **more: Any) -> Arguments:
        """The arguments of transformers' trainer.

        Args:
            kind: `TrainingArguments`, or a subclass of it that a trainer wants.
            schedule: of the run.
            more: what depends on how batches are made.

        Raises:
            PlauditError: if transformers refuses what `trainer.NAME` asks for.
        """
        settings, use_cpu = self.settings, not torch.cuda.is_available()
        ours = {
            "output_dir": str(self.output / CHECKPOINTS),
            "learning_rate": settings.learning_rate or schedule.learning_rate,
            "lr_scheduler_type": "linear",
            "warmup_steps": round(schedule.steps * settings.warmup),
            "weight_decay": settings.weight_decay,
            "max_grad_norm": settings.max_grad_norm,
            **optimizer_arguments(settings.optimizer),
            "bf16": self.bf16,
            "use_cpu": use_cpu,
            "dataloader_pin_memory": not use_cpu,
            "ddp_find_unused_parameters": False,
            "eval_strategy": "steps" if schedule.validated else "no",
            "eval_steps": schedule.evaluate_every,
            "save_strategy": "steps",
            "save_steps": schedule.evaluate_every,
            "save_total_limit": 2,
            "load_best_model_at_end": schedule.validated,
            "metric_for_best_model": "eval_loss",
            "greater_is_better": False,
            "logging_steps": max(1, schedule.steps // 200),
            "logging_nan_inf_filter": False,
            "disable_tqdm": True,
            # TensorBoard's folder is ours to choose, so `fit` adds it.
            "report_to": [name for name in self._reporters if name != "tensorboard"],
            "seed": settings.seed,
        }
        try:
            arguments: Arguments = kind(**{**ours, **more, **settings.trainer})
        except (TypeError, ValueError) as error:
            if not settings.trainer:
                raise
            names = ", ".join(f"trainer.{name}" for name in settings.trainer)
            raise InvalidInputError(f"transformers refuses {names}: {' '.join(str(error).split())}") from error
        # One process computes on one GPU. transformers would copy the model to all it sees, and halve a forest to
        # share it.
        arguments._n_gpu = min(arguments.n_gpu, 1)
        return arguments

    def fit(self, trainer: Trainer) -> Any:
        """Train in the folder, and return the module that was trained, with its best weights, in evaluation mode.

        Raises:
            PlauditError: if a checkpoint cannot be written.
        """
        self.begin()
        report_curves(trainer, self.output, self._reporters)
        set_seed(self.settings.seed)
        run_trainer(trainer, self.output, self.checkpoint)
        self.steps = int(trainer.state.global_step)
        # Mixed precision wraps the forward pass while training. What is returned computes as the saved folder will.
        return trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False).eval()
