"""A step of our PPO beside a step of TRL's GRPO: the same policy, prompts, rewards and numbers of tokens.

Short runs take turns, each from the untrained policy, so that neither has shorter answers than the other; the first
step of each is left out. A figure is the geometric mean of the rounds' ratios with its 95% t interval.

    python benchmarks/alignment_step.py --rounds 5
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import versions
from scipy import stats

import plaudit
from plaudit.alignment import PromptSets, sample_responses
from plaudit.demo import judge_samples, policy_prompts, policy_topics, pretrain_policy

# 48 samples of at most 80 tokens.
BATCH: dict[str, Any] = {"prompts_per_step": 12, "samples": 4, "max_new_tokens": 80, "steps": 7, "learning_rate": 2e-4}
QUIET: dict[str, Any] = {"best_of_samples": 0, "evaluation_samples": 1, "evaluate_every": 10**6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="of an earlier `prepare`")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        if options.folder is None:
            prepare(folder)
        seconds = [
            {method: step_seconds(folder, Path(scratch), method, number) for method in ("ppo", "grpo")}
            for number in range(options.rounds)
        ]
    for method in ("ppo", "grpo"):
        print(f"{method}: {statistics.median(one[method] for one in seconds):.2f} s a step")
    logs = np.log([one["ppo"] / one["grpo"] for one in seconds])
    half = stats.t.ppf(0.975, len(logs) - 1) * stats.sem(logs)
    low, middle, high = np.exp([logs.mean() - half, logs.mean(), logs.mean() + half])
    print(f"ppo / grpo: {middle:.2f} [{low:.2f}, {high:.2f}] over {len(logs)} rounds")
    print(versions())


def prepare(folder: Path) -> None:
    """The demo's policy, and a reward model of its samples."""
    pretrain_policy(folder)
    samples = sample_responses(folder / "policy", policy_prompts(policy_topics()), 20, max_new_tokens=80)
    plaudit.train(judge_samples(samples), folder / "reward", backbone="bow")


def step_seconds(folder: Path, scratch: Path, method: str, number: int) -> float:
    """The median time of a step."""
    prompts = policy_prompts(policy_topics())
    sets = PromptSets(prompts, prompts[:2], prompts[:2])
    output = scratch / f"{method}-{number}"
    options = {**BATCH, **QUIET, "seed": number}
    plaudit.align(folder / "policy", sets, folder / "reward", output, method=method, **options)
    rows = map(json.loads, (output / "curves.jsonl").read_text().splitlines())
    steps = [sum(row["seconds"].values()) for row in rows if row["kind"] == "step"]
    return float(statistics.median(steps[1:]))


if __name__ == "__main__":
    main()
