"""A small policy that writes lists of colours, and ends them."""

import json
from random import Random

import pytest
from painting import COLOURS, PROMPTS, reds
from ruled import by_text

import plaudit


@pytest.fixture
def likes_red():
    return by_text(reds)


@pytest.fixture(scope="session")
def painter(tmp_path_factory):
    """The folder of the policy: a decoder of 40,000 weights that was pretrained on such lists."""
    random = Random(0)
    texts = [
        f"{random.choice(PROMPTS).prompt}\n\n{' '.join(random.choices(COLOURS, k=random.randint(1, 5)))}."
        for _ in range(600)
    ]
    folder = tmp_path_factory.mktemp("painter")
    file = folder / "texts.jsonl"
    file.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), encoding="utf-8")
    plaudit.pretrain(
        file,
        folder / "policy",
        vocabulary=300,
        layers=2,
        hidden=32,
        heads=2,
        block=64,
        epochs=4,
        batch_tokens=1024,
        learning_rate=0.02,
        validation_share=0.05,
        precision="fp32",
        report_to="none",
    )
    return folder / "policy"
