"""What a run leaves to look at: a line for every step and evaluation, answers before and after, and the best weights.

While the run goes on they stand beside its checkpoints (`tail -f DIR/checkpoints/curves.jsonl`); with the finished
policy they move into its folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from plaudit.alignment.evaluating import PolicyEvaluation
from plaudit.alignment.policy import Policy
from plaudit.model import CHECKPOINTS
from plaudit.storage import json_line, replacing

CURVES, SAMPLES, PAGE = "curves.jsonl", "samples.jsonl", "align.html"


class Journal:
    """The lines of `curves.jsonl`, appended as they come.

    Args:
        output: the run's folder.

    Attributes:
        rows: all lines so far.
    """

    def __init__(self, output: Path) -> None:
        self.path = output / CHECKPOINTS / CURVES
        self.rows: list[dict[str, Any]] = []

    def restore(self, step: int) -> None:
        """Go on after a step: what was written of later ones will be written again, and was maybe cut by a kill."""
        self.rows = [row for row in _whole_lines(self.path) if row["step"] <= step]
        with replacing(self.path) as temporary:
            temporary.write_text("".join(map(json_line, self.rows)), encoding="utf-8")

    def add(self, row: Mapping[str, Any]) -> None:
        """Append a line, at once."""
        self.rows.append(dict(row))
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json_line(self.rows[-1]))


def _whole_lines(path: Path) -> Iterable[dict[str, Any]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for line in lines:
        try:
            yield json.loads(line)
        except ValueError:
            return


def sample_rows(before: PolicyEvaluation, after: PolicyEvaluation) -> list[dict[str, Any]]:
    """Answers to the same prompts by the untrained policy and by the kept one, side by side."""
    rows = []
    for place, (old, new) in enumerate(zip(before.samples, after.samples, strict=True)):
        asked = old.prompt.group
        row: dict[str, Any] = {"id": asked.id, "prompt": asked.prompt}
        for name, sample, evaluation in (("before", old, before), ("after", new, after)):
            row[name] = {
                "text": sample.text,
                "ended": sample.ended,
                "tokens": len(sample.tokens),
                "reward": round(float(evaluation.rewards[place]), 4),
                **({} if evaluation.gold is None else {"gold": round(float(evaluation.gold[place]), 4)}),
            }
        rows.append(row)
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows as JSON lines."""
    path.write_text("".join(json_line(dict(row)) for row in rows), encoding="utf-8")


def save_weights(policy: Policy, path: Path) -> None:
    """What the policy has learned: the weights that learn, each once."""
    with replacing(path) as temporary:
        save_file(_learning(policy), temporary)


def load_weights(policy: Policy, path: Path) -> None:
    """Put weights of `save_weights` back."""
    saved = load_file(path, device=str(policy.device))
    with torch.no_grad():
        for name, parameter in _learning(policy).items():
            parameter.copy_(saved[name])


def _learning(policy: Policy) -> dict[str, Any]:
    # named_parameters lists tied weights once, which safetensors wants.
    return {name: weight.data for name, weight in policy.model.named_parameters() if weight.requires_grad}
