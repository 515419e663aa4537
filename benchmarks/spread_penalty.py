"""What an ensemble's spread is worth to PPO, with and without a price on the KL: five weak reward models, each of six
rankings of its own.

Truth is known (docs/demo.md). No run is stopped and none has gold, so what is told is what the last policy is worth on
questions that nothing was optimised on, and the best on the way.

    python benchmarks/spread_penalty.py --seeds 2
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from common import table, versions
from overoptimised import POLICIES, part, read_evaluations

import plaudit
from plaudit.alignment import PromptSets, sample_responses, watching
from plaudit.data import Score
from plaudit.demo import judge_samples, policy_prompts, policy_topics, pretrain_policy, true_qualities
from plaudit.groups import Group, plain_text
from plaudit.model import Prepared, Scorer, open_model
from plaudit.model.ensemble import combined

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
    members = train_members(folder, base / "policy", seed)
    output = folder / f"penalty-{seed}-{name.replace(' ', '-')}-{price:g}"
    if not (output / "curves.jsonl").exists():
        reward = members[0] if name == "one member alone" else WeakEnsemble(members)
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


class WeakEnsemble(Scorer):
    """Linear models as an ensemble, in memory: `plaudit combine` takes models with a backbone.

    Args:
        members: folders of the models.
    """

    def __init__(self, members: Sequence[Path]) -> None:
        self.members = [open_model(member) for member in members]

    def prepare(self, group: Group, *, truncate_responses: bool = False) -> Prepared:
        return Prepared(group, sum(len(plain_text(response)) for response in group.responses))

    def score_prepared(self, batch: Sequence[Prepared], *, batch_tokens: int = 4096) -> list[list[Score]]:
        groups = [item.group for item in batch]
        by_member = [member.score(groups) for member in self.members]
        heads = [1] * len(self.members)
        return [
            [combined(scores, heads) for scores in zip(*of_group, strict=True)]
            for of_group in zip(*by_member, strict=True)
        ]

    def run_record(self, kind: str, **more: Any) -> dict[str, Any]:
        return {"plaudit": kind, "members": len(self.members), **more}

    def save(self, folder: str | Path, *, card: str | None = None, overwrite: bool = False) -> None:
        raise NotImplementedError("it lives in memory alone")


def train_members(folder: Path, policy: Path, seed: int) -> list[Path]:
    """Five models of bags of words, each of six rankings of its own."""
    members = [folder / f"weak-{seed}-{member}" for member in range(MEMBERS)]
    if all(member.exists() for member in members):
        return members
    questions = policy_prompts(policy_topics())
    samples = sample_responses(policy, questions, 40, max_new_tokens=80, seed=seed)
    for number, member in enumerate(members):
        some = [samples[(number * RANKINGS + place) % len(samples)] for place in range(RANKINGS)]
        few = judge_samples(some, 1, seed=seed * MEMBERS + number)
        plaudit.train(few, member, backbone="bow", seed=seed, overwrite=True)
    return members


if __name__ == "__main__":
    main()
