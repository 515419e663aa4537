"""Checkpoints of a run of PPO: the policy, its value network, its optimiser and the price of the KL.

What is drawn depends on the seed and the number of the step alone, and the reference is always the policy that the run
was started with, opened anew. So a run that is killed at any step and resumed has the same curve.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import torch

from plaudit.alignment.journal import load_weights, save_weights
from plaudit.alignment.policy import Policy
from plaudit.alignment.ppo import PPOLearner
from plaudit.model import CHECKPOINTS
from plaudit.storage import write_json

_POLICY, _LEARNER = "policy.safetensors", "learner.pt"
_LAST = "trainer_state.json"
"""Written last: a checkpoint without it was not written to the end."""


def step_of(checkpoint: Path) -> int:
    """The step after which a checkpoint was written.

    Example:
        >>> step_of(Path("my-policy/checkpoints/checkpoint-40"))
        40
    """
    return int(checkpoint.name.rpartition("-")[2])


def save_checkpoint(output: Path, step: int, policy: Policy, learner: PPOLearner) -> None:
    """Write a checkpoint, and remove earlier ones once it is whole."""
    folder = checkpoint_folder(output, step)
    save_weights(policy, folder / _POLICY)
    torch.save(learner.state_dict(), folder / _LEARNER)
    finish_checkpoint(folder, step)


def checkpoint_folder(output: Path, step: int) -> Path:
    """An empty folder for the checkpoint after a step."""
    folder = output / CHECKPOINTS / f"checkpoint-{step}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def finish_checkpoint(folder: Path, step: int) -> None:
    """Say that a checkpoint is whole, and remove earlier ones."""
    write_json(folder / _LAST, {"global_step": step})
    for other in folder.parent.glob("checkpoint-*"):
        if other != folder:
            shutil.rmtree(other)


def load_checkpoint(checkpoint: Path, policy: Policy, learner: PPOLearner) -> None:
    """Go on from a checkpoint."""
    load_weights(policy, checkpoint / _POLICY)
    learner.load_state_dict(torch.load(checkpoint / _LEARNER, map_location=policy.device, weights_only=True))
