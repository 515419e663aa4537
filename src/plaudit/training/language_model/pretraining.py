"""Pretraining: raw text in, a small backbone out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from transformers import TrainingArguments

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError
from plaudit.logs import muted
from plaudit.model import check_backbone
from plaudit.text import counted
from plaudit.training.language_model.batches import Batches, TokenBlock, split_into_blocks
from plaudit.training.language_model.card import stage_card
from plaudit.training.language_model.documents import Document, Texts, read_texts
from plaudit.training.language_model.from_scratch import small_model, train_tokenizer
from plaudit.training.language_model.network import (
    MASKED,
    NEXT_TOKEN,
    backbone_record,
    context,
    open_language_model,
    save_language_model,
    weights_beside_the_head,
)
from plaudit.training.language_model.perplexity import token_losses, validation_figures
from plaudit.training.language_model.settings import PretrainingSettings
from plaudit.training.language_model.trainer import LanguageModelTrainer, masked_loss
from plaudit.training.run.processes import from_first
from plaudit.training.run.split import hold_out_validation
from plaudit.training.run.trainer import default_learning_rate, only_batch
from plaudit.training.run.training_run import Schedule, TrainingRun
from plaudit.training.wishes import check_curves, check_held_out, refuse_explicit


@checked
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
    """Train a language model on text, unsupervised, and save it as a backbone. Started in several processes
    (`torchrun`), each computes its share of every step.

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

    Example:
        >>> record = pretrain("train.jsonl", "my-decoder", vocabulary=300, layers=1, hidden=32, epochs=3)
        >>> record["validation"]["factor"]["value"] < 1  # the perplexity fell
        True
    """
    if backbone is not None:
        check_backbone(backbone)
    settings = (settings or PretrainingSettings()).with_changes(changes, "pretrain()")
    texts = texts if isinstance(texts, Texts) else read_texts(texts)
    origin = {"stage": "pretrain", "backbone": None if backbone is None else str(backbone), "data": texts.hash}
    run = TrainingRun(output_dir, settings, origin, resume=resume, overwrite=overwrite)
    with muted("plaudit", when=not run.is_main), run.whole_or_gone():
        return _pretrain(run, texts, backbone)


def _pretrain(run: TrainingRun[PretrainingSettings], texts: Texts, backbone: str | Path | None) -> dict[str, Any]:
    settings = run.settings
    check_curves(settings)
    run.open()
    documents, validation_documents = hold_out_validation(
        texts.documents,
        [document.source for document in texts.documents],
        settings.validation_share,
        lambda count: np.random.default_rng(settings.seed).permutation(count).tolist(),
    )
    check_held_out(settings, bool(validation_documents))
    start = _open_backbone(backbone, documents, settings)
    if start.causal:
        refuse_explicit(settings, ("masked",), "is of encoders, and the objective is next-token")
    model = start.model.to(run.device)
    blocks = start.blocks(documents)
    _check_size(blocks, start.block)
    batches = start.batches(blocks, settings, epochs=settings.epochs, shares=run.processes)
    validation = start.batches(start.blocks(validation_documents), settings) if validation_documents else None
    before = token_losses(model, validation) if validation else None
    steps = batches.count
    schedule = Schedule(
        steps=steps,
        evaluate_every=max(1, math.ceil(steps / settings.evaluations)),
        learning_rate=default_learning_rate(model.config.get_text_config().hidden_size, from_nothing=backbone is None),
        validated=validation is not None,
    )
    arguments = run.arguments(
        TrainingArguments,
        schedule,
        max_steps=steps,
        per_device_train_batch_size=1,
        per_device_eval_batch_size=1,
        prediction_loss_only=True,
        accelerator_config={"dispatch_batches": False, "even_batches": False},
    )
    model = run.fit(
        LanguageModelTrainer(
            validation,
            model=model,
            args=arguments,
            train_dataset=batches,
            data_collator=only_batch,
            # Smoothed, the loss is transformers' own whatever the model, and would not be where it is told another.
            compute_loss_func=None if start.causal or arguments.label_smoothing_factor else masked_loss,
        )
    )
    figures = validation_figures(before, token_losses(model, validation)) if validation and before else None
    record = backbone_record(
        run.record(
            objective=start.objective,
            documents=len(documents),
            repeated=texts.repeated,
            empty=texts.empty,
            tokens=sum(len(block.tokens) for block in blocks),
            validation=figures,
        )
    )
    run.save(lambda: _save(run, start, model, record, backbone))
    return record


class StartingPoint(NamedTuple):
    """What pretraining begins with.

    Attributes:
        model: a transformers language model.
        tokenizer: its own.
        objective: `next-token` or `masked`.
        block: most tokens of a block.
    """

    model: Any
    tokenizer: Any
    objective: str
    block: int

    @property
    def causal(self) -> bool:
        return self.objective == NEXT_TOKEN

    def blocks(self, documents: Sequence[Document]) -> list[TokenBlock]:
        return split_into_blocks(documents, self.tokenizer, block=self.block, causal=self.causal)

    def batches(
        self, blocks: Sequence[TokenBlock], settings: PretrainingSettings, epochs: int = 1, shares: int = 1
    ) -> Batches:
        return Batches(
            blocks,
            self.tokenizer,
            budget=settings.batch_tokens,
            seed=settings.seed,
            epochs=epochs,
            masked=0.0 if self.causal else settings.masked,
            shares=shares,
        )


def _open_backbone(
    backbone: str | Path | None, documents: Sequence[Document], settings: PretrainingSettings
) -> StartingPoint:
    """A backbone to train on, or a tokenizer learned from the documents and a random network for it."""
    if backbone is not None:
        reason = f"is of a network from scratch, and {backbone} has one"
        refuse_explicit(settings, ("vocabulary", "layers", "hidden", "heads"), reason, "leave it or the backbone out")
        model, tokenizer, objective = open_language_model(
            backbone, settings.objective, trust_remote_code=settings.trust_remote_code
        )
        most = context(model, tokenizer)
        if settings.block is not None and settings.block > most:
            raise InvalidInputError(f"block is {settings.block}, but the context of {backbone} holds {most} tokens")
        return StartingPoint(model, tokenizer, objective, settings.block or min(512, most))
    objective, block = settings.objective or NEXT_TOKEN, settings.block or 512
    causal = objective != MASKED
    texts = (document.text for document in documents)
    tokenizer = from_first(lambda: train_tokenizer(texts, settings.vocabulary, block=block, causal=causal))
    model = small_model(
        tokenizer,
        layers=settings.layers,
        hidden=settings.hidden,
        heads=settings.heads,
        block=block,
        causal=causal,
        seed=settings.seed,
    )
    return StartingPoint(model, tokenizer, objective, block)


def _check_size(blocks: Sequence[TokenBlock], block: int) -> None:
    tokens = sum(len(one.tokens) for one in blocks)
    if tokens < block:
        raise InvalidInputError(
            f"the text to learn from has {counted(tokens, 'tokens')}, less than one block of {block}",
            remedy="give more text, or a smaller --block",
        )


def _save(
    run: TrainingRun[PretrainingSettings],
    start: StartingPoint,
    model: Any,
    record: dict[str, Any],
    backbone: str | Path | None,
) -> None:
    trust = run.settings.trust_remote_code
    more = {} if backbone is None else weights_beside_the_head(backbone, model, trust_remote_code=trust)
    save_language_model(run.output, model, start.tokenizer, record, _card(record), more)


def _card(record: dict[str, Any]) -> str:
    start = "from scratch" if record["backbone"] is None else f"on from {record['backbone']}"
    return stage_card(
        "A pretrained backbone",
        f"Trained {start} by Plaudit on {record['documents']:,} documents ({record['tokens']:,} tokens), objective "
        f"{record['objective']}, in {record['steps']:,} steps.",
        record,
    )
