"""The README.md of a model folder, written from what was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plaudit.model import HEADS_FILE, Outputs


def model_card(record: Mapping[str, Any], outputs: Outputs) -> str:
    """A model card in the hub's format: what the model is, how it was trained, what its held-out figures are, how to
    use it with and without Plaudit."""
    held_out = record["validation"]
    if held_out.get("loss") is None:
        figures = "Nothing was held out while training, so nothing is known about this model yet."
    elif "accuracy" not in held_out:
        figures = (
            f"Loss on {held_out['groups']} held-out groups, which also chose the checkpoint: {held_out['loss']:.3f}."
        )
    else:
        figures = (
            f"On {held_out['groups']} held-out groups, which also chose the checkpoint: accuracy "
            f"{held_out['accuracy']:.3f} (with equal scores: 0.5), loss {held_out['loss']:.3f}{_equal_scores(record)}."
        )
    kind = ["library_name: transformers", "pipeline_tag: text-classification"]
    front = "\n".join(
        ["---", *(kind if outputs.linear else ["library_name: plaudit"]), "tags: [reward-model, plaudit]"]
    )
    return f"""{front}
---

# A reward model on {record["backbone"]}

Scores a response the way the people who made its training data would: higher is better. Only differences between
responses to the same prompt mean anything.

Trained by Plaudit on {record["groups"]} groups in {record["steps"]} steps.
{figures} Measure it on your own data with `plaudit eval MODEL DATA`, which adds intervals and baselines.

```python
from plaudit import RewardModel

RewardModel.from_pretrained("MODEL").rank("a prompt", ["one response", "another"])
```

{_outside(outputs)}
Settings:

```json
{json.dumps(record["settings"], indent=2)}
```
"""


def _equal_scores(record: Mapping[str, Any]) -> str:
    """The log loss of a model that tells nothing apart: log 2, or log 3 where a tie is a third outcome."""
    settings = record["settings"]
    if settings["loss"] not in ("bradley-terry", "ranknet") or "ratings_loss" in record["validation"]:
        return ""
    return f" (with equal scores: {'1.099' if settings['ties'] == 'rao-kupper' else '0.693'})"


def _outside(outputs: Outputs) -> str:
    """How plain transformers reads the folder."""
    if not outputs.linear:
        return (
            "Plain transformers has no class for its pooling or its head: the folder holds a bare backbone and "
            f"`{HEADS_FILE}`, and only Plaudit scores with it.\n"
        )
    ordinary = (
        "It is an ordinary `AutoModelForSequenceClassification` checkpoint with one output: render prompt and response "
        "with the tokenizer's chat template (or give them as prompt and response text where there is none) and read "
        "`logits[0]`.\n"
    )
    if outputs.plain:
        return ordinary
    return ordinary + (
        f"That output is the reward. What it is made of ({', '.join(a.name for a in outputs.attributes)}; "
        f"{outputs.heads} heads) stands in `{HEADS_FILE}`, which Plaudit reads.\n"
    )
