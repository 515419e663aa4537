"""What the stages before the reward share, pretraining and supervised fine-tuning: their settings, their arguments to
transformers, what they hold out, and the record and card they leave."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch

from plaudit.settings import POSITIVE, SHARE, Rule, at_least, documented, setting
from plaudit.storage import versions
from plaudit.training.language_model.network import OBJECTIVES
from plaudit.training.language_model.perplexity import Perplexity, perplexity
from plaudit.training.run.folder import CHECKPOINTS
from plaudit.training.run.settings import RunSettings
from plaudit.training.run.trainer import multiplies_in_bf16

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
TokenLosses = tuple[np.ndarray, np.ndarray]
"""Losses and tokens of each held-out document (see `perplexity.foretell`)."""

# Fewer held-out documents than this say too little to choose a checkpoint by.
_FEWEST_HELD_OUT = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelSettings(RunSettings):
    """What the training of a language model can be told, by either objective."""

    evaluations: int = setting(
        5, "evaluations on the validation set; each is a checkpoint to resume from, and the best is kept", at_least(1)
    )


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainingSettings(LanguageModelSettings):
    """What pretraining can be told."""

    epochs: int = setting(5, "times every document is met", at_least(1))
    learning_rate: float | None = setting(
        None, "the peak: 0.3 / H from scratch and 0.03 / H for a backbone that is trained on", POSITIVE, shown="auto"
    )
    validation_share: float = setting(
        0.1, "share of the documents held out; with 0 nothing is known of the model", SHARE
    )
    objective: str | None = setting(
        None,
        "`next-token` (a decoder) or `masked` (an encoder): the backbone's own; next-token from scratch",
        Rule(lambda value: value in OBJECTIVES, " or ".join(OBJECTIVES)),
        shown="the backbone's",
    )
    vocabulary: int = setting(4096, "entries of the tokenizer (from scratch, as are the next three)")
    layers: int = setting(4, "layers of the network", at_least(1))
    hidden: int = setting(256, "its hidden size H", at_least(2))
    heads: int = setting(4, "its attention heads", at_least(1))
    block: int | None = setting(
        None,
        "most tokens of a piece of a document, and from scratch the context: 512, or the context if less",
        at_least(8),
        shown="512",
    )
    batch_tokens: int = setting(4096, "tokens of one step", at_least(1))
    masked: float = setting(
        0.15,
        "share of the tokens that an encoder has to guess, as in BERT",
        Rule(lambda value: 0 < value < 1, "above 0 and below 1"),
    )


@documented
@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuningSettings(LanguageModelSettings):
    """What supervised fine-tuning can be told."""

    epochs: int = setting(3, "times every response is met", at_least(1))
    learning_rate: float | None = setting(
        None, "the peak: 0.03 / H, H the hidden size; ten times that for LoRA", POSITIVE, shown="auto"
    )
    validation_share: float = setting(0.1, "share of the prompts held out; with 0 nothing is known of the model", SHARE)
    batch_size: int = setting(16, "responses of one step", at_least(1))
    lora: int = setting(0, "rank of LoRA adapters, merged when the model is saved; 0: all weights learn", at_least(0))
    top: float = setting(
        0.0,
        "share of a prompt's judged responses to imitate, best first; 0: the best alone (with those equally good)",
        Rule(lambda value: 0 <= value <= 1, "from 0 to 1"),
    )
    attribute: str | None = setting(
        None, "the ratings that say which response is best, where several attributes are rated", shown="any"
    )
    max_length: int | None = setting(
        None,
        "most tokens of prompt and response. A longer prompt loses its middle; a response that does not fit is left "
        "out, and counted: cut, it would teach to stop in mid-sentence",
        at_least(2),
        shown="the context",
    )
    chat_template: str | None = setting(
        None, "a Jinja file or a built-in template's name, in place of the tokenizer's own", shown="the tokenizer's"
    )


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


def arguments(
    output: Path, settings: LanguageModelSettings, *, steps: int, watched: bool, rate: float
) -> dict[str, Any]:
    """Of `transformers.TrainingArguments`, what does not depend on how batches are made."""
    every = max(1, math.ceil(steps / settings.evaluations))
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
{figures(record["validation"])}

An ordinary transformers checkpoint, to be the backbone of a reward model:
`plaudit train DATA -o MODEL --backbone FOLDER`.

Settings:

```json
{json.dumps(record["settings"], indent=2)}
```
"""
