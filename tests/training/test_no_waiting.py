"""A step of training never waits for the device: whole runs of transformers' trainer, with `meta` in a GPU's place."""

from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest
import torch
from stand_in_gpu import META, FlashOnMeta, no_waiting, trainers_on_meta
from tiny import tiny_model_folder
from transformers import TrainerCallback, TrainingArguments

from plaudit.forest import SEGMENTS, Forest, Tree
from plaudit.forest.attentions.cascade import CascadeAttention
from plaudit.forest.attentions.flex import BLOCK, block_mask
from plaudit.groups import Group, Ranking, Rating
from plaudit.model import RewardModel, freeze
from plaudit.model.layouts.padded import PaddedLayout
from plaudit.training import TrainingSettings
from plaudit.training.reader import target_reader
from plaudit.training.steps import Steps
from plaudit.training.trainer import RewardTrainer

GROUPS = [
    Group(
        f"g{number}",
        f"why is the sky blue, {number}?",
        ("the cat sat on the mat", "the dog", "because of light"),
        (Ranking(((0,), (1, 2)), annotator=f"a{number % 2}"),),
        (Rating(0, float(number % 3), "helpful"),),
    )
    for number in range(12)
]


class _TwoSteps(TrainerCallback):
    """Two steps are enough to say that none waits, from where the first begins. At the end a line is logged, which
    reads."""

    def __init__(self, watched):
        self.watched = watched

    def on_epoch_begin(self, args, state, control, **_):
        self.watched.enter_context(no_waiting())

    def on_step_end(self, args, state, control, **_):
        if state.global_step == 2:
            raise KeyboardInterrupt


def run_on_meta(folder, output, layout, *, features=None, **changes):
    """Two steps of a run of everything, and the model that took them."""
    settings = TrainingSettings(epochs=9, groups_per_step=4, batch_tokens=40).with_changes(changes, "test")
    reader = target_reader(GROUPS, settings)
    model = RewardModel.from_backbone(folder, outputs=reader.outputs)
    freeze(model.network, settings.trainable)
    if settings.gradient_checkpointing:
        model.network.model.activation_checkpointing_enable({"use_reentrant": False})
    items = list(model.renderer.render(GROUPS))
    targets = [reader(item.group, number) for number, item in enumerate(items)]
    network = model.network.to(torch.bfloat16).to(META)
    network.layout = layout(network.layout)
    steps = Steps(items, targets, network, settings, features=features)
    with trainers_on_meta():
        arguments = TrainingArguments(
            str(output),
            use_cpu=True,
            report_to=[],
            max_steps=5,
            logging_steps=100,
            save_strategy="no",
            logging_nan_inf_filter=False,
            per_device_train_batch_size=1,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
            disable_tqdm=True,
            optim="adamw_torch",
        )
        trainer = RewardTrainer(model, settings, reader, [], args=arguments, train_dataset=steps)
        with pytest.raises(KeyboardInterrupt), ExitStack() as watched:
            trainer.add_callback(_TwoSteps(watched))
            trainer.train()
    assert trainer.state.global_step == 2
    assert all(p.device == META for p in network.parameters())
    return network


def flash(layout):
    return replace(layout, attend=CascadeAttention(FlashOnMeta()))


def by_segments(layout):
    return replace(layout, attend=SEGMENTS)


@pytest.mark.parametrize(
    ("family", "layout", "changes"),
    [
        ("llama", flash, {}),
        ("llama", flash, {"trainable": "lora:4", "heads": 2}),
        ("llama", flash, {"gradient_checkpointing": True, "loss": "plackett-luce"}),
        ("llama", by_segments, {"annotators": True}),
        ("qwen3", flash, {"rating_loss": "ordinal"}),
        ("gpt-oss", flash, {}),
        ("bert", by_segments, {"pooling": "mean"}),
        ("roberta", by_segments, {}),
    ],
)
def test_two_steps_read_nothing(tmp_path, family, layout, changes):
    run_on_meta(tiny_model_folder(tmp_path / "backbone", family), tmp_path / "run", layout, **changes)


def test_two_steps_of_a_head_read_nothing(tmp_path):
    features = np.zeros((36, 64), dtype=np.float32)
    folder = tiny_model_folder(tmp_path / "backbone", "llama")
    run_on_meta(folder, tmp_path / "run", by_segments, features=features, trainable="head")


def test_padded_batches_are_made_without_waiting(tmp_path):
    # Masks of other architectures are transformers' own: for some it asks the device whether anything is hidden.
    folder = tiny_model_folder(tmp_path / "backbone", "bloom")
    run_on_meta(folder, tmp_path / "run", lambda _: PaddedLayout("eager", 64))


def test_the_blocks_of_flex_are_listed_without_waiting():
    forest = Forest.plant([Tree.grow([[1, 2, 3, 4], [1, 2, 5]]), Tree.grow([[6, 7]])], multiple=BLOCK, device=META)
    with no_waiting():
        assert block_mask(forest, window=2).kv_indices.device == META


def test_the_stand_in_tells_who_waits():
    numbers = torch.zeros(3, device=META)
    with no_waiting():
        with pytest.raises(AssertionError, match="waits for a copy"):
            torch.arange(3).to(META, non_blocking=True)
        with pytest.raises(AssertionError, match="waits for a copy"):
            numbers[torch.tensor([0, 2])]
        with pytest.raises(AssertionError, match="waits for a copy"):
            numbers[[0, 2]]
        with pytest.raises(AssertionError, match="waits for a copy"):
            torch.tensor(2.0, device=META)
        with pytest.raises(RuntimeError, match="cannot be called on meta"):
            numbers.sum().item()
        assert (numbers + torch.tensor(2.0)).device == META
