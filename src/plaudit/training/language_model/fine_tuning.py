"""Supervised fine-tuning: good responses in, a model that gives such responses, and a better backbone, out.

TRL's `SFTTrainer` trains. Prompt and response are rendered as the reward model will read them, by the same renderer, so
that the second stage meets nothing new.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from torch.utils.data import DataLoader

from plaudit._arguments import checked
from plaudit.errors import InvalidInputError, MissingExtraError
from plaudit.groups import Group, each_group, prompt_key
from plaudit.logs import muted
from plaudit.model import (
    Renderer,
    adding_adapters,
    check_backbone,
    merge_lora,
    settle_template,
)
from plaudit.storage import data_hash
from plaudit.text import counted
from plaudit.training.language_model.batches import IGNORED, Batches, TokenBlock
from plaudit.training.language_model.card import stage_card
from plaudit.training.language_model.decoders import open_decoder
from plaudit.training.language_model.demonstrations import demonstrations
from plaudit.training.language_model.network import backbone_record, save_language_model
from plaudit.training.language_model.perplexity import token_losses, validation_figures
from plaudit.training.language_model.settings import FineTuningSettings
from plaudit.training.language_model.trainer import LanguageModelTrainer, SharedRows
from plaudit.training.run.split import hold_out_validation
from plaudit.training.run.trainer import checkpointing_argument, default_learning_rate
from plaudit.training.run.training_run import Schedule, TrainingRun
from plaudit.training.wishes import check_curves, check_held_out

logger = logging.getLogger(__name__)

_BATCH_TOKENS = 4096


@checked
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
    Started in several processes (`torchrun`), each computes its share of every step.

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

    Example:
        >>> from plaudit.data import load_groups
        >>> record = sft(load_groups("train.jsonl"), "my-sft", "my-backbone", epochs=1)
        >>> record["validation"]["factor"]["value"] < 1  # the perplexity fell
        True
    """
    _check_trl()
    check_backbone(backbone)
    settings = (settings or FineTuningSettings()).with_changes(changes, "sft()")
    groups = list(each_group(groups))
    origin = {"stage": "sft", "backbone": str(backbone), "data": data_hash(groups)}
    run = TrainingRun(output_dir, settings, origin, resume=resume, overwrite=overwrite)
    with muted("plaudit", when=not run.is_main), run.whole_or_gone():
        return _fine_tune(run, groups, backbone)


def _fine_tune(run: TrainingRun[FineTuningSettings], groups: list[Group], backbone: str | Path) -> dict[str, Any]:
    settings = run.settings
    check_curves(settings)
    best = demonstrations(groups, settings.attribute, settings.top)
    run.open()
    model, renderer = open_decoder(
        backbone,
        max_length=settings.max_length,
        chat_template=settings.chat_template,
        trust_remote_code=settings.trust_remote_code,
    )
    tokenizer = renderer.tokenizer
    settle_template(tokenizer, best.groups)
    train_groups, validation_groups = hold_out_validation(
        best.groups,
        [prompt_key(group, index) for index, group in enumerate(best.groups)],
        settings.validation_share,
        lambda count: np.random.default_rng(settings.seed).permutation(count).tolist(),
    )
    check_held_out(settings, bool(validation_groups))
    blocks, too_long = _render_blocks(train_groups, renderer)
    validation_blocks, validation_too_long = _render_blocks(validation_groups, renderer)
    if left_out := too_long + validation_too_long:
        logger.warning(
            "left out, because they do not fit %d tokens: %s", renderer.max_length, counted(left_out, "responses")
        )
    if not blocks:
        raise InvalidInputError(
            "there is no response to imitate", remedy="give groups with responses, or a larger --max-length"
        )
    validation = Batches(validation_blocks, tokenizer, budget=_BATCH_TOKENS, seed=0) if validation_blocks else None
    model.to(run.device)
    before = token_losses(model, validation) if validation else None
    model = merge_lora(run.fit(_build_trainer(run, model, tokenizer, blocks, validation)))
    record = backbone_record(
        run.record(
            objective="completion",
            groups=len(train_groups),
            responses=len(blocks),
            tied=best.tied,
            unjudged=best.unjudged,
            left_out=left_out,
            validation=validation_figures(before, token_losses(model, validation)) if validation and before else None,
        )
    )
    run.save(lambda: save_language_model(run.output, model, tokenizer, record, _card(record)))
    return record


def _build_trainer(
    run: TrainingRun[FineTuningSettings],
    model: Any,
    tokenizer: Any,
    blocks: Sequence[TokenBlock],
    validation: Batches | None,
) -> Any:
    """TRL's trainer over text that is tokenised and labelled already."""
    from datasets import Dataset
    from trl import SFTConfig, SFTTrainer

    settings = run.settings
    steps = settings.epochs * math.ceil(len(blocks) / settings.batch_size)
    schedule = Schedule(
        steps=steps,
        evaluate_every=max(1, math.ceil(steps / settings.evaluations)),
        learning_rate=default_learning_rate(
            model.config.get_text_config().hidden_size, from_nothing=bool(settings.lora)
        ),
        validated=validation is not None,
    )
    arguments = run.arguments(
        SFTConfig,
        schedule,
        # What transformers takes for an epoch is the whole run.
        num_train_epochs=1,
        max_length=None,
        **{checkpointing_argument(SFTConfig): False},
    )

    class FineTuner(LanguageModelTrainer, SFTTrainer):
        def get_train_dataloader(self) -> DataLoader[Any]:
            shares = {"rank": run.rank, "ranks": run.processes}
            rows = SharedRows(len(blocks), settings.batch_size, epochs=settings.epochs, seed=settings.seed, **shares)
            return DataLoader(self.train_dataset, batch_sampler=rows, collate_fn=self.data_collator)

    # The shortest, of which nothing is predicted, is for a process that has no row of a step: the others wait for it.
    shortest = min(blocks, key=lambda block: len(block.tokens))
    unpredicted = shortest._replace(prompt_length=len(shortest.tokens))
    with adding_adapters():
        return FineTuner(
            validation,
            model=model,
            args=arguments,
            train_dataset=Dataset.from_list(_rows([*blocks, unpredicted])),
            # TRL looks at one, and evaluates nothing.
            eval_dataset=Dataset.from_list(_rows([unpredicted])) if validation else None,
            processing_class=tokenizer,
            peft_config=_adapters(settings.lora) if settings.lora else None,
        )


def _render_blocks(groups: Sequence[Group], renderer: Renderer) -> tuple[list[TokenBlock], int]:
    """Every response as a block whose prompt is not predicted, and how many do not fit."""
    source_ids: dict[str, int] = {}
    blocks, left_out = [], 0
    for index, item in enumerate(renderer.render(groups, truncate_responses=True)):
        source_id = source_ids.setdefault(prompt_key(groups[index], index), len(source_ids))
        completion_lengths = renderer.completion_lengths(item.group)
        for tokens, cut, completion_length in zip(item.sequences, item.response_cut, completion_lengths, strict=True):
            left_out += cut
            if not cut:
                blocks.append(TokenBlock(tokens, source_id, max(0, len(tokens) - completion_length)))
    return blocks, left_out


def _rows(blocks: Sequence[TokenBlock]) -> list[dict[str, list[int]]]:
    """Rows as TRL reads text that is tokenised and labelled already."""
    return [
        {
            "input_ids": block.tokens.tolist(),
            "labels": [IGNORED] * block.prompt_length + block.tokens[block.prompt_length :].tolist(),
        }
        for block in blocks
    ]


def _check_trl() -> None:
    """Refuse before anything is read or written, not when the trainer is built."""
    try:
        import datasets
        import trl
    except ImportError as error:
        raise MissingExtraError(
            "supervised fine-tuning needs the `sft` extra", remedy="pip install 'plaudit[sft]'"
        ) from error
    assert datasets and trl


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
