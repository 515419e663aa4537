"""`plaudit sft`: good responses -> a model that gives such responses, and a backbone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli.options import ChatTemplate, LearningRate, MaxLength, Overwrite, Precision, ReportTo, Resume, Seed


def sft_command(
    data: Annotated[
        list[str],
        typer.Argument(help="Judgements, or rows of prompt and completion or of messages: files, folders, or `-`."),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")],
    backbone: Annotated[
        str, typer.Option("--backbone", "-b", help="smollm2-135m, a decoder's folder, or a hub id.")
    ] = "smollm2-135m",
    passes: Annotated[int | None, typer.Option("--passes", help="Times every response is met [3].")] = None,
    batch: Annotated[int | None, typer.Option("--batch", help="Responses of a step [16].")] = None,
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
    holdout: Annotated[
        float | None, typer.Option("--holdout", help="Share of the prompts to measure on [0.1].")
    ] = None,
    precision: Precision = None,
    seed: Seed = None,
    report_to: ReportTo = None,
    resume: Resume = False,
    overwrite: Overwrite = False,
) -> None:
    """Fine-tune a decoder on the best-judged responses (with TRL). The result is a backbone like any other.

    Example: `plaudit sft train.jsonl -o my-sft --backbone my-backbone`
    """
    from plaudit.training import figures, read_demonstrations, sft

    flags = {
        "passes": passes,
        "batch": batch,
        "lora": lora,
        "top": top,
        "attribute": attribute,
        "max_length": max_length,
        "chat_template": chat_template,
        "learning_rate": learning_rate,
        "holdout": holdout,
        "precision": precision,
        "seed": seed,
        "report_to": report_to,
    }
    given: dict[str, Any] = {name: value for name, value in flags.items() if value is not None}
    record = sft(read_demonstrations(data), output, backbone, resume=resume, overwrite=overwrite, **given)
    typer.echo(
        f"{record['responses']:,} responses to {record['groups']:,} prompts were learned from. Of all groups, "
        f"{record['tied']:,} had equally good responses and {record['unjudged']:,} no judgement: all those were kept.",
        err=True,
    )
    typer.echo(figures(record["held_out"]), err=True)
    typer.echo(f"The backbone is in {output}: plaudit train DATA -o MODEL --backbone {output}", err=True)
