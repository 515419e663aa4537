"""Training, whole: groups in, a saved reward model out."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import EarlyStoppingCallback, TrainingArguments, set_seed

from plaudit.groups import Group
from plaudit.model import Rendered, RewardModel, Scorer, cached_features, cached_layout, freeze, is_baseline
from plaudit.storage import data_hash
from plaudit.training.baselines import fit_baselines
from plaudit.training.card import model_card
from plaudit.training.linear import train_linear
from plaudit.training.plan import check_pooling, plan
from plaudit.training.run.folder import CHECKPOINTS, clear, open_folder
from plaudit.training.run.split import split_validation
from plaudit.training.run.trainer import find_reporters, multiplies_in_bf16, report_curves, run_trainer
from plaudit.training.run.warnings import warnings
from plaudit.training.settings import TrainingSettings
from plaudit.training.steps import Steps
from plaudit.training.trainer import RewardTrainer

logger = logging.getLogger(__name__)

# A text of which more than this share cannot be read is not what people judged.
_MOST_UNKNOWN = 0.1


def train(
    groups: Sequence[Group],
    output_dir: str | Path,
    backbone: str | Path = "minilm-l6",
    *,
    validation_groups: Sequence[Group] | None = None,
    settings: TrainingSettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **changes: Any,
) -> Scorer:
    """Train a reward model and save it.

    Args:
        groups: with rankings, ratings or both; groups without any are left out, and counted in a warning.
        output_dir: the model folder. Checkpoints stand in its `checkpoints/` until the run is done, curves in `logs/`.
        backbone: a packaged backbone, a local folder, a hub id, or a reward model to train further; or a plain model,
            `length`, `bow` or `frozen:` and a backbone (docs/baselines.md).
        validation_groups: held-out groups to watch; None: a share `validation_share` of `groups`, chosen by the seed.
        settings: a TrainingSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace a model or an unfinished run that is there.

    Started in several processes (`torchrun`), each computes its share of every step, and the first writes the files.

    Returns:
        The trained model: its best checkpoint by held-out loss, if anything was held out.

    Raises:
        PlauditError: if there is nothing to learn from, the folder is taken, or a setting makes no sense.
    """
    settings = (settings or TrainingSettings()).with_changes(changes, "train()")
    output = Path(output_dir)
    processes = PartialState(cpu=not torch.cuda.is_available())
    if not processes.is_main_process:
        logging.getLogger("plaudit").setLevel(logging.ERROR)
    if is_baseline(backbone):
        main = processes.is_main_process
        return train_linear(groups, output, str(backbone), validation_groups, settings, resume, overwrite, main)
    judge = plan(groups, settings)
    learn, watch = split_validation(groups, validation_groups, settings, judge)
    origin = {
        "backbone": str(backbone),
        "data": data_hash(groups),
        "validation_data": None if validation_groups is None else data_hash(validation_groups),
        "settings": settings.to_dict(),
    }
    checkpoint = open_folder(output, origin, resume, overwrite, processes.is_main_process)

    set_seed(settings.seed)
    model = RewardModel.from_backbone(
        backbone,
        seed=settings.seed,
        max_length=settings.max_length,
        chat_template=settings.chat_template,
        trust_remote_code=settings.trust_remote_code,
        outputs=judge.outputs,
    )
    network = model.network
    check_pooling(settings.pooling, network.causal)
    freeze(network, settings.trainable)
    if settings.gradient_checkpointing:
        inside = network.model
        # The name since transformers 5.23, and the one before, which now warns.
        enable = getattr(inside, "activation_checkpointing_enable", None) or inside.gradient_checkpointing_enable
        enable({"use_reentrant": False})
    network.layout = layout = network.layout.within(settings.batch_tokens)
    items = _render(model, learn, settings)
    held_out = _render(model, watch, settings)
    # A frozen backbone says the same of a response every time it is asked.
    frozen = settings.trainable == "head" and not settings.dropout
    if settings.trainable.startswith("last:"):
        every = [*items, *held_out]
        network.layout = cached_layout(model, every, settings.batch_tokens, dropout=settings.dropout) or layout
    steps = Steps(
        items,
        [judge(item.group, number) for number, item in enumerate(items)],
        network,
        settings,
        shares=processes.num_processes,
        features=cached_features(model, items, settings.batch_tokens) if frozen else None,
    )
    reporters = find_reporters(settings.report_to)
    hidden_size = network.config.get_text_config().hidden_size
    arguments = _arguments(output, settings, steps, hidden_size, bool(held_out), reporters)
    watched = cached_features(model, held_out, settings.batch_tokens) if frozen and held_out else None
    trainer = RewardTrainer(
        model, settings, judge, held_out, held_out_features=watched, args=arguments, train_dataset=steps
    )
    report_curves(trainer, output, reporters)
    if held_out and settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))

    started = time.monotonic()
    run_trainer(trainer, output, checkpoint)
    # Mixed precision wraps the forward pass while training. What is returned scores as the saved folder will.
    trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    network.eval()
    trainer.learn_of_annotators()
    metrics: dict[str, float] = {}
    if held_out:
        raw = trainer.held_out_outputs()
        metrics = trainer.held_out_metrics(raw)
        rewards = judge.outputs.rewards(raw).mean(1).tolist()
        if any(group.rankings for group in watch):
            for warning in warnings([item.group for item in held_out], _per_group(held_out, rewards)):
                logger.warning(warning)
    network.layout = layout
    model.record = {
        **model.record,
        **origin,
        "groups": len(learn),
        "validation": {"groups": len(watch), **metrics},
        **trainer.annotator_record(),
        "steps": trainer.state.global_step,
        "seconds": round(time.monotonic() - started, 1),
    }
    processes.wait_for_everyone()
    if processes.is_main_process:
        model.save(output, card=model_card(model.record, judge.outputs))
        fit_baselines(learn, output, settings)
        clear(output)
    processes.wait_for_everyone()
    return model


def _render(model: RewardModel, groups: Sequence[Group], settings: TrainingSettings) -> list[Rendered]:
    items = list(model.renderer.render(groups, truncate_responses=settings.truncate_responses))
    for what, cut in (("prompt", "prompt_cut"), ("response", "response_cut")):
        if count := sum(sum(getattr(item, cut)) for item in items):
            logger.warning("%d responses have their %s cut to fit %d tokens", count, what, model.renderer.max_length)
    if (unknown := _unknown(items, model.tokenizer.unk_token_id)) > _MOST_UNKNOWN:
        logger.warning(
            "%.0f%% of the tokens are words that this backbone does not know, and all look alike to it: "
            "take a backbone that reads this language",
            100 * unknown,
        )
    return items


def _unknown(items: Sequence[Rendered], token: int | None) -> float:
    """The share of unknown tokens; 0 for a tokenizer that knows everything."""
    tokens = sum(len(sequence) for item in items for sequence in item.sequences)
    if token is None or not tokens:
        return 0.0
    return sum(int((sequence == token).sum()) for item in items for sequence in item.sequences) / tokens


def _arguments(
    output: Path, settings: TrainingSettings, steps: Steps, hidden_size: int, watched: bool, reporters: list[str]
) -> TrainingArguments:
    total = steps.steps_per_epoch * settings.epochs
    every = max(1, min(total, round(steps.steps_per_epoch * settings.evaluate_every)))
    use_cpu = not torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(output / CHECKPOINTS),
        max_steps=total,
        per_device_train_batch_size=1,
        learning_rate=settings.learning_rate or _learning_rate(settings.trainable, hidden_size),
        warmup_steps=round(total * settings.warmup),
        lr_scheduler_type="linear",
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        bf16=settings.precision == "bf16" or (settings.precision == "auto" and multiplies_in_bf16()),
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
        report_to=[name for name in reporters if name != "tensorboard"],
        seed=settings.seed,
        accelerator_config={"dispatch_batches": False, "even_batches": False},
        ddp_find_unused_parameters=False,
        restore_callback_states_from_checkpoint=True,
    )
    # One process computes on one GPU. transformers would copy the model to all it sees, and halve a forest to share it.
    arguments._n_gpu = min(arguments.n_gpu, 1)
    return arguments


def _learning_rate(trainable: str, hidden_size: int) -> float:
    """0.03 / hidden size: wider models want smaller steps (Yang et al. 2022). Adapters start from nothing and take
    larger ones."""
    return (0.3 if trainable.startswith("lora") else 0.03) / hidden_size


def _per_group(items: Sequence[Rendered], scores: Sequence[float]) -> list[list[float]]:
    values = iter(scores)
    return [[next(values) for _ in item.sequences] for item in items]
