"""What every run of a `transformers.Trainer` here shares: its arithmetic, where curves go, how it ends early."""

from __future__ import annotations

import errno
import logging
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

import torch
from transformers import PrinterCallback, ProgressCallback, Trainer
from transformers.integrations import TensorBoardCallback

from plaudit.errors import InvalidInputError
from plaudit.logs import muted
from plaudit.training.run.folder import how_to_go_on
from plaudit.training.run.progress import progress

logger = logging.getLogger(__name__)

Batch = TypeVar("Batch")


def multiplies_in_bf16() -> bool:
    """Whether this machine has bf16 arithmetic, which `precision=auto` then uses."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def default_learning_rate(hidden_size: int, *, from_nothing: bool) -> float:
    """0.03 / hidden size: wider models want smaller steps (Yang et al. 2022, "Tensor Programs V").

    Args:
        hidden_size: of the network.
        from_nothing: whether what learns starts from nothing (adapters, a network from scratch): ten times the rate.
    """
    return (0.3 if from_nothing else 0.03) / hidden_size


def find_reporters(names: str) -> list[str]:
    """Where curves go, out of names by comma; TensorBoard only where it is installed."""
    wanted = [name.strip() for name in names.split(",") if name.strip() not in ("", "none")]
    if "tensorboard" in wanted and find_spec("tensorboard") is None:
        logger.warning("no curves are written: TensorBoard is not installed (pip install 'plaudit[tensorboard]')")
        wanted.remove("tensorboard")
    return wanted


def report_curves(trainer: Trainer, output: Path, reporters: list[str]) -> None:
    """Send curves to `output`/logs if TensorBoard is among the reporters, and let our own progress speak alone."""
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    if "tensorboard" in reporters:
        curves = TensorBoardCallback()
        curves.logging_dir = curves.logging_dir or str(output / "logs")
        trainer.add_callback(curves)


def run_trainer(trainer: Trainer, output: Path, checkpoint: Path | None) -> None:
    """Train, from a checkpoint if there is one, and say what an interrupt or a full disk has left.

    Raises:
        PlauditError: if a checkpoint cannot be written, or a file cannot be read.

    Example:
        >>> from transformers import Trainer
        >>> run_trainer(Trainer(model, arguments), Path("my-run"), checkpoint=None)  # doctest: +SKIP
    """
    try:
        with progress() as display, muted("transformers", "huggingface_hub"):
            if trainer.is_world_process_zero():
                trainer.add_callback(display)
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except KeyboardInterrupt:
        logger.warning("interrupted at step %d; %s", trainer.state.global_step, how_to_go_on(output))
        raise
    except (OSError, RuntimeError) as error:
        if _is_full_disk(error):
            what = f"writing a checkpoint to {output} failed ({error}); earlier checkpoints are whole"
            remedy = "make room and go on with --resume"
        elif isinstance(error, OSError):
            what, remedy = f"the run stopped at step {trainer.state.global_step} ({error})", how_to_go_on(output)
        else:
            raise
        raise InvalidInputError(what, remedy=remedy) from error


def checkpointing_argument(config: type) -> str:
    """What the recomputing of activations, which TRL's trainers switch on, is called: another before transformers 5.23.

    Example:
        >>> from transformers import TrainingArguments
        >>> checkpointing_argument(TrainingArguments) in TrainingArguments.__dataclass_fields__
        True
    """
    fields: dict[str, object] = getattr(config, "__dataclass_fields__", {})
    new = "activation_checkpointing"
    return new if new in fields else "gradient_checkpointing"


def only_batch(batches: list[Batch]) -> Batch:
    """A collator for data sets whose items are whole batches: transformers collates lists of one."""
    (batch,) = batches
    return batch


def _is_full_disk(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    return "No space left" in str(error) or "file write failed" in str(error)
