"""`plaudit train`: judgements -> a saved reward model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import (
    Changes,
    ChatTemplate,
    Config,
    CutResponses,
    Data,
    Epochs,
    LearningRate,
    Majority,
    MaxLength,
    ReportTo,
    Resume,
    Scales,
    Seed,
)
from plaudit.cli.reading import ANY, Reading, reads_data

Output = Annotated[Path, typer.Option("--output", "-o", help="The model folder to write.")]
Backbone = Annotated[
    str,
    typer.Option("--backbone", "-b", help="minilm-l6, smollm2-135m, a folder, a hub id; length, bow, frozen:..."),
]
ValidationData = Annotated[
    list[str] | None,
    typer.Option("--validation-data", help="Held-out judgements to watch, instead of a share of DATA."),
]
Losses = Annotated[
    str | None, typer.Option("--loss", help="Of rankings, of ratings, or one of each by comma: plackett-luce,huber.")
]
Mix = Annotated[
    str | None, typer.Option("--mix", metavar="NAME=WEIGHT,...", help="The reward as a sum of rated attributes.")
]
Heads = Annotated[int | None, typer.Option("--heads", help="Heads; their spread is a score's uncertainty.")]
Annotators = Annotated[
    bool, typer.Option("--annotators", help="Estimate how reliable each annotator is, and trust them so.")
]
Trainable = Annotated[str | None, typer.Option("--trainable", help="layers, all, last:K, head, lora or lora:RANK.")]
Sharding = Annotated[
    str | None, typer.Option("--sharding", help="Of a model over processes: auto, none (DDP) or fsdp (FSDP2).")
]


@reads_data
def train_command(
    context: typer.Context,
    data: Data,
    output: Output,
    backbone: Backbone = "minilm-l6",
    validation_data: ValidationData = None,
    losses: Losses = None,
    scales: Scales = None,
    mix: Mix = None,
    heads: Heads = None,
    annotators: Annotators = False,
    trainable: Trainable = None,
    sharding: Sharding = None,
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
    reading: Reading = ANY,
    resume: Resume = False,
) -> None:
    """Train a reward model on judgements. Flags win over --set, and --set over --config.

    Example: `plaudit train train.jsonl -o my-model --backbone minilm-l6 --epochs 3`
    """
    from plaudit.cli.inputs import changed_settings, open_judgements, tell, tell_rejected
    from plaudit.cli.output import check_file
    from plaudit.model import check_backbone

    # What may fail early fails before torch is imported, which takes seconds.
    check_backbone(backbone)
    check_file(None, [*data, *(validation_data or [])], reading)
    from plaudit.training import TrainingSettings, loss_settings, train

    settings = changed_settings(context, TrainingSettings(), **loss_settings(losses or ""))
    groups, rejected = open_judgements(data, reading, merge=majority)
    validation = None
    if validation_data is not None:
        validation, _ = open_judgements(validation_data, replace(reading, rejects=None), merge=majority)
    tell_rejected(rejected, reading.rejects)
    train(
        groups, output, backbone, validation_groups=validation,
        settings=settings, resume=resume, overwrite=reading.overwrite,
    )  # fmt: skip
    tell(f"The model is in {output}. Measure it on held-out data: plaudit eval {output} DATA")
