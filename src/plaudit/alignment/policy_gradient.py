"""PPO step by step: sample, reward, learn, and every so often evaluate, keep a checkpoint, and stop if it has to be."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from plaudit.alignment.checkpoints import load_checkpoint, save_checkpoint
from plaudit.alignment.divergence import per_response
from plaudit.alignment.experience import Experience, gather_experience
from plaudit.alignment.ppo import PPOLearner
from plaudit.alignment.progress import Progress
from plaudit.alignment.prompts import Prompt
from plaudit.alignment.sampling import draw_samples
from plaudit.alignment.setup import DRAW_ORDER, DRAW_PROMPTS, DRAW_STEP, Alignment
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
        prompts_of_step(alignment.prompts, settings.prompts, settings.seed, step),
        settings.samples_a_prompt,
        max_new_tokens=settings.max_new_tokens,
        seed=[settings.seed, DRAW_STEP, step],
    )
    lap("sampling")
    rewards, spread = alignment.rewarder.reward(samples)
    lap("scoring")
    price = learner.controller.coefficient
    experience = gather_experience(alignment.policy, learner.value_network, samples, rewards, price, settings)
    lap("reference")
    learned = learner.learn(experience, [settings.seed, DRAW_ORDER, step])
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


def prompts_of_step(prompts: Sequence[Prompt], count: int, seed: int, step: int) -> list[Prompt]:
    """The prompts of a step: shuffled anew every epoch, and each once in it.

    Args:
        prompts: all of them, n.
        count: of a step; with fewer than that, all.
        seed: of the order.
        step: from 1.

    Example:
        >>> first, second = (prompts_of_step("abcd", 3, 0, step) for step in (1, 2))
        >>> sorted({*first, second[0]})  # an epoch ends after the first prompt of the second step
        ['a', 'b', 'c', 'd']
    """
    count = min(count, len(prompts))
    places = range((step - 1) * count, step * count)
    orders = {
        epoch: np.random.default_rng([seed, DRAW_PROMPTS, epoch]).permutation(len(prompts))
        for epoch in {place // len(prompts) for place in places}
    }
    return [prompts[orders[place // len(prompts)][place % len(prompts)]] for place in places]


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
