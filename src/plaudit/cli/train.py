"""`plaudit train`: judgements -> a saved reward model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import (
    Changes,
    ChatTemplate,
    Config,
    CutResponses,
    Epochs,
    Format,
    LearningRate,
    Majority,
    MaxLength,
    Overwrite,
    Rejects,
    ReportTo,
    Resume,
    Scales,
    Seed,
)


def train_command(
    data: Annotated[list[str], typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model folder to write.")],
    backbone: Annotated[
        str,
        typer.Option("--backbone", "-b", help="minilm-l6, smollm2-135m, a folder, a hub id; length, bow, frozen:..."),
    ] = "minilm-l6",
    validation_data: Annotated[
        list[str] | None,
        typer.Option("--validation-data", help="Held-out judgements to watch, instead of a share of DATA."),
    ] = None,
    loss: Annotated[
        str | None,
        typer.Option("--loss", help="Of rankings, of ratings, or one of each by comma: plackett-luce,huber."),
    ] = None,
    scale: Scales = None,
    mix: Annotated[
        str | None, typer.Option("--mix", metavar="NAME=WEIGHT,...", help="The reward as a sum of rated attributes.")
    ] = None,
    heads: Annotated[int | None, typer.Option("--heads", help="Heads; their spread is a score's uncertainty.")] = None,
    annotators: Annotated[
        bool, typer.Option("--annotators", help="Estimate how reliable each annotator is, and trust them so.")
    ] = False,
    trainable: Annotated[
        str | None, typer.Option("--trainable", help="layers, all, last:K, head, lora or lora:RANK.")
    ] = None,
    epochs: Epochs = None,
    learning_rate: LearningRate = None,
    max_length: MaxLength = None,
    truncate_responses: CutResponses = False,
    chat_template: ChatTemplate = None,
    seed: Seed = None,
    report_to: ReportTo = None,
    config: Config = None,
    changes: Changes = None,
    majority: Majority = False,
    format: Format = None,
    rejects: Rejects = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Train a reward model on judgements. Flags win over --set, and --set over --config.

    Example: `plaudit train train.jsonl -o my-model --backbone minilm-l6 --epochs 3`
    """
    from plaudit.data import ReadReport, load_groups
    from plaudit.judgements import majority as settle
    from plaudit.training import TrainingSettings, loss_settings, train

    flags = {
        **loss_settings(loss or ""),
        "scales": ",".join(scale) if scale else None,
        "mix": mix,
        "heads": heads,
        "annotators": annotators or None,
        "trainable": trainable,
        "epochs": epochs,
        "learning_rate": learning_rate,
        "max_length": max_length,
        "truncate_responses": truncate_responses or None,
        "chat_template": chat_template,
        "seed": seed,
        "report_to": report_to,
    }
    settings = TrainingSettings().with_sources("train", flags, changes, config)
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    validation = None if validation_data is None else load_groups(validation_data, format=format)
    if majority:
        groups = list(map(settle, groups))
        validation = None if validation is None else list(map(settle, validation))
    if reading.rejected:
        typer.echo(f"{len(reading.rejected):,} rows set aside in {rejects}", err=True)
    train(groups, output, backbone, validation_groups=validation, settings=settings, resume=resume, overwrite=overwrite)
    typer.echo(f"The model is in {output}. Measure it on held-out data: plaudit eval {output} DATA", err=True)
