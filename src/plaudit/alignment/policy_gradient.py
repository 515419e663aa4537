"""PPO step by step: sample, reward, learn, and every so often evaluate, keep a checkpoint, and stop if it has to be."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from plaudit.alignment.checkpoints import load_checkpoint, save_checkpoint
from plaudit.alignment.divergence import per_response
from plaudit.alignment.draws import Draw
from plaudit.alignment.experience import Experience, gather_experience
from plaudit.alignment.ppo import PPOLearner
from plaudit.alignment.progress import Progress
from plaudit.alignment.prompts import prompts_of_step
from plaudit.alignment.sampling import draw_samples
from plaudit.alignment.setup import Alignment
from plaudit.errors import PlauditError


def run_ppo(alignment: Alignment, progress: Progress) -> None:
    """All steps of a run, or as many as it takes to see that it should stop."""
    settings, watch, policy = alignment.settings, alignment.watch, alignment.policy
    learner = PPOLearner(policy, settings)
    if alignment.run.checkpoint is not None:
        load_checkpoint(alignment.run.checkpoint, policy, learner)
    for step in range(alignment.done + 1, settings.steps + 1):
        row = ppo_step(alignment, learner, step)
        watch.journal.add(row)
        alignment.run.steps = step
        progress.step(step, row)
        if not math.isfinite(row["figures"]["gradient_norm"]):
            raise PlauditError(
                f"step {step} has diverged: its gradient is {row['figures']['gradient_norm']}",
                remedy="set learning_rate lower, or kl higher, and go on with --resume from the last checkpoint",
            )
        if step % settings.evaluate_every == 0 or step == settings.steps:
            alarm = watch.evaluate(policy, step)
            progress.evaluation(watch.evaluations[-1])
            save_checkpoint(alignment.run.output, step, policy, learner)
            watch.forget_others()
            if alarm is not None:
                return


def ppo_step(alignment: Alignment, learner: PPOLearner, step: int) -> dict[str, Any]:
    """One step: samples, their rewards, what they teach. Returns its line of `curves.jsonl`."""
    settings, seconds, began = alignment.settings, {}, time.perf_counter()

    def lap(name: str) -> None:
        nonlocal began
        now = time.perf_counter()
        seconds[name], began = round(now - began, 4), now

    samples = draw_samples(
        alignment.policy,
        prompts_of_step(alignment.prompts, settings.prompts_per_step, settings.seed, step),
        settings.samples_a_prompt,
        max_new_tokens=settings.max_new_tokens,
        seed=[settings.seed, Draw.STEP, step],
    )
    lap("sampling")
    rewards, spread = alignment.rewarder.reward(samples)
    lap("scoring")
    price = learner.controller.coefficient
    experience = gather_experience(alignment.policy, learner.value_network, samples, rewards, price, settings)
    lap("reference")
    learned = learner.learn(experience, [settings.seed, Draw.ORDER, step])
    lap("learning")
    if spread is not None:
        learned["spread"] = float(spread.mean())
    return {
        "kind": "step",
        "step": step,
        "rewards": rewards.means(),
        "figures": {**_figures(experience), **learned, "kl_price": price},
        "seconds": seconds,
    }


def _figures(experience: Experience) -> Mapping[str, float]:
    samples = experience.samples
    return {
        "kl": float(per_response(experience.kl).mean()),
        "kl3": float(per_response(experience.kl3).mean()),
        "entropy": float(experience.entropies.sum() / experience.mask.sum()),
        "ended": float(np.mean([sample.ended for sample in samples])),
        "length": float(np.mean([len(sample.tokens) for sample in samples])),
        "distinct": len({sample.text for sample in samples}) / len(samples),
        "sampling_error": experience.sampling_error,
    }
