"""What an ensemble's spread is worth to PPO, with and without a price on the KL: five weak reward models, each of six
rankings of its own.

Truth is known (docs/demo.md). No run is stopped and none has gold, so what is told is what the last policy is worth on
questions that nothing was optimised on, and the best on the way.

    python benchmarks/spread_penalty.py --seeds 2
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from common import table, versions
from overoptimised import POLICIES, part, read_evaluations

import plaudit
from plaudit.alignment import PromptSets, sample_responses, watching
from plaudit.demo import judge_samples, policy_prompts, policy_topics, pretrain_policy, true_qualities

MEMBERS, RANKINGS = 5, 6
RUN: dict[str, Any] = {
    "method": "ppo",
    "learning_rate": 1e-3,
    "steps": 60,
    "samples": 4,
    "evaluate_every": 10,
    "max_new_tokens": 80,
    "evaluation_samples": 8,
    "best_of_samples": 0,
}
PENALTIES: dict[str, dict[str, Any]] = {
    "one member alone": {},
    "mean": {},
    "mean - variance": {"spread_penalty": 1.0},
    "worst member": {"spread_penalty": "worst"},
}
PRICES = (0.0, 0.1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="keeps policies and runs here, and goes on with what is there")
    options = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        for name in PENALTIES:
            for price in PRICES:
                runs = [run(folder, seed, name, price) for seed in range(options.seeds)]
                rows.append([name, f"{price:g}", *(", ".join(cell) for cell in zip(*runs, strict=True))])
    header = ("reward", "price of the KL", "best truth", "at the end", "KL", "spread, from", "to")
    print(table(header, rows))
    print(versions())


def run(folder: Path, seed: int, name: str, price: float) -> tuple[str, ...]:
    """Of each seed: the best truth, that at the end, the last KL, and the spread before and after."""
    questions, held_out = policy_prompts(policy_topics()), policy_prompts(policy_topics(), [2])
    base = folder / f"policy-{seed % POLICIES}"
    if not (base / "policy").exists():
        pretrain_policy(base, seed=seed % POLICIES)
    ensemble = train_members(folder, base / "policy", seed)
    output = folder / f"penalty-{seed}-{name.replace(' ', '-')}-{price:g}"
    if not (output / "curves.jsonl").exists():
        reward = folder / f"weak-{seed}-0" if name == "one member alone" else ensemble
        sets = PromptSets(questions, held_out, held_out[:1])
        settings = {**RUN, **PENALTIES[name], "kl": price, "seed": seed}
        with patch.object(watching, "find_alarm", lambda *_: None):
            plaudit.align(base / "policy", sets, reward, output, gold=true_qualities, overwrite=True, **settings)
    evaluations = [part(one, slice(None)) for one in read_evaluations(output)]
    truth = [one.value("gold") or 0.0 for one in evaluations]
    spread = [one.value("spread") or 0.0 for one in (evaluations[0], evaluations[-1])]
    return (
        f"{max(truth):+.2f}",
        f"{truth[-1]:+.2f}",
        f"{evaluations[-1].value('kl') or 0.0:.1f}",
        *(f"{value:.2f}" for value in spread),
    )


def train_members(folder: Path, policy: Path, seed: int) -> Path:
    """Five models of bags of words, each of six rankings that no other one saw."""
    ensemble = folder / f"ensemble-{seed}"
    if ensemble.exists():
        return ensemble
    questions = policy_prompts(policy_topics())
    samples = sample_responses(policy, questions, 40, max_new_tokens=80, seed=seed)
    members = []
    for member in range(MEMBERS):
        some = [samples[(member * RANKINGS + place) % len(samples)] for place in range(RANKINGS)]
        few = judge_samples(some, 1, seed=seed * MEMBERS + member)
        members.append(folder / f"weak-{seed}-{member}")
        plaudit.train(few, members[-1], backbone="bow", seed=seed, overwrite=True)
    plaudit.combine(members, ensemble)
    return ensemble


if __name__ == "__main__":
    main()
