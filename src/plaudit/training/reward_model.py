"""Training, whole: groups in, a saved reward model out."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, TrainingArguments

from plaudit._arguments import checked
from plaudit.data import GroupStore, judgements_of, keep_groups
from plaudit.groups import Group
from plaudit.logs import muted
from plaudit.model import (
    Rendered,
    RewardModel,
    Scorer,
    cached_features,
    cached_layout,
    check_backbone,
    check_liger,
    is_baseline,
)
from plaudit.storage import data_hash
from plaudit.training.backbone import open_backbone
from plaudit.training.baselines import fit_baselines
from plaudit.training.card import model_card
from plaudit.training.group_targets import TargetReader, read_targets
from plaudit.training.linear import train_linear
from plaudit.training.planning.room import settle_batch_tokens
from plaudit.training.reader import target_reader
from plaudit.training.run.processes import MachineMates
from plaudit.training.run.rendering import groups_of_items, render_groups
from plaudit.training.run.split import split_validation
from plaudit.training.run.trainer import default_learning_rate
from plaudit.training.run.training_run import Schedule, TrainingRun
from plaudit.training.run.warnings import warnings
from plaudit.training.settings import TrainingSettings
from plaudit.training.sharded_trainer import ShardedRewardTrainer
from plaudit.training.sharding import is_sharded
from plaudit.training.steps import Steps
from plaudit.training.trainer import RewardTrainer
from plaudit.training.wishes import check_curves, check_run_wishes

logger = logging.getLogger(__name__)


@checked
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
        groups: with rankings, ratings or both; groups without any are left out, and counted in a warning. Of a large
            set (16 MiB of text) the groups and their tokens are kept on disk, in the cache; `plaudit.open_groups` reads
            files into such a set without holding them in memory first.
        output_dir: the model folder. Checkpoints stand in its `checkpoints/` until the run is done, curves in `logs/`.
        backbone: a packaged backbone, a local folder, a hub id, or a reward model to train further; or a baseline,
            `length`, `bow` or `frozen:` and a backbone (docs/baselines.md).
        validation_groups: to choose the checkpoint by; None: a share `validation_share` of `groups`, drawn by the seed.
        settings: a TrainingSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace a model or an unfinished run that is there.

    Started in several processes (`torchrun`), each computes its share of every step, and the first writes the files.

    Returns:
        The trained model: its best checkpoint by validation loss, if there is a validation set. Of a model that was
        sharded over processes, the first has it on the CPU, and the others have nothing that scores: open the folder.

    Raises:
        PlauditError: if there is nothing to learn from, the folder is taken, or a setting makes no sense.

    Example:
        >>> from plaudit.data import load_groups
        >>> model = train(load_groups("train.jsonl"), "a-new-model", "my-backbone", epochs=2, learning_rate=0.001)
        >>> [score.response for score in model.rank("What is 2 + 2?", ["No idea.", "It is 4."])]
        [1, 0]
    """
    check_backbone(backbone)
    groups = keep_groups(groups)
    validation_groups = None if validation_groups is None else keep_groups(validation_groups)
    settings = (settings or TrainingSettings()).with_changes(changes, "train()", ["validation_groups", "output_dir"])
    origin = {
        "backbone": str(backbone),
        "data": _hash(groups),
        "validation_data": None if validation_groups is None else _hash(validation_groups),
    }
    run = TrainingRun(output_dir, settings, origin, resume=resume, overwrite=overwrite)
    # A baseline has one best fit: no steps, no checkpoints, no validation set to choose one by.
    fit = train_linear if is_baseline(backbone) else train_network
    with muted("plaudit", when=not run.is_main), run.whole_or_gone():
        return fit(run, str(backbone), groups, validation_groups)


def train_network(
    run: TrainingRun[TrainingSettings],
    backbone: str,
    groups: Sequence[Group],
    validation_groups: Sequence[Group] | None,
) -> RewardModel:
    """`train` for a backbone that learns by gradient steps."""
    settings = run.settings
    reader = target_reader(judgements_of(groups), settings)
    train_groups, validation = split_validation(groups, validation_groups, settings, reader)
    check_run_wishes(settings, validated=bool(validation), validation_data=validation_groups is not None)
    check_curves(settings)
    if settings.liger:
        check_liger()
    run.open()
    model, shards = open_backbone(run, backbone, reader.outputs)
    settle_batch_tokens(run, model.network)
    settings = run.settings
    train_items, validation_items = render_groups(model, settings, train_groups, validation)
    layout = model.network.layout
    if settings.trainable.startswith("last:"):
        # The layers below the first that learns compute the same in every epoch: once is enough.
        items = chain(train_items, validation_items)
        cached = cached_layout(model, items, settings.forward_tokens, dropout=settings.dropout, workers=MachineMates())
        model.network.layout = cached or layout
    trainer = _build_trainer(run, model, reader, train_items, validation_items)
    run.fit(trainer)
    trainer.fit_annotators()
    metrics = _validate(trainer, validation) if validation_items else {}
    model.network.layout = layout
    model.record |= run.record(
        groups=len(train_groups),
        validation={"groups": len(validation), **metrics},
        **trainer.annotator_record(),
    )
    if shards is not None:
        model = shards.gather()

    def write() -> None:
        model.save(
            run.output,
            card=model_card(model.record, reader.outputs),
            overwrite=True,
            precision=settings.saved_precision,
        )
        fit_baselines(train_groups, run.output, settings)

    run.save(write)
    return model


def _build_trainer(
    run: TrainingRun[TrainingSettings],
    model: RewardModel,
    reader: TargetReader,
    train_items: Sequence[Rendered],
    validation_items: Sequence[Rendered],
) -> RewardTrainer:
    settings, network = run.settings, model.network
    # A frozen backbone computes the same features of a response every time it is asked.
    frozen = settings.trainable == "head" and not settings.dropout
    features, validation_features = (
        cached_features(model, items, settings.forward_tokens, workers=MachineMates()) if frozen and items else None
        for items in (train_items, validation_items)
    )
    targets = read_targets(groups_of_items(train_items), reader, numbered=True)
    began = _as_it_began(settings, run.chosen)
    steps = Steps(train_items, targets, network, began, shares=run.processes, features=features)
    run.chosen["groups_per_step"] = steps.groups_per_step
    total = steps.steps_per_epoch * settings.epochs
    schedule = Schedule(
        steps=total,
        evaluate_every=max(1, min(total, round(steps.steps_per_epoch * settings.evaluate_every))),
        learning_rate=default_learning_rate(
            network.config.get_text_config().hidden_size, from_nothing=settings.trainable.startswith("lora")
        ),
        validated=bool(validation_items),
    )
    arguments = run.arguments(
        TrainingArguments,
        schedule,
        max_steps=total,
        per_device_train_batch_size=1,
        remove_unused_columns=False,
        accelerator_config={"dispatch_batches": False, "even_batches": False},
        restore_callback_states_from_checkpoint=True,
    )
    trainer = (ShardedRewardTrainer if is_sharded(network) else RewardTrainer)(
        model, settings, reader, validation_items, validation_features, args=arguments, train_dataset=steps
    )
    if validation_items and settings.patience:
        trainer.add_callback(EarlyStoppingCallback(settings.patience))
    return trainer


def _as_it_began(settings: TrainingSettings, chosen: Mapping[str, Any]) -> TrainingSettings:
    """With the groups of a step, which on GPUs follow from their number and memory: a resumed run may have others, and
    takes the same steps."""
    return settings.as_implied(groups_per_step=settings.groups_per_step or chosen.get("groups_per_step"))


def _hash(groups: Sequence[Group]) -> str:
    """The data's hash, which groups on disk know."""
    return (isinstance(groups, GroupStore) and groups.data_hash) or data_hash(groups)


def _validate(trainer: RewardTrainer, groups: Sequence[Group]) -> dict[str, float]:
    """The figures of the final model, and warnings of what they show."""
    outputs = trainer.validation_outputs()
    if any(group.rankings for group in judgements_of(groups)):
        rewards = trainer.objective.outputs.rewards(outputs).mean(1).double().cpu().numpy()
        for warning in warnings(groups, rewards):
            logger.warning(warning)
    return trainer.validation_metrics(outputs)
