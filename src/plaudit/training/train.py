"""Training, whole: groups in, a saved reward model out."""

from __future__ import annotations

import json
import logging
import os
import shutil
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from transformers import EarlyStoppingCallback, PrinterCallback, ProgressCallback, TrainingArguments, set_seed

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import RECORD_FILE, RewardModel, data_hash, freeze
from plaudit.model.rendering import Rendered
from plaudit.training.card import model_card
from plaudit.training.diagnosis import warnings
from plaudit.training.progress import progress_for_terminal
from plaudit.training.settings import TrainingSettings
from plaudit.training.steps import Steps
from plaudit.training.trainer import RewardTrainer

logger = logging.getLogger(__name__)

_CHECKPOINTS = "checkpoints"
_RUN_FILE = "run.json"
_FEWEST_TO_HOLD_OUT = 10


def train(
    groups: Sequence[Group],
    output_dir: str | Path,
    backbone: str | Path = "minilm-l6",
    *,
    eval_groups: Sequence[Group] | None = None,
    settings: TrainingSettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **changes: Any,
) -> RewardModel:
    """Train a reward model and save it.

    Args:
        groups: with rankings; groups without any are left out, and counted in a warning.
        output_dir: the model folder. Checkpoints stand in its `checkpoints/` until the run is done, curves in `logs/`.
        backbone: a packaged backbone, a local folder, a hub id, or a reward model to train further.
        eval_groups: held-out groups to watch; None: a share `holdout` of `groups`, chosen by the seed.
        settings: a TrainingSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace a model or an unfinished run that is there.

    Returns:
        The trained model: its best checkpoint by held-out loss, if anything was held out.

    Raises:
        PlauditError: if there is nothing to learn from, the folder is taken, or a setting makes no sense.
    """
    settings = (settings or TrainingSettings()).with_changes(changes, "train()")
    output = Path(output_dir)
    checkpoint = _prepare_folder(output, resume, overwrite)
    learn, watch = _divide(groups, eval_groups, settings)
    origin = {"backbone": str(backbone), "data": data_hash(groups), "settings": settings.to_dict()}
    _remember(output, origin, checkpoint)

    set_seed(settings.seed)
    model = RewardModel.from_backbone(
        backbone,
        seed=settings.seed,
        max_length=settings.max_length,
        chat_template=settings.chat_template,
        trust_remote_code=settings.trust_remote_code,
    )
    network = model.network
    freeze(network, settings.trainable)
    if settings.gradient_checkpointing:
        network.model.gradient_checkpointing_enable({"use_reentrant": False})
    network.padded_budget = settings.batch_tokens
    items = _render(model, learn, settings)
    held_out = _render(model, watch, settings)
    steps = Steps(
        items,
        network,
        passes=settings.passes,
        hand=settings.hand,
        groups_per_step=settings.groups_per_step,
        batch_tokens=settings.batch_tokens,
        seed=settings.seed,
        shares=int(os.environ.get("WORLD_SIZE", "1")),
    )
    arguments = _arguments(output, settings, steps, network.config.get_text_config().hidden_size, bool(held_out))
    trainer = RewardTrainer(model, settings, held_out, args=arguments, train_dataset=steps)
    for callback in (PrinterCallback, ProgressCallback):
        trainer.remove_callback(callback)
    trainer.add_callback(progress_for_terminal())
    if held_out and settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))

    started = time.monotonic()
    _run(trainer, output, checkpoint)
    network.eval()
    scores = model.score_rendered(held_out, settings.batch_tokens)
    per_group = _per_group(held_out, scores)
    metrics = trainer.held_out_metrics() if held_out else {}
    if held_out:
        for warning in warnings([item.group for item in held_out], per_group):
            logger.warning(warning)
    model.record = {
        **model.record,
        **origin,
        "groups": len(learn),
        "held_out": {"groups": len(watch), **metrics},
        "steps": trainer.state.global_step,
        "seconds": round(time.monotonic() - started, 1),
    }
    if trainer.is_world_process_zero():
        model.save(output, card=model_card(model.record))
        shutil.rmtree(output / _CHECKPOINTS, ignore_errors=True)
    return model


def _prepare_folder(output: Path, resume: bool, overwrite: bool) -> Path | None:
    """Refuse to tread on earlier work; return the checkpoint to resume from, if any."""
    checkpoints = output / _CHECKPOINTS
    whole = _whole_checkpoints(checkpoints)
    if resume:
        if (output / RECORD_FILE).is_file() and not whole:
            raise PlauditError(f"the run in {output} is finished; there is nothing to resume")
        if not whole:
            logger.warning("%s holds no whole checkpoint; the run starts from the beginning", checkpoints)
        return whole[-1] if whole else None
    if not overwrite and (whole or (output / RECORD_FILE).is_file()):
        what = "an unfinished run (go on with --resume)" if whole else "a trained model"
        raise PlauditError(f"{output} holds {what}; choose another folder, or replace it with --overwrite")
    shutil.rmtree(checkpoints, ignore_errors=True)
    return None


def _whole_checkpoints(folder: Path) -> list[Path]:
    """Checkpoints that were written to the end, oldest first. transformers writes trainer_state.json last."""
    found = [path for path in folder.glob("checkpoint-*") if (path / "trainer_state.json").is_file()]
    return sorted(found, key=lambda path: int(path.name.rpartition("-")[2]))


def _remember(output: Path, origin: dict[str, Any], checkpoint: Path | None) -> None:
    """Write down what the run is of, or hold a resumed run to it."""
    file = output / _CHECKPOINTS / _RUN_FILE
    if checkpoint is not None and file.is_file():
        before = json.loads(file.read_text(encoding="utf-8"))
        for name in origin:
            if before[name] != origin[name]:
                raise PlauditError(
                    f"cannot resume {output}: its {name} was {_difference(before[name], origin[name])}; "
                    "resume with what it was started with, or start anew with --overwrite"
                )
        return
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(origin, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise PlauditError(f"cannot write to {output}: {error.strerror}; choose another folder with -o") from error


def _difference(before: Any, now: Any) -> str:
    if isinstance(before, dict):
        changed = [f"{name}={before.get(name)!r}, now {now[name]!r}" for name in now if before.get(name) != now[name]]
        return "; ".join(changed)
    return f"{before!r}, now {now!r}"


def _divide(
    groups: Sequence[Group], eval_groups: Sequence[Group] | None, settings: TrainingSettings
) -> tuple[list[Group], list[Group]]:
    """Groups to learn from and groups to watch, each with something to compare."""
    usable = [group for group in groups if _compares(group, settings)]
    if not usable:
        raise PlauditError(
            "no group has a ranking of two or more responses to learn from; "
            "ratings become rankings with `plaudit data convert --rankings-from-ratings`"
        )
    if len(usable) < len(groups):
        logger.warning("%d of %d groups have no comparison and are left out", len(groups) - len(usable), len(groups))
    if eval_groups is not None:
        return usable, [group for group in eval_groups if _compares(group, settings)]
    count = round(len(usable) * settings.holdout)
    if not count or len(usable) < _FEWEST_TO_HOLD_OUT:
        return usable, []
    generator = torch.Generator().manual_seed(settings.seed)
    order = torch.randperm(len(usable), generator=generator).tolist()
    held_out = set(order[:count])
    learn = [group for index, group in enumerate(usable) if index not in held_out]
    return learn, [usable[index] for index in sorted(held_out)]


def _compares(group: Group, settings: TrainingSettings) -> bool:
    return any(settings.ties != "ignore" or not tie for r in group.rankings for _, _, tie in r.comparisons())


def _render(model: RewardModel, groups: Sequence[Group], settings: TrainingSettings) -> list[Rendered]:
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    for what, cut in (("prompt", "prompt_cut"), ("response", "response_cut")):
        if count := sum(sum(getattr(item, cut)) for item in items):
            logger.warning("%d responses have their %s cut to fit %d tokens", count, what, model.renderer.max_length)
    return items


def _arguments(
    output: Path, settings: TrainingSettings, steps: Steps, hidden_size: int, watched: bool
) -> TrainingArguments:
    total = steps.steps_per_pass * settings.passes
    every = max(1, min(total, round(steps.steps_per_pass * settings.evaluate_every)))
    os.environ.setdefault("TENSORBOARD_LOGGING_DIR", str(output / "logs"))
    use_cpu = not torch.cuda.is_available()
    return TrainingArguments(
        output_dir=str(output / _CHECKPOINTS),
        max_steps=total,
        per_device_train_batch_size=1,
        learning_rate=settings.learning_rate or _learning_rate(settings.trainable, hidden_size),
        warmup_steps=round(total * settings.warmup),
        lr_scheduler_type="linear",
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        bf16=settings.precision == "bf16" or (settings.precision == "auto" and _multiplies_in_bf16()),
        use_cpu=use_cpu,
        dataloader_pin_memory=not use_cpu,
        eval_strategy="steps" if watched else "no",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=watched,
        metric_for_best_model="eval_loss",
        greater_is_better=False,
        logging_steps=max(1, total // 200),
        logging_nan_inf_filter=False,
        disable_tqdm=True,
        remove_unused_columns=False,
        report_to=_reporters(settings.report_to),
        seed=settings.seed,
        accelerator_config={"dispatch_batches": False, "even_batches": False},
        ddp_find_unused_parameters=False,
    )


def _learning_rate(trainable: str, hidden_size: int) -> float:
    """0.03 / hidden size: wider models want smaller steps (Yang et al. 2022). Adapters start from nothing and take
    larger ones."""
    return (0.3 if trainable.startswith("lora") else 0.03) / hidden_size


def _multiplies_in_bf16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


def _reporters(names: str) -> list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip() not in ("", "none")]
    if "tensorboard" in wanted and find_spec("tensorboard") is None:
        logger.warning("no curves are written: TensorBoard is not installed (pip install 'plaudit[tensorboard]')")
        wanted.remove("tensorboard")
    return wanted


def _run(trainer: RewardTrainer, output: Path, checkpoint: Path | None) -> None:
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except KeyboardInterrupt:
        if _whole_checkpoints(output / _CHECKPOINTS):
            logger.warning("interrupted at step %d; go on with --resume", trainer.state.global_step)
        raise
    except (OSError, RuntimeError) as error:
        if not _is_full_disk(error):
            raise
        raise PlauditError(
            f"writing a checkpoint to {output} failed ({error}); earlier checkpoints are whole: "
            "make room and go on with --resume"
        ) from error


def _is_full_disk(error: BaseException) -> bool:
    return isinstance(error, OSError) or "No space left" in str(error) or "file write failed" in str(error)


def _per_group(items: Sequence[Rendered], scores: Sequence[float]) -> list[list[float]]:
    values = iter(scores)
    return [[next(values) for _ in item.sequences] for item in items]
