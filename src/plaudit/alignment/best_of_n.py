"""Best-of-n of the untrained policy by the same reward: what is to be had without any training."""

from __future__ import annotations

from typing import Any

import numpy as np

from plaudit.alignment.draws import Draw
from plaudit.alignment.evaluating import Evaluator, gold_values, mean_over_prompts
from plaudit.alignment.policy import Policy
from plaudit.alignment.sampling import draw_samples
from plaudit.evaluation import best_of_n_kl, expected_best

BEST_OF_N = "best of n"
"""The kind of line in `curves.jsonl`."""


def measure_best_of_n(policy: Policy, evaluator: Evaluator) -> dict[str, Any]:
    """The reward and gold of the best of n answers by the shaped reward, for n = 1, 2, 4, ... `best_of_samples`.

    Every n uses all samples, by the unbiased estimator of `plaudit best-of`; intervals are by prompt.

    Args:
        policy: the untrained one.
        evaluator: of the validation prompts.

    Returns:
        A line of `curves.jsonl`: `n`, `kl` (log n - (n - 1) / n nats, an upper bound), and figures of each n.
    """
    settings = evaluator.settings
    most = settings.best_of_samples
    samples = draw_samples(
        policy,
        evaluator.prompts,
        most,
        max_new_tokens=settings.max_new_tokens,
        seed=[settings.seed, Draw.BEST_OF_N],
    )
    rewards, _ = evaluator.rewarder.reward(samples)
    n = [2**power for power in range(most.bit_length()) if 2**power <= most]
    values = {"reward": rewards.standardised}
    if evaluator.gold is not None:
        values["gold"] = gold_values(evaluator.gold, samples)
    chosen_by = rewards.total.reshape(-1, most)
    row: dict[str, Any] = {"kind": BEST_OF_N, "step": 0, "n": n, "kl": [float(best_of_n_kl(one)) for one in n]}
    for name, by_sample in values.items():
        by_prompt = np.array(
            [
                expected_best(chooser, value, n)
                for chooser, value in zip(chosen_by, by_sample.reshape(-1, most), strict=True)
            ]
        )
        row[name] = [mean_over_prompts(column).to_json() for column in by_prompt.T]
    return row
