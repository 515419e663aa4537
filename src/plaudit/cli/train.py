"""`plaudit train`: judgements -> a saved reward model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.inputs import name_and_value
from plaudit.cli.options import (
    Changes,
    ChatTemplate,
    CutResponses,
    Format,
    Majority,
    MaxLength,
    Overwrite,
    Rejects,
    ReportTo,
    Resume,
    Scales,
)


def train_command(
    data: Annotated[list[str], typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The model folder to write.")],
    backbone: Annotated[
        str,
        typer.Option("--backbone", "-b", help="minilm-l6, smollm2-135m, a folder, a hub id; length, bow, frozen:..."),
    ] = "minilm-l6",
    eval_data: Annotated[
        list[str] | None, typer.Option("--eval-data", help="Held-out judgements to watch, instead of a share of DATA.")
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
    passes: Annotated[int | None, typer.Option("--passes", help="Times every group is met.")] = None,
    max_length: MaxLength = None,
    truncate_responses: CutResponses = False,
    chat_template: ChatTemplate = None,
    seed: Annotated[int | None, typer.Option("--seed", help="Of the head, the order and the deals.")] = None,
    report_to: ReportTo = None,
    config: Annotated[Path | None, typer.Option("--config", help="Settings from a TOML or JSON file.")] = None,
    changes: Changes = None,
    majority: Majority = False,
    format: Format = None,
    rejects: Rejects = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Train a reward model on judgements. Flags win over --set, and --set over --config.

    Example: `plaudit train train.jsonl -o my-model --backbone minilm-l6 --set passes=3`
    """
    from plaudit.data import ReadReport, load_groups
    from plaudit.judgements import majority as settle
    from plaudit.training import TrainingSettings, loss_settings, read_settings, train

    settings = TrainingSettings()
    if config is not None:
        settings = settings.with_changes(read_settings(config), str(config))
    settings = settings.with_changes(dict(map(name_and_value, changes or [])), "--set")
    flags = {
        **loss_settings(loss or ""),
        "scales": ",".join(scale) if scale else None,
        "mix": mix,
        "heads": heads,
        "annotators": annotators or None,
        "trainable": trainable,
        "passes": passes,
        "max_length": max_length,
        "truncate_responses": truncate_responses or None,
        "chat_template": chat_template,
        "seed": seed,
        "report_to": report_to,
    }
    settings = settings.with_changes({name: value for name, value in flags.items() if value is not None}, "train")
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    watched = None if eval_data is None else load_groups(eval_data, format=format)
    if majority:
        groups = list(map(settle, groups))
        watched = None if watched is None else list(map(settle, watched))
    if reading.rejected:
        typer.echo(f"{len(reading.rejected):,} rows set aside in {rejects}", err=True)
    train(groups, output, backbone, eval_groups=watched, settings=settings, resume=resume, overwrite=overwrite)
    typer.echo(f"The model is in {output}. Measure it on held-out data: plaudit eval {output} DATA", err=True)
