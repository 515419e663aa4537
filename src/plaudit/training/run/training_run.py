"""One training run: from an open folder to a saved model. What `train`, `pretrain` and `sft` have in common.

    run = TrainingRun(output, settings, origin, resume=False, overwrite=False)
    with run.whole_or_gone(): ...                 around all of these: nothing half-made is left
    run.open()                                    refuse to tread on earlier work
    trainer = Trainer(args=run.arguments(...))    what learns from what is each verb's own
    model = run.fit(trainer)                      progress, curves, checkpoints, the best weights
    record = run.record(groups=100)               what the model was made from and how
    run.save(lambda: ...)                         the first process writes; the checkpoints are cleared

Started in several processes (`torchrun`), all of them do this together; only the first writes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

import torch
from accelerate import PartialState
from transformers import Trainer, TrainingArguments, set_seed

from plaudit.errors import InvalidInputError
from plaudit.model import CHECKPOINTS
from plaudit.training.run.folder import (
    begin,
    check_run_folder,
    clear,
    gone_without_checkpoint,
    old_logs,
    remove_logs,
)
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


class TrainingRun(Generic[S]):
    """A run's folder, settings, origin and processes.

    Args:
        output: the folder to write.
        settings: of the run.
        origin: what the run is of (backbone, data, ...), by name. A resumed run is held to it, and it stands in the
            run record, with the settings.
        resume: go on from the newest whole checkpoint.
        overwrite: replace what is there.

    Attributes:
        processes: how many processes share the run.
        is_main: whether this is the one that writes.
    """

    def __init__(
        self, output: str | Path, settings: S, origin: Mapping[str, Any], *, resume: bool, overwrite: bool
    ) -> None:
        self.output = Path(output)
        self.settings = settings
        self.origin = {**origin, "settings": settings.to_dict()}
        self._state = PartialState(cpu=not torch.cuda.is_available())
        self._resume, self._overwrite = resume, overwrite
        self._checkpoint: Path | None = None
        self._old_logs: list[str] = []
        self._began = False
        self._started = time.monotonic()
        self._steps = 0

    @property
    def processes(self) -> int:
        return int(self._state.num_processes)

    @property
    def is_main(self) -> bool:
        return bool(self._state.is_main_process)

    @property
    def device(self) -> torch.device:
        device: torch.device = self._state.device
        return device

    @cached_property
    def _reporters(self) -> list[str]:
        return find_reporters(self.settings.report_to)

    def whole_or_gone(self) -> AbstractContextManager[None]:
        """For all of a run: if it fails with nothing to resume, its folder is as it was."""
        return gone_without_checkpoint(self.output, lambda: self._began) if self.is_main else nullcontext()

    def open(self) -> None:
        """Look at the folder, to begin or to resume, and start the clock. Nothing is written before `fit`.

        Raises:
            PlauditError: if it holds something that may not be replaced, or cannot be resumed.
        """
        self._checkpoint = check_run_folder(self.output, self.origin, self._resume, self._overwrite)
        self._old_logs = old_logs(self.output, resumed=self._checkpoint is not None)
        self._started = time.monotonic()

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
            "bf16": settings.precision == "bf16" or (settings.precision == "auto" and multiplies_in_bf16()),
            "use_cpu": use_cpu,
            "dataloader_pin_memory": not use_cpu,
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
        # By now every process has looked at the folder.
        self._state.wait_for_everyone()
        if self.is_main and self._checkpoint is None:
            self._began = True
            begin(self.output, self.origin, self._old_logs)
        self._state.wait_for_everyone()
        report_curves(trainer, self.output, self._reporters)
        set_seed(self.settings.seed)
        run_trainer(trainer, self.output, self._checkpoint)
        self._steps = int(trainer.state.global_step)
        # Mixed precision wraps the forward pass while training. What is returned computes as the saved folder will.
        return trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False).eval()

    def record(self, **figures: Any) -> dict[str, Any]:
        """The run record: origin, figures, steps and seconds."""
        seconds = round(time.monotonic() - self._started, 1)
        return {**self.origin, **figures, "steps": self._steps, "seconds": seconds}

    def save(self, write: Callable[[], object]) -> None:
        """Let the first process write the model and clear the checkpoints; the others wait."""
        self._state.wait_for_everyone()
        if self.is_main:
            write()
            clear(self.output)
            remove_logs(self.output, self._old_logs)
            self._began = False
        self._state.wait_for_everyone()
