"""Hand-made files of alignment runs: a record, lines of `curves.jsonl`, lines of `samples.jsonl`."""

from __future__ import annotations

from typing import Any

from report_samples import found

SHARES = ("ended", "distinct", "distinct_within", "repeated")


def figures(step: int, *, gold: float | None, half: float = 0.1) -> dict[str, Any]:
    """What an evaluation of a policy may say: further out with every step, and shorter."""
    shares = dict.fromkeys(SHARES, found(0.9, 0.02))
    rest = {
        "kl": found(0.04 * step, 0.01),
        "kl3": found(0.05 * step, 0.01),
        "entropy": found(0.5),
        "length": found(50 - step / 10, 3),
        "reward": found(0.05 * step, half),
        "shaped": found(0.05 * step, half),
    }
    return shares | rest | ({} if gold is None else {"gold": found(gold, half)})


def evaluation_row(step: int, part: str, gold: float | None, name: str = "say") -> dict[str, Any]:
    return {
        "kind": "evaluation",
        "set": part,
        "step": step,
        "figures": figures(step, gold=gold),
        "by_prompt": {"reward": [0.1 * step, 0.2 if part == "test" else 0.3]},
        "probes": {"padding": found(0.2, 0.1), "bullets": found(-0.2, 0.1), name: found(None)},
        "phrases": [{"text": f"{name} it", "before": 0.1, "after": 0.75, "z": 4.5}] if step else [],
    }


def step_row(step: int) -> dict[str, Any]:
    terms = {"raw": 2.0, "standardised": 0.1 * step, "shaped": 0.1 * step, "spread": 0.0, "length": 0.0}
    return {
        "kind": "step",
        "step": step,
        "rewards": terms | {"unfinished": 0.25, "total": 0.1 * step - 0.25},
        "figures": {"kl": 0.04 * step, "kl3": 0.04 * step, "ended": 0.9, "length": 48.0, "gradient_norm": 0.7},
        "seconds": {"sampling": 1.0, "scoring": 0.25, "learning": 0.75},
    }


def sample_row(place: int, name: str = "say", gold: bool = True) -> dict[str, Any]:
    """The gain in reward is `place` − 3, that in gold 3 − `place`."""
    before, after = {"reward": 0.0}, {"reward": place - 3.0}
    if gold:
        before, after = before | {"gold": 0.0}, after | {"gold": 3.0 - place}
    return {
        "id": f"{name} {place}",
        "prompt": [{"role": "user", "content": f"{name} what?"}],
        "before": {"text": f"{name} before {place}", "ended": place % 2 == 0, "tokens": 9, **before},
        "after": {"text": f"{name} after {place}", "ended": True, "tokens": 9, **after},
    }


def run_files(
    *, name: str = "say", gold: bool = True, steps: int = 20, kept: int = 20, **record: Any
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    """A run whose texts and names are all `name`; `record` replaces parts of its record."""
    worth = {step: 0.02 * step if gold else None for step in (0, 10, 20)}
    rows = [step_row(step) for step in range(1, steps + 1)]
    rows += [evaluation_row(step, "validation", worth[step], name) for step in worth]
    rows += [evaluation_row(0, "test", worth[0], name), evaluation_row(20, "test", worth[20], name)]
    before, after = (figures(step, gold=worth[step]) for step in (0, 20))
    gain = {key: found(after[key]["value"] - before[key]["value"], 0.05, 40) for key in before}
    whole = {
        "method": "ppo",
        "backbone": f"folder/{name}",
        "reward": {"name": name, "record": "0123"},
        "gold": name if gold else None,
        "settings": {"seed": 0, "samples": None, "shape": name},
        "kept_step": kept,
        "stopped": None,
        "scale": {"mean": 0.5, "sd": 2.0, "samples": 64},
        "prompts": {"train": 80, "validation": 40, "test": 40},
        "test": {"before": before, "after": after, "gain": gain},
        "versions": {"python": "3.11"},
    }
    return whole | record, rows, [sample_row(place, name, gold) for place in range(20)]


def best_of_n(gold: bool = True) -> dict[str, Any]:
    """Best of 1, 2 and 4 of the same reward."""
    figures = [found(value) for value in (0.0, 0.4, 0.8)]
    return {"n": [1, 2, 4], "kl": [0.0, 0.19, 0.64], "reward": figures, "gold": figures if gold else None}
