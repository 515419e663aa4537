"""What a trainer waits for: 48 completions of 12 prompts by `plaudit.reward_function`, beside scoring them one by one.

The function is called once, as TRL does, and from 48 threads at once with a completion each, as OpenRLHF does. One by
one is `RewardModel.score` of a group of one response, 48 times, on the same model. Texts are drawn anew for every
round, so that no score is remembered; sides take turns. Printed are processor seconds (of all threads), wall seconds,
the ratio to one by one, and the largest difference of a score in standard deviations of all. The goal is a third of
one by one.

    python benchmarks/reward_function.py                                   # SmolLM2-135M, two minutes
    python benchmarks/reward_function.py --backbone minilm-l6 --rounds 9
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from common import backbone_folder, table

from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.scoring import RewardFunction, reward_function

WORDS = ("river", "hill", "answer", "better", "question", "because", "there", "which", "people", "water", "over")
PROMPTS, COMPLETIONS = 12, 4

Samples = tuple[list[str], list[str]]
"""Prompts and completions, as many."""


def drawn(seed: int, prompt_words: int) -> Samples:
    """12 prompts of so many words, with 4 completions of 20 to 60 words each."""
    numbers = random.Random(seed)

    def text(words: int) -> str:
        return " ".join(numbers.choices(WORDS, k=words))

    prompts = [text(prompt_words) for _ in range(PROMPTS)]
    return (
        [prompt for prompt in prompts for _ in range(COMPLETIONS)],
        [text(numbers.randint(20, 60)) for _ in range(PROMPTS * COMPLETIONS)],
    )


def one_by_one(model: RewardModel, samples: Samples) -> list[float]:
    """Each completion in a call of its own."""
    return [model.score(Group("q", p, (c,)))[0][0].score for p, c in zip(*samples, strict=True)]


def from_threads(reward: RewardFunction, samples: Samples) -> list[float]:
    """Each completion in a call of its own, all at once."""
    with ThreadPoolExecutor(PROMPTS * COMPLETIONS) as threads:
        return [
            rewards[0] for rewards in threads.map(lambda one: reward([one[0]], [one[1]]), zip(*samples, strict=True))
        ]


def clocked(work: Callable[[], list[float]]) -> tuple[list[float], float, float]:
    """What it gives, processor seconds and wall seconds."""
    cpu, wall = time.process_time(), time.perf_counter()
    result = work()
    return result, time.process_time() - cpu, time.perf_counter() - wall


def row(name: str, cpu: Sequence[float], wall: Sequence[float], peer: Sequence[float], apart: float) -> list[str]:
    """A line of the table: medians of the rounds, and of their ratios."""
    ratio = statistics.median(mine / other for mine, other in zip(cpu, peer, strict=True))
    return [name, f"{statistics.median(cpu):.2f}", f"{statistics.median(wall):.2f}", f"{ratio:.2f}", f"{apart:.0e}"]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--backbone", default="smollm2-135m")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--prompt-words", type=int, default=80)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        RewardModel.from_backbone(backbone_folder(options.backbone)).save(Path(scratch, "model"))
        model = RewardModel.from_pretrained(Path(scratch, "model"))
        # Two functions of one model, which take turns: neither remembers the other's scores.
        with reward_function(model) as called, reward_function(model) as threaded:
            ways: dict[str, Callable[[Samples], list[float]]] = {
                "one by one": lambda samples: one_by_one(model, samples),
                "one call": lambda samples: called(*samples),
                "48 threads": lambda samples: from_threads(threaded, samples),
            }
            for score in ways.values():  # what is first used is first loaded
                score((["Why?"], ["Because."]))
            measure(ways, options.rounds, options.prompt_words)


def measure(ways: dict[str, Callable[[Samples], list[float]]], rounds: int, prompt_words: int) -> None:
    """Let the ways take turns, and print what they took."""
    cpu: dict[str, list[float]] = {name: [] for name in ways}
    wall: dict[str, list[float]] = {name: [] for name in ways}
    apart = dict.fromkeys(ways, 0.0)
    for number in range(rounds):
        samples = drawn(number, prompt_words)
        expected: list[float] = []
        for name, score in ways.items():
            scores, seconds, waited = clocked(lambda score=score: score(samples))  # type: ignore[misc] # noqa: B023
            expected = expected or scores
            # A new head's scores are small: in units of how far they lie apart from each other.
            difference = max(abs(a - b) for a, b in zip(scores, expected, strict=True))
            apart[name] = max(apart[name], difference / statistics.pstdev(expected))
            cpu[name].append(seconds)
            wall[name].append(waited)
    header = ["48 completions of 12 prompts", "processor s", "wall s", "of one by one", "apart"]
    print(table(header, [row(name, cpu[name], wall[name], cpu["one by one"], apart[name]) for name in ways]))


if __name__ == "__main__":
    main()
