"""Do best-of-n's intervals hold, and is over-optimisation said where it is and only there? Worlds with a known answer.

    python benchmarks/best_of_n.py    # half a minute for each 400 rounds

Each world draws prompts of independent candidates, measures, and is drawn anew; the truth is the same measurement of a
hundred times as many prompts. What was left out: clusters of several prompts.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float64

from plaudit.evaluation.best_of_n import Curve, best_of
from plaudit.groups import Group
from plaudit.report import judge_curve
from plaudit.statistics import Measurement

Rewards = Float64[np.ndarray, "prompts candidates"]

Draw = Callable[[np.random.Generator, tuple[int, int]], tuple[Rewards, Rewards]]


def noisy(random: np.random.Generator, shape: tuple[int, int]) -> tuple[Rewards, Rewards]:
    """Gold seen through noise: choosing harder always helps."""
    gold = random.normal(size=shape)
    return gold, gold + 2 * random.normal(size=shape)


def blind(random: np.random.Generator, shape: tuple[int, int]) -> tuple[Rewards, Rewards]:
    """No relation: the curve is flat."""
    return random.normal(size=shape), random.normal(size=shape)


def hacked(random: np.random.Generator, shape: tuple[int, int]) -> tuple[Rewards, Rewards]:
    """A flaw with a long tail that the proxy takes for a virtue: choosing hard does harm."""
    good, flaw = random.normal(size=shape), random.normal(size=shape) ** 2
    return good - 0.3 * flaw, good + flaw


WORLDS: dict[str, Draw] = {"noisy": noisy, "blind": blind, "hacked": hacked}


def measured(draw: Draw, random: np.random.Generator, prompts: int, candidates: int) -> Curve:
    gold, proxy = draw(random, (prompts, candidates))
    groups = [Group(str(g), f"prompt {g}", ("x",) * candidates) for g in range(prompts)]
    return best_of(groups, {"proxy": proxy.tolist()}, gold.tolist()).curves[0]


def holds(intervals: Sequence[Measurement], truth: float) -> float:
    """The share of intervals that hold the truth."""
    return float(np.mean([m.low is not None and m.high is not None and m.low <= truth <= m.high for m in intervals]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--prompts", type=int, default=40)
    parser.add_argument("--candidates", type=int, default=32)
    given = parser.parse_args()
    random = np.random.default_rng(0)
    print("| world | gold at N held | beta held | fall shown | said to be over-optimised or worse than random |")
    print("|---|---|---|---|---|")
    for name, draw in WORLDS.items():
        truth = measured(draw, random, 100 * given.prompts, given.candidates)
        found = [measured(draw, random, given.prompts, given.candidates) for _ in range(given.rounds)]
        shown = np.mean([curve.fall.low is not None and curve.fall.low > 0 for curve in found])
        said = np.mean([judge_curve(curve, given.candidates).tone == "bad" for curve in found])
        gold = holds([curve.gold[-1] for curve in found], truth.gold[-1].value or 0.0)
        beta = holds([curve.fit.beta for curve in found], truth.fit.beta.value or 0.0)
        print(f"| {name} | {gold:.1%} | {beta:.1%} | {shown:.1%} | {said:.1%} |")


if __name__ == "__main__":
    main()
