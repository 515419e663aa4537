"""What the stages before the reward share, pretraining and supervised fine-tuning: their settings, their arguments to
transformers, what they hold out, and the record and card they leave."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from plaudit.errors import PlauditError
from plaudit.storage import versions
from plaudit.training.language_model.perplexity import Perplexity, perplexity
from plaudit.training.run.folder import CHECKPOINTS
from plaudit.training.run.trainer import multiplies_in_bf16

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
TokenLosses = tuple[np.ndarray, np.ndarray]
"""Losses and tokens of each held-out document (see `perplexity.foretell`)."""

# Fewer held-out documents than this say too little to choose a checkpoint by.
_FEWEST_HELD_OUT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSettings:
    """What both stages can be told.

    Attributes:
        passes: times everything is met.
        learning_rate: peak of AdamW's; None: see the stage.
        warmup: share of the steps in which the rate rises; it then falls along a line to zero.
        weight_decay, max_grad_norm: AdamW's decay, and the norm gradients are clipped to.
        holdout: share of the documents (or prompts) that are held out; 0: none, and nothing is known of the model.
        looks: looks at the held-out loss; each is a checkpoint to resume from, and the best is kept.
        precision: `fp32`, `bf16`, or `auto`: bf16 where the hardware multiplies in it. Weights stay in fp32.
        report_to: where curves go: `tensorboard`, `none`, or any other that transformers knows, by comma.
        seed: of everything that is drawn.
        trust_remote_code: run code that comes with the backbone.
    """

    passes: int = 3
    learning_rate: float | None = None
    warmup: float = 0.1
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    holdout: float = 0.1
    looks: int = 5
    precision: str = "auto"
    report_to: str = "tensorboard"
    seed: int = 0
    trust_remote_code: bool = False

    def __post_init__(self) -> None:
        for name, (test, wanted) in self.rules().items():
            value = getattr(self, name)
            if value is not None and not test(value):
                raise PlauditError(f"{name} is {value!r}; it must be {wanted}")

    def rules(self) -> dict[str, tuple[Any, str]]:
        """Each setting's test, and what the test asks for in words."""
        return {
            "passes": (lambda v: v >= 1, "at least 1"),
            "learning_rate": (lambda v: 0 < v < math.inf, "above 0 and finite"),
            "warmup": (lambda v: 0 <= v < 1, "from 0 to below 1"),
            "weight_decay": (lambda v: 0 <= v < math.inf, "at least 0 and finite"),
            "max_grad_norm": (lambda v: v > 0, "above 0"),
            "holdout": (lambda v: 0 <= v < 1, "from 0 to below 1"),
            "looks": (lambda v: v >= 1, "at least 1"),
            "precision": (lambda v: v in ("auto", "fp32", "bf16"), "auto, fp32 or bf16"),
            "seed": (lambda v: 0 <= v < 1 << 31, "at least 0 and below 2^31"),
        }

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def hold_out(items: Sequence[Item], kin: Sequence[str], share: float, seed: int) -> tuple[list[Item], list[Item]]:
    """Items to learn from and items to watch; those of one kin stay on one side."""
    known = list(dict.fromkeys(kin))
    count = round(len(known) * share)
    if count < _FEWEST_HELD_OUT:
        if share:
            logger.warning(
                "%d texts that are no kin are too few to hold a share of %g out, so nothing will be known of the "
                "model; raise holdout, or give more text",
                len(known),
                share,
            )
        return list(items), []
    apart = {known[at] for at in np.random.default_rng(seed).permutation(len(known))[:count]}
    pairs = list(zip(items, kin, strict=True))
    return [item for item, own in pairs if own not in apart], [item for item, own in pairs if own in apart]


def arguments(output: Path, settings: StageSettings, *, steps: int, watched: bool, rate: float) -> dict[str, Any]:
    """Of `transformers.TrainingArguments`, what does not depend on how batches are made."""
    every = max(1, math.ceil(steps / settings.looks))
    use_cpu = not torch.cuda.is_available()
    return {
        "output_dir": str(output / CHECKPOINTS),
        "learning_rate": settings.learning_rate or rate,
        "lr_scheduler_type": "linear",
        "warmup_steps": round(steps * settings.warmup),
        "weight_decay": settings.weight_decay,
        "max_grad_norm": settings.max_grad_norm,
        "bf16": settings.precision == "bf16" or (settings.precision == "auto" and multiplies_in_bf16()),
        "use_cpu": use_cpu,
        "dataloader_pin_memory": not use_cpu,
        "eval_strategy": "steps" if watched else "no",
        "eval_steps": every,
        "save_strategy": "steps",
        "save_steps": every,
        "save_total_limit": 2,
        "load_best_model_at_end": watched,
        "metric_for_best_model": "eval_loss",
        "greater_is_better": False,
        "prediction_loss_only": True,
        "logging_steps": max(1, steps // 200),
        "logging_nan_inf_filter": False,
        "disable_tqdm": True,
        "report_to": [],
        "seed": settings.seed,
    }


def held_out_figures(before: TokenLosses, after: TokenLosses) -> dict[str, Any]:
    """Perplexity before and after, and the factor between them, paired by document."""
    losses, tokens = before[0], before[1]
    return {
        "before": perplexity(losses, tokens).to_dict(),
        "after": perplexity(*after).to_dict(),
        "factor": perplexity(after[0] - losses, tokens).to_dict(),
    }


def stage_record(origin: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """The run record of a backbone: what it was made from and how."""
    return {"plaudit": "backbone", **origin, **more, "versions": versions()}


def figures(held_out: Mapping[str, Any] | None) -> str:
    """Held-out figures as a sentence."""
    if held_out is None:
        return "Nothing was held out, so nothing is known of how well it foretells text."
    said = {name: Perplexity(**held_out[name]) for name in ("before", "after", "factor")}
    return (
        f"Held-out perplexity {said['before']} before and {said['after']} after, a factor of {said['factor']}; "
        f"{said['after'].tokens:,} tokens of {said['after'].documents:,} documents, which also chose the checkpoint."
    )


def stage_card(title: str, made: str, record: Mapping[str, Any]) -> str:
    """README.md of a backbone: what it is, how it was made, its figures, and its use."""
    front = "---\nlibrary_name: transformers\ntags: [plaudit]\n---"
    return f"""{front}

# {title}

{made}
{figures(record["held_out"])}

An ordinary transformers checkpoint, to be the backbone of a reward model:
`plaudit train DATA -o MODEL --backbone FOLDER`.

Settings:

```json
{json.dumps(record["settings"], indent=2)}
```
"""
