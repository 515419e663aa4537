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


def pretrain_command(
    text: Annotated[
        list[str],
        typer.Argument(help="Text: .txt files (blank lines between documents), rows, judgements, folders, or `-`."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    backbone: Annotated[
        str | None, typer.Option("--backbone", "-b", help="Train this one on, instead of one from scratch.")
    ] = None,
    objective: Annotated[
        str | None, typer.Option("--objective", help="next-token (a decoder) or masked (an encoder).")
    ] = None,
    vocabulary: Annotated[int | None, typer.Option("--vocabulary", help="Entries of its tokenizer [4096].")] = None,
    layers: Annotated[int | None, typer.Option("--layers", help="Layers from scratch [4].")] = None,
    hidden: Annotated[int | None, typer.Option("--hidden", help="Hidden size from scratch [256].")] = None,
    heads: Annotated[int | None, typer.Option("--heads", help="Attention heads from scratch [4].")] = None,
    block: Annotated[
        int | None, typer.Option("--block", help="Most tokens read at once; the context from scratch [512].")
    ] = None,
    epochs: Epochs = None,
    batch_tokens: Annotated[int | None, typer.Option("--batch-tokens", help="Tokens of a step [4096].")] = None,
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
    from plaudit.training import PretrainingSettings, pretrain, read_texts, validation_sentence

    texts = read_texts(text)
    if texts.repeated or texts.empty:
        typer.echo(f"{texts.repeated:,} repeated and {texts.empty:,} empty documents are left out", err=True)
    flags = {
        "objective": objective,
        "vocabulary": vocabulary,
        "layers": layers,
        "hidden": hidden,
        "heads": heads,
        "block": block,
        "epochs": epochs,
        "batch_tokens": batch_tokens,
        "learning_rate": learning_rate,
        "validation_share": validation_share,
        "precision": precision,
        "seed": seed,
        "report_to": report_to,
    }
    settings = PretrainingSettings().with_sources("pretrain", flags, changes, config)
    record = pretrain(texts, output, backbone, resume=resume, overwrite=overwrite, settings=settings)
    typer.echo(validation_sentence(record["validation"]), err=True)
    typer.echo(f"The backbone is in {output}: plaudit train DATA -o MODEL --backbone {output}", err=True)
