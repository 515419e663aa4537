"""Pretraining: raw text in, a small backbone out."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from transformers import Trainer, TrainingArguments, set_seed

from plaudit.errors import InvalidInputError
from plaudit.training.language_model.batches import Batches, TokenBlock, cut, only
from plaudit.training.language_model.documents import Document, Texts, read_texts
from plaudit.training.language_model.from_scratch import small_model, train_tokenizer
from plaudit.training.language_model.network import (
    MASKED,
    NEXT_TOKEN,
    beside_the_head,
    context,
    open_language_model,
    save_language_model,
)
from plaudit.training.language_model.perplexity import token_losses
from plaudit.training.language_model.settings import (
    PretrainingSettings,
    arguments,
    held_out_figures,
    hold_out,
    stage_card,
    stage_record,
)
from plaudit.training.run.folder import clear, open_folder
from plaudit.training.run.trainer import find_reporters, report_curves, run_trainer

logger = logging.getLogger(__name__)


def pretrain(
    texts: Texts | str | Path | Iterable[str | Path],
    output_dir: str | Path,
    backbone: str | Path | None = None,
    *,
    settings: PretrainingSettings | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **changes: Any,
) -> dict[str, Any]:
    """Train a language model on text, unsupervised, and save it as a backbone.

    Args:
        texts: documents, or where they are (see `read_texts`).
        output_dir: the folder to write. Checkpoints stand in its `checkpoints/` until the run is done.
        backbone: a packaged backbone, a folder or a hub id to train on; None: from scratch, its own tokenizer included.
        settings: a PretrainingSettings; `changes` are settings by name that replace some of its.
        resume: go on from the newest whole checkpoint in `output_dir`.
        overwrite: replace what is there.

    Returns:
        The run record, as it stands in plaudit.json. `validation` has the perplexity before and after; it is None where
        nothing was held out.

    Raises:
        PlauditError: if there is too little text, the folder is taken, or a setting makes no sense.
    """
    settings = (settings or PretrainingSettings()).with_changes(changes, "pretrain()")
    output, processes = Path(output_dir), PartialState(cpu=not torch.cuda.is_available())
    texts = texts if isinstance(texts, Texts) else read_texts(texts)
    origin = {
        "stage": "pretrain",
        "backbone": None if backbone is None else str(backbone),
        "data": texts.hash,
        "settings": settings.to_dict(),
    }
    checkpoint = open_folder(output, origin, resume, overwrite, processes.is_main_process)
    kin = [document.kin for document in texts.documents]
    learn, watch = hold_out(texts.documents, kin, settings.validation_share, settings.seed)
    model, tokenizer, objective, block = _start(backbone, learn, settings)
    causal = objective == NEXT_TOKEN
    pieces = cut(learn, tokenizer, block=block, causal=causal)
    _check_size(pieces, block)
    options: dict[str, Any] = {
        "budget": settings.batch_tokens,
        "seed": settings.seed,
        "masked": 0.0 if causal else settings.masked,
    }
    batches = Batches(pieces, tokenizer, epochs=settings.epochs, **options)
    watched = Batches(cut(watch, tokenizer, block=block, causal=causal), tokenizer, **options) if watch else None

    started = time.monotonic()
    model.to(processes.device)
    before = token_losses(model, watched) if watched else None
    rate = (0.3 if backbone is None else 0.03) / model.config.get_text_config().hidden_size
    steps = len(batches) // processes.num_processes
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            **arguments(output, settings, steps=steps, watched=watched is not None, rate=rate),
            max_steps=steps,
            per_device_train_batch_size=1,
            per_device_eval_batch_size=1,
            train_sampling_strategy="sequential",
            accelerator_config={"dispatch_batches": False, "even_batches": False},
        ),
        train_dataset=batches,
        eval_dataset=watched,
        data_collator=only,
    )
    report_curves(trainer, output, find_reporters(settings.report_to))
    set_seed(settings.seed)
    run_trainer(trainer, output, checkpoint)
    model = trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    record = stage_record(
        origin,
        objective=objective,
        documents=len(learn),
        repeated=texts.repeated,
        empty=texts.empty,
        tokens=sum(len(piece.tokens) for piece in pieces),
        validation=held_out_figures(before, token_losses(model, watched)) if watched and before else None,
        steps=trainer.state.global_step,
        seconds=round(time.monotonic() - started, 1),
    )
    if processes.is_main_process:
        more = (
            {} if backbone is None else beside_the_head(backbone, model, trust_remote_code=settings.trust_remote_code)
        )
        save_language_model(output, model, tokenizer, record, _card(record), more)
        clear(output)
    processes.wait_for_everyone()
    return record


def _start(
    backbone: str | Path | None, learn: list[Document], settings: PretrainingSettings
) -> tuple[Any, Any, str, int]:
    """Model, tokenizer, objective and block to start from."""
    if backbone is not None:
        model, tokenizer, objective = open_language_model(
            backbone, settings.objective, trust_remote_code=settings.trust_remote_code
        )
        most = context(model, tokenizer)
        if settings.block is not None and settings.block > most:
            raise InvalidInputError(f"block is {settings.block}, but the context of {backbone} holds {most} tokens")
        return model, tokenizer, objective, settings.block or min(512, most)
    objective, block = settings.objective or NEXT_TOKEN, settings.block or 512
    causal = objective != MASKED
    tokenizer = train_tokenizer((d.text for d in learn), settings.vocabulary, block=block, causal=causal)
    model = small_model(
        tokenizer,
        layers=settings.layers,
        hidden=settings.hidden,
        heads=settings.heads,
        block=block,
        causal=causal,
        seed=settings.seed,
    )
    return model, tokenizer, objective, block


def _check_size(pieces: list[TokenBlock], block: int) -> None:
    tokens = sum(len(piece.tokens) for piece in pieces)
    if tokens < block:
        raise InvalidInputError(
            f"the text to learn from has {tokens} tokens, less than one block of {block}",
            remedy="give more text, or a smaller --block",
        )


def _card(record: dict[str, Any]) -> str:
    start = "from scratch" if record["backbone"] is None else f"on from {record['backbone']}"
    return stage_card(
        "A pretrained backbone",
        f"Trained {start} by Plaudit on {record['documents']:,} documents ({record['tokens']:,} tokens), objective "
        f"{record['objective']}, in {record['steps']:,} steps.",
        record,
    )
