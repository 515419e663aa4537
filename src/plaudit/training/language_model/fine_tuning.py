"""Supervised fine-tuning: good responses in, a model that gives such responses, and a better backbone, out.

TRL's `SFTTrainer` trains. Prompt and response are rendered as the reward model will read them, by the same renderer, so
that the second stage meets nothing new.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import set_seed

from plaudit.errors import InvalidInputError, MissingExtraError
from plaudit.groups import Group
from plaudit.model import Renderer, merge_lora, read_template, settle_padding
from plaudit.storage import data_hash
from plaudit.training.language_model.batches import IGNORED, Batches, TokenBlock
from plaudit.training.language_model.demonstrations import demonstrations
from plaudit.training.language_model.network import NEXT_TOKEN, context, open_language_model, save_language_model
from plaudit.training.language_model.perplexity import token_losses
from plaudit.training.language_model.settings import (
    FineTuningSettings,
    arguments,
    held_out_figures,
    hold_out,
    stage_card,
    stage_record,
)
from plaudit.training.run.folder import clear, open_folder
from plaudit.training.run.split import prompt_keys
from plaudit.training.run.trainer import find_reporters, report_curves, run_trainer

logger = logging.getLogger(__name__)

_BATCH_TOKENS = 4096


def sft(
    groups: Iterable[Group],
    output_dir: str | Path,
    backbone: str | Path = "smollm2-135m",
    *,
    settings: FineTuningSettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **changes: Any,
) -> dict[str, Any]:
    """Fine-tune a decoder on the best-judged responses, the loss on the responses alone, and save it as a backbone.

    Args:
        groups: see `demonstrations` for which responses of a group are imitated.
        output_dir: the folder to write. Checkpoints stand in its `checkpoints/` until the run is done.
        backbone: a packaged decoder, a folder (such as `pretrain` writes) or a hub id.
        settings: a FineTuningSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace what is there.

    Returns:
        The run record, as it stands in plaudit.json.

    Raises:
        PlauditError: if TRL is missing, the backbone is no decoder, nothing is left to imitate, the folder is taken, or
            a setting makes no sense.
    """
    try:
        from datasets import Dataset
        from trl import SFTConfig, SFTTrainer
    except ImportError as error:
        raise MissingExtraError(
            "supervised fine-tuning needs the `sft` extra", remedy="pip install 'plaudit[sft]'"
        ) from error
    settings = (settings or FineTuningSettings()).with_changes(changes, "sft()")
    output, processes = Path(output_dir), PartialState(cpu=not torch.cuda.is_available())
    groups = list(groups)
    shown = demonstrations(groups, settings.attribute, settings.top)
    origin = {"stage": "sft", "backbone": str(backbone), "data": data_hash(groups), "settings": settings.to_dict()}
    checkpoint = open_folder(output, origin, resume, overwrite, processes.is_main_process)
    model, tokenizer, objective = open_language_model(backbone, trust_remote_code=settings.trust_remote_code)
    if objective != NEXT_TOKEN:
        raise InvalidInputError(f"{backbone} is an encoder, which writes no responses", remedy="fine-tune a decoder")
    renderer = _renderer(model, tokenizer, settings)
    learn, watch = hold_out(shown.groups, prompt_keys(shown.groups), settings.validation_share, settings.seed)
    pieces, left_out = _pieces(learn, renderer)
    watched_pieces, watched_out = _pieces(watch, renderer)
    if left_out := left_out + watched_out:
        logger.warning("%d responses do not fit %d tokens and are left out", left_out, renderer.max_length)
    if not pieces:
        raise InvalidInputError(
            "there is no response to imitate", remedy="give groups with responses, or a larger --max-length"
        )
    watched = Batches(watched_pieces, tokenizer, budget=_BATCH_TOKENS, seed=0) if watched_pieces else None

    started = time.monotonic()
    model.to(processes.device)
    before = token_losses(model, watched) if watched else None
    steps = settings.epochs * math.ceil(len(pieces) / (settings.batch_size * processes.num_processes))
    rate = (0.3 if settings.lora else 0.03) / model.config.get_text_config().hidden_size
    trainer = SFTTrainer(
        model=model,
        args=SFTConfig(
            **arguments(output, settings, steps=steps, watched=watched is not None, rate=rate),
            num_train_epochs=settings.epochs,
            per_device_train_batch_size=settings.batch_size,
            per_device_eval_batch_size=settings.batch_size,
            max_length=None,
            **{_checkpointing(SFTConfig): False},
        ),
        train_dataset=Dataset.from_list(_rows(pieces)),
        eval_dataset=Dataset.from_list(_rows(watched_pieces)) if watched else None,
        processing_class=tokenizer,
        peft_config=_adapters(settings.lora) if settings.lora else None,
    )
    report_curves(trainer, output, find_reporters(settings.report_to))
    set_seed(settings.seed)
    run_trainer(trainer, output, checkpoint)
    model = merge_lora(trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False))
    record = stage_record(
        origin,
        objective="completion",
        groups=len(learn),
        responses=len(pieces),
        tied=shown.tied,
        unjudged=shown.unjudged,
        left_out=left_out,
        validation=held_out_figures(before, token_losses(model, watched)) if watched and before else None,
        steps=trainer.state.global_step,
        seconds=round(time.monotonic() - started, 1),
    )
    if processes.is_main_process:
        save_language_model(output, model, tokenizer, record, _card(record))
        clear(output)
    processes.wait_for_everyone()
    return record


def _renderer(model: Any, tokenizer: Any, settings: FineTuningSettings) -> Renderer:
    if template := read_template(settings.chat_template):
        tokenizer.chat_template = template
    settle_padding(model, tokenizer)
    most = context(model, tokenizer)
    if settings.max_length is not None and settings.max_length > most:
        raise InvalidInputError(f"max_length is {settings.max_length}, but the backbone's context holds {most} tokens")
    return Renderer(
        tokenizer,
        max_length=settings.max_length or most,
        causal=True,
        segments=False,
        padding=tokenizer.pad_token_id,
    )


def _pieces(groups: Sequence[Group], renderer: Renderer) -> tuple[list[TokenBlock], int]:
    """Every response as a piece whose prompt is given, and how many do not fit."""
    kin: dict[str, int] = {}
    pieces, left_out = [], 0
    for item, key in zip(renderer.render(groups, truncate_responses=True), prompt_keys(groups), strict=True):
        number = kin.setdefault(key, len(kin))
        spoken = renderer.completion_lengths(item.group)
        for tokens, cut, own in zip(item.sequences, item.response_cut, spoken, strict=True):
            left_out += cut
            if not cut:
                pieces.append(TokenBlock(tokens, number, max(0, len(tokens) - own)))
    return pieces, left_out


def _rows(pieces: Sequence[TokenBlock]) -> list[dict[str, list[int]]]:
    """Rows as TRL reads text that is tokenised and labelled already."""
    return [
        {
            "input_ids": piece.tokens.tolist(),
            "labels": [IGNORED] * piece.given + piece.tokens[piece.given :].tolist(),
        }
        for piece in pieces
    ]


def _checkpointing(config: Any) -> str:
    """What the recomputing of activations, which TRL switches on, is called: before transformers 5.23 otherwise."""
    new = "activation_checkpointing"
    return new if new in config.__dataclass_fields__ else "gradient_checkpointing"


def _adapters(rank: int) -> Any:
    try:
        from peft import LoraConfig
    except ImportError as error:
        raise MissingExtraError("LoRA needs the `lora` extra", remedy="pip install 'plaudit[lora]'") from error
    return LoraConfig(r=rank, lora_alpha=2 * rank, target_modules="all-linear", task_type="CAUSAL_LM")


def _card(record: dict[str, Any]) -> str:
    return stage_card(
        f"Fine-tuned on good responses: {record['backbone']}",
        f"Trained by Plaudit, with TRL, on {record['responses']:,} responses to {record['groups']:,} prompts in "
        f"{record['steps']:,} steps, the loss on the responses alone.",
        record,
    )
