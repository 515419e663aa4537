"""The README.md of a plain model's folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from plaudit.model import PROBE_PREFIX


def linear_card(record: Mapping[str, Any]) -> str:
    """What a plain model is, what was learned from, what cross-validation found, and how to use it."""
    rows = "\n".join(
        f"| {name} | {one['penalty']:.2g} | {_figure(one['out_of_fold_loss'])} "
        f"| {_figure(one['loss_of_equal_scores'])} |"
        for name, one in record["fits"].items()
    )
    ordinary = record["backbone"].startswith(PROBE_PREFIX) and record["settings"]["pooling"] in ("last", "cls")
    return f"""---
library_name: plaudit
tags: [reward-model, plaudit]
---

# A baseline: {record["backbone"]}

Scores a response linearly in {_READS.get(record["backbone"], "the features of a frozen backbone")}: higher is better.
Only differences between responses to the same prompt mean anything. It is here to be beaten.

Fitted by Plaudit on {record["groups"]} groups. The penalty was chosen by cross-validation; a loss is log loss for
rankings, and half the mean squared error of standardised ratings.

| learned from | penalty | held-out loss | with equal scores |
|---|---|---|---|
{rows}

```python
from plaudit.model import open_model

open_model("MODEL").rank("a prompt", ["one response", "another"])
```

{_ORDINARY if ordinary else _ALONE}

Settings:

```json
{json.dumps(record["settings"], indent=2)}
```
"""


_ORDINARY = "It is an ordinary `AutoModelForSequenceClassification` checkpoint with one output."
_ALONE = (
    "Only Plaudit scores with it: plain transformers has no class for it, or would give its backbone a random head."
)

_READS = {"length": "the logarithm of its length", "bow": "the TF-IDF of its words and pairs of words"}


def _figure(loss: float | None) -> str:
    return "unknown: one prompt" if loss is None else f"{loss:.3f}"
