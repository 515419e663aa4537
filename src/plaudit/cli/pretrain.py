"""`plaudit pretrain`: raw text -> a backbone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import (
    Changes,
    Config,
    Epochs,
    LearningRate,
    Overwrite,
    Precision,
    ReportTo,
    Resume,
    Seed,
    ValidationShare,
)
from plaudit.cli.progress import reading_shown

Texts = Annotated[
    list[str],
    typer.Argument(help="Text: .txt files (blank lines between documents), rows, judgements, folders, or `-`."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")]
Backbone = Annotated[
    str | None, typer.Option("--backbone", "-b", help="Train this one on, instead of one from scratch.")
]
Objective = Annotated[str | None, typer.Option("--objective", help="next-token (a decoder) or masked (an encoder).")]
Vocabulary = Annotated[int | None, typer.Option("--vocabulary", help="Entries of its tokenizer [4096].")]
Layers = Annotated[int | None, typer.Option("--layers", help="Layers from scratch [4].")]
Hidden = Annotated[int | None, typer.Option("--hidden", help="Hidden size from scratch [256].")]
Heads = Annotated[int | None, typer.Option("--heads", help="Attention heads from scratch [4].")]
Block = Annotated[int | None, typer.Option("--block", help="Most tokens read at once; the context from scratch [512].")]
StepTokens = Annotated[int | None, typer.Option("--batch-tokens", help="Tokens of a step [4096].")]


def pretrain_command(
    context: typer.Context,
    text: Texts,
    output: Output,
    backbone: Backbone = None,
    objective: Objective = None,
    vocabulary: Vocabulary = None,
    layers: Layers = None,
    hidden: Hidden = None,
    heads: Heads = None,
    block: Block = None,
    epochs: Epochs = None,
    batch_tokens: StepTokens = None,
    learning_rate: LearningRate = None,
    validation_share: ValidationShare = None,
    precision: Precision = None,
    seed: Seed = None,
    report_to: ReportTo = None,
    config: Config = None,
    changes: Changes = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Train a small language model on raw text, to be the backbone of a reward model.

    Example: `plaudit pretrain corpus.txt -o my-backbone --vocabulary 2000`
    """
    from plaudit.cli.inputs import changed_settings, tell
    from plaudit.model import check_backbone

    if backbone is not None:
        check_backbone(backbone)
    from plaudit.training import PretrainingSettings, pretrain, read_texts, validation_sentence

    with reading_shown():
        texts = read_texts(text)
    if texts.repeated or texts.empty:
        tell(f"{texts.repeated:,} repeated and {texts.empty:,} empty documents are left out")
    settings = changed_settings(context, PretrainingSettings())
    record = pretrain(texts, output, backbone, resume=resume, overwrite=overwrite, settings=settings)
    tell(validation_sentence(record["validation"]))
    tell(f"The backbone is in {output}: plaudit train DATA -o MODEL --backbone {output}")
