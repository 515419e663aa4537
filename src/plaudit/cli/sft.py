"""`plaudit sft`: good responses -> a model that gives such responses, and a backbone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import (
    Changes,
    ChatTemplate,
    Config,
    Epochs,
    LearningRate,
    MaxLength,
    Overwrite,
    Precision,
    ReportTo,
    Resume,
    Seed,
    ValidationShare,
)


def sft_command(
    data: Annotated[
        list[str],
        typer.Argument(help="Judgements, or rows of prompt and completion or of messages: files, folders, or `-`."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    backbone: Annotated[
        str, typer.Option("--backbone", "-b", help="smollm2-135m, a decoder's folder, or a hub id.")
    ] = "smollm2-135m",
    epochs: Epochs = None,
    batch_size: Annotated[int | None, typer.Option("--batch-size", help="Responses of a step [16].")] = None,
    lora: Annotated[int | None, typer.Option("--lora", help="Train LoRA adapters of this rank.")] = None,
    top: Annotated[
        float | None, typer.Option("--top", help="Share of a prompt's responses to imitate [the best alone].")
    ] = None,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="The ratings that say which response is best.")
    ] = None,
    max_length: MaxLength = None,
    chat_template: ChatTemplate = None,
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
    """Fine-tune a decoder on the best-judged responses (with TRL). The result is a backbone like any other.

    Example: `plaudit sft train.jsonl -o my-sft --backbone my-backbone`
    """
    from plaudit.training import FineTuningSettings, read_demonstrations, sft, validation_sentence

    flags = {
        "epochs": epochs,
        "batch_size": batch_size,
        "lora": lora,
        "top": top,
        "attribute": attribute,
        "max_length": max_length,
        "chat_template": chat_template,
        "learning_rate": learning_rate,
        "validation_share": validation_share,
        "precision": precision,
        "seed": seed,
        "report_to": report_to,
    }
    settings = FineTuningSettings().with_sources("sft", flags, changes, config)
    record = sft(read_demonstrations(data), output, backbone, resume=resume, overwrite=overwrite, settings=settings)
    typer.echo(
        f"{record['responses']:,} responses to {record['groups']:,} prompts were learned from. Of all groups, "
        f"{record['tied']:,} had equally good responses and {record['unjudged']:,} no judgement: all those were kept.",
        err=True,
    )
    typer.echo(validation_sentence(record["validation"]), err=True)
    typer.echo(f"The backbone is in {output}: plaudit train DATA -o MODEL --backbone {output}", err=True)
