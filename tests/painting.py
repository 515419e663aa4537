"""Prompts to list colours, a small policy that writes such lists, and a reward by rule: it must learn to say red."""

import json
from random import Random

import plaudit
from plaudit.groups import Group

COLOURS = ("red", "blue", "green", "black", "white", "pink")
PLACES = ("house", "door", "boat", "wall", "fence", "gate", "roof", "bridge", "tower", "shed", "barn", "mill")
PROMPTS = [Group(place, f"Colours for the {place}?", ("",)) for place in PLACES]


def reds(text):
    """How often a text says red, less a little for all else it says."""
    words = text.replace(".", "").split()
    return sum(word == "red" for word in words) - 0.1 * len(words)


def pretrain_painter(folder):
    """The folder of the policy: a decoder of 40,000 weights, pretrained on lists of colours that end."""
    random = Random(0)
    texts = [
        f"{random.choice(PROMPTS).prompt}\n\n{' '.join(random.choices(COLOURS, k=random.randint(1, 5)))}."
        for _ in range(600)
    ]
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
