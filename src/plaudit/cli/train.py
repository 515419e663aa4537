"""`plaudit train`: judgements -> a saved reward model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli.options import (
    Changes,
    ChatTemplate,
    Config,
    CutResponses,
    Data,
    Epochs,
    Json,
    LearningRate,
    Majority,
    MaxLength,
    ReportTo,
    Resume,
    Scales,
    Seed,
)
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.groups import Group

Output = Annotated[Path | None, typer.Option("--output", "-o", help="The model folder to write.")]
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
Plan = Annotated[
    bool, typer.Option("--plan", help="Tell tokens, arithmetic, memory and hours of the run, and start nothing.")
]
Gpus = Annotated[
    str | None, typer.Option("--gpus", metavar="NxNAME", help="Of a plan: 8xh100, ...; the one that is here.")
]
Mfu = Annotated[float | None, typer.Option("--mfu", help="Of a plan: the share of a GPU's speed to assume [0.4].")]


@reads_data
def train_command(
    context: typer.Context,
    data: Data,
    output: Output = None,
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
    plan: Plan = False,
    gpus: Gpus = None,
    mfu: Mfu = None,
    as_json: Json = False,
) -> None:
    """Train a reward model on judgements. Flags win over --set, and --set over --config.

    Example: `plaudit train train.jsonl -o my-model --backbone minilm-l6 --epochs 3`
    """
    from plaudit.cli.inputs import changed_settings, tell
    from plaudit.model import check_backbone

    # What may fail early fails before torch is imported, which takes seconds.
    check_backbone(backbone)
    _check_plan(plan, output, resume, {"--gpus": gpus, "--mfu": mfu, "--json": as_json or None})
    groups, validation = _read(data, validation_data, reading, majority)
    from plaudit.training import TrainingSettings, loss_settings, train

    settings = changed_settings(context, TrainingSettings(), **loss_settings(losses or ""))
    what: dict[str, Any] = {"backbone": backbone, "validation_groups": validation, "settings": settings}
    if output is None:
        _show_plan(groups, as_json, {"gpus": gpus, "mfu": mfu}, what)
    else:
        train(groups, output, **what, resume=resume, overwrite=reading.overwrite)
        tell(f"The model is in {output}. Measure it on held-out data: plaudit eval {output} DATA")


def _read(
    data: list[str], validation_data: list[str] | None, reading: Reading, majority: bool
) -> tuple[Sequence[Group], Sequence[Group] | None]:
    """The judgements to train on, and those to validate on where they are given."""
    from plaudit.cli.inputs import open_judgements, tell_rejected
    from plaudit.cli.output import check_file

    check_file(None, [*data, *(validation_data or [])], reading)
    groups, rejected = open_judgements(data, reading, merge=majority)
    validation = None
    if validation_data is not None:
        validation, _ = open_judgements(validation_data, replace(reading, rejects=None), merge=majority)
    tell_rejected(rejected, reading.rejects)
    return groups, validation


def _check_plan(plan: bool, output: Path | None, resume: bool, of_plans: dict[str, Any]) -> None:
    """A run has a folder, a plan has none; what is of plans is refused without one."""
    if plan and output is not None:
        raise InvalidInputError("--plan writes nothing, so it has no --output", remedy="leave one of the two out")
    if not plan and output is None:
        raise InvalidInputError("--output is missing", remedy="name the model folder: -o FOLDER; or ask for a --plan")
    if plan and resume:
        raise InvalidInputError(
            "--plan starts nothing, so there is nothing to --resume", remedy="leave one of them out"
        )
    for flag, value in of_plans.items():
        if not plan and value is not None:
            raise InvalidInputError(f"{flag} is of a plan", remedy="add --plan, or leave it out")


def _show_plan(groups: Sequence[Group], as_json: bool, where: dict[str, Any], what: dict[str, Any]) -> None:
    from plaudit.cli.output import give
    from plaudit.cli.plan_tables import show_plan
    from plaudit.training import plan_training

    plan = plan_training(groups, **what, **where)
    give(plan.to_dict(), None, as_json, lambda: show_plan(plan))
