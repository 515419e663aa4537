"""How far a reward can be trusted to stop in time: PPO with next to nothing that holds it back, over many seeds.

No run is stopped. Afterwards the rules of `plaudit align` are asked, evaluation by evaluation, when they would have
stopped it, and which policy would have been kept: with gold, and without. Truth is known (docs/demo.md), so what was
kept is compared with the best that the run had, on questions that nothing was chosen by. A second table asks of single
signals that need no gold how many runs they would have stopped in time.

    python benchmarks/overoptimised.py --seeds 10
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from common import table, versions

import plaudit
from plaudit.alignment import PromptSets, sample_responses, watching
from plaudit.alignment.evaluating import PolicyEvaluation, mean_over_prompts
from plaudit.alignment.settings import AlignmentSettings
from plaudit.alignment.stopping import best_evaluation, find_alarm
from plaudit.demo import judge_samples, policy_prompts, policy_topics, pretrain_policy, true_qualities

RUN: dict[str, Any] = {
    "method": "ppo",
    "kl": 0.03,
    "learning_rate": 1e-3,
    "steps": 80,
    "samples": 4,
    "evaluate_every": 5,
    "max_new_tokens": 80,
    "evaluation_samples": 12,
    "best_of_samples": 0,
}
POLICIES = 3
"""Seeds take turns with as many policies."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--folder", type=Path, help="keeps policies and runs here, and goes on with what is there")
    parser.add_argument("--signs", type=int, default=2, help="`narrowing_signs` of the rules; 0: without that rule")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        rows = [measure(folder, seed, options.signs) for seed in range(options.seeds)]
        runs = [run(folder, seed) for seed in range(options.seeds)]
    header = ("seed", "best truth", "at the end", "kept by gold", "kept without", "alarm without gold", "lost by then")
    print(table(header, [[str(cell) for cell in row] for row in rows]))
    signals = ("signal without gold", "in time", "kept below the best, mean", "most")
    print(table(signals, [signal_row(name, runs) for name in SIGNALS]))
    print(versions())


def measure(folder: Path, seed: int, signs: int) -> list[Any]:
    """A row of the table: truths on the test questions."""
    evaluations = run(folder, seed)
    validation, test = ([part(one, side) for one in evaluations] for side in (slice(0, 6), slice(6, None)))
    settings = AlignmentSettings(**RUN, seed=seed, narrowing_signs=signs)
    truth = [float(one.by_prompt["gold"].mean()) for one in test]
    without = [replace(one, by_prompt={k: v for k, v in one.by_prompt.items() if k != "gold"}) for one in validation]
    without = [replace(one, figures={k: v for k, v in one.figures.items() if k != "gold"}) for one in without]
    stopped, alarmed = first_alarm(validation, settings), first_alarm(without, settings)
    kept = best_evaluation(validation[: stopped + 1], settings)
    kept_without = best_evaluation(without[: alarmed + 1], settings)
    best_so_far = max(truth[: alarmed + 1])
    sounded = alarmed < len(evaluations) - 1 or find_alarm(without, settings) is not None
    figures = (max(truth), truth[-1], truth[kept], truth[kept_without])
    return [
        seed,
        *(f"{value:+.2f}" for value in figures),
        f"step {evaluations[alarmed].step}" if sounded else "none",
        f"{best_so_far - truth[alarmed]:.2f}",
    ]


SIGNALS: dict[str, tuple[str, float, float]] = {
    **{f"KL above {bound} nats": ("kl", 0.0, bound) for bound in (3, 4, 5, 6, 8)},
    **{f"repeated 4-grams above {bound:g} times the start's": ("repeated", bound, 0.0) for bound in (2, 3, 4)},
    **{f"entropy below {bound:g} of the start's": ("entropy", -bound, 0.0) for bound in (0.6, 0.5, 0.4)},
    **{f"distinct answers below {bound:g} of the start's": ("distinct", -bound, 0.0) for bound in (0.9, 0.75, 0.5)},
}
"""Name -> figure, the factor of its value at the start (negative: below it), and what is added."""

IN_TIME = 0.2
"""Truth that a run may have lost when a signal sounds."""


def signal_row(name: str, runs: Sequence[Sequence[PolicyEvaluation]]) -> list[str]:
    """In how many runs a signal sounds before truth has lost 0.2 of its best so far, and what is kept by it."""
    in_time, kept = 0, []
    for evaluations in runs:
        validation, test = ([part(one, side) for one in evaluations] for side in (slice(0, 6), slice(6, None)))
        truth = [float(one.by_prompt["gold"].mean()) for one in test]
        place = next((place for place in range(1, len(validation)) if sounds(name, validation, place)), None)
        in_time += place is not None and max(truth[: place + 1]) - truth[place] < IN_TIME
        kept.append(max(truth) - truth[-1 if place is None else place - 1])
    return [name, f"{in_time} of {len(runs)}", f"{sum(kept) / len(kept):.2f}", f"{max(kept):.2f}"]


def sounds(name: str, evaluations: Sequence[PolicyEvaluation], place: int) -> bool:
    figure, factor, bound = SIGNALS[name]
    start, now = evaluations[0].value(figure) or 0.0, evaluations[place].value(figure) or 0.0
    return now < -factor * start if factor < 0 else now > factor * start + bound


def first_alarm(evaluations: Sequence[PolicyEvaluation], settings: AlignmentSettings) -> int:
    """The place of the evaluation at which the run would have stopped; the last if at none."""
    counts = range(2, len(evaluations) + 1)
    return next((count - 1 for count in counts if find_alarm(evaluations[:count], settings)), len(evaluations) - 1)


def part(evaluation: PolicyEvaluation, prompts: slice) -> PolicyEvaluation:
    """The evaluation of some of its prompts."""
    by_prompt = {name: values[prompts] for name, values in evaluation.by_prompt.items()}
    figures = {name: mean_over_prompts(values) for name, values in by_prompt.items()}
    return replace(evaluation, by_prompt=by_prompt, figures=figures)


def run(folder: Path, seed: int) -> list[PolicyEvaluation]:
    """A whole run, evaluated on six questions to choose by and, after those, the twelve to report on."""
    questions, held_out = policy_prompts(policy_topics()), policy_prompts(policy_topics(), [2])
    base, output = folder / f"policy-{seed % POLICIES}", folder / f"run-{seed}"
    if not (base / "policy").exists():
        pretrain_policy(base, seed=seed % POLICIES)
    if not (output / "curves.jsonl").exists():
        samples = sample_responses(base / "policy", questions, 40, max_new_tokens=80, seed=seed)
        reward = folder / f"reward-{seed}"
        plaudit.train(judge_samples(samples, 48, seed=seed), reward, backbone="bow", seed=seed, overwrite=True)
        train = [question for place, question in enumerate(questions) if place % 4]
        sets = PromptSets(train, [*questions[::4], *held_out], held_out)
        with patch.object(watching, "find_alarm", lambda *_: None):
            plaudit.align(base / "policy", sets, reward, output, gold=true_qualities, seed=seed, overwrite=True, **RUN)
    return read_evaluations(output)


def read_evaluations(output: Path) -> list[PolicyEvaluation]:
    """Of the validation set, as a run left them."""
    rows = map(json.loads, (output / "curves.jsonl").read_text().splitlines())
    return [
        PolicyEvaluation.from_json(row) for row in rows if row["kind"] == "evaluation" and row["set"] == "validation"
    ]


if __name__ == "__main__":
    main()
