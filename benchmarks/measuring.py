"""How long it takes to measure responses that are already scored: every figure of `plaudit eval`, with intervals.

A simulated world: prompts of four responses, each ranked by three named annotators (ties among them) and rated by each
on a scale of five, a model with a spread, a baseline and four subsets. Measured are `evaluate` with its analytic
intervals and with a bootstrap over prompts, each in one process and as often as `--repeat` says; printed is the fastest
run's wall time, and its processor time, which other jobs on the machine do not stretch.

    python benchmarks/measuring.py                                  # 10,000 responses, 1,000 rounds
    python benchmarks/measuring.py --responses 100000 --rounds 0    # more of them, analytic only
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass

import numpy as np
from common import table, versions

from plaudit.evaluation import Evaluation, evaluate
from plaudit.groups import Group, Ranking, Rating
from plaudit.scoring import ScoredGroups

RESPONSES, SUBSETS, ANNOTATORS = 4, 4, ("ana", "ben", "cho")

EQUAL = 0.2
"""Responses that feel this near to an annotator are tied."""

Rows = list[list[float]]


@dataclass(frozen=True, slots=True)
class World:
    """What people said of the responses, and what a model and a baseline give them."""

    groups: list[Group]
    scores: Rows
    spreads: Rows
    baseline: Rows


def world(prompts: int, seed: int = 0) -> World:
    """Judgements and scores of responses whose quality is normal; the baseline likes length, which nobody else does."""
    numbers = np.random.default_rng(seed)
    shape = (prompts, RESPONSES)
    quality, lengths = numbers.normal(size=shape), numbers.integers(20, 400, shape)
    felt = quality + numbers.normal(size=(len(ANNOTATORS), *shape))
    values = np.clip(np.rint(3 + felt), 1, 5)
    groups = [
        Group(
            f"q{p}",
            f"prompt {p}",
            tuple("x" * length for length in lengths[p].tolist()),
            tuple(Ranking(tiers(felt[a, p]), annotator=name) for a, name in enumerate(ANNOTATORS)),
            tuple(
                Rating(response, float(values[a, p, response]), "helpful", name, scale=(1, 5))
                for a, name in enumerate(ANNOTATORS)
                for response in range(RESPONSES)
            ),
            subset=f"subset {p % SUBSETS}",
        )
        for p in range(prompts)
    ]
    return World(
        groups,
        (quality + numbers.normal(size=shape)).tolist(),
        numbers.uniform(0.5, 1.5, shape).tolist(),
        (0.3 * quality + lengths / 200 + numbers.normal(size=shape)).tolist(),
    )


def tiers(felt: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Responses in order, best first; each joins the tier above it if it is about as good."""
    order = np.argsort(-felt)
    starts = np.flatnonzero(-np.diff(felt[order]) > EQUAL) + 1
    return tuple(tuple(tier.tolist()) for tier in np.split(order, starts))


def figures(evaluation: Evaluation) -> int:
    """How many figures with intervals there are, over the whole and its subsets."""
    return sum(
        len(part.overall)
        + sum(map(len, part.ratings.values()))
        + sum(len(baseline.overall) + sum(map(len, baseline.ratings.values())) for baseline in part.baselines.values())
        + len(part.reliability)
        + len(part.lengths)
        + 4  # of the rewards
        for part in (evaluation, *evaluation.subsets.values())
    )


def measured(made: World, rounds: int | None, repeat: int) -> tuple[float, float, int]:
    """The fastest run's wall seconds, its processor seconds, and the number of figures."""
    runs = []
    for _ in range(repeat):
        wall, processor = time.perf_counter(), time.process_time()
        scored = ScoredGroups.of(made.scores, spreads=made.spreads, baselines={"lengthy": made.baseline})
        found = evaluate(made.groups, scored, bootstrap=rounds)
        runs.append((time.perf_counter() - wall, time.process_time() - processor, figures(found)))
    return min(runs)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--responses", type=int, default=10_000)
    options.add_argument("--rounds", type=int, default=1_000, help="of the bootstrap; 0: none")
    options.add_argument("--repeat", type=int, default=3)
    given = options.parse_args()
    made = world(given.responses // RESPONSES)
    rows = []
    for name, rounds in (("analytic", None), (f"bootstrap, {given.rounds:,} rounds", given.rounds or None)):
        if rounds is not None or name == "analytic":
            wall, processor, count = measured(made, rounds, given.repeat)
            rows.append([name, f"{given.responses:,}", f"{count}", f"{wall:.1f}", f"{processor:.1f}"])
    print(table(["intervals", "responses", "figures", "wall s", "processor s"], rows))
    print(versions())


if __name__ == "__main__":
    main()
