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
    Majority,
    MaxLength,
    Precision,
    ReportTo,
    Resume,
    Seed,
    ValidationShare,
)
from plaudit.cli.reading import ANY, Reading, reads_data

Demonstrations = Annotated[
    list[str],
    typer.Argument(help="Judgements, or rows of prompt and completion or of messages: files, folders, or `-`."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")]
Backbone = Annotated[str, typer.Option("--backbone", "-b", help="smollm2-135m, a decoder's folder, or a hub id.")]
BatchSize = Annotated[int | None, typer.Option("--batch-size", help="Responses of a step [16].")]
Lora = Annotated[int | None, typer.Option("--lora", help="Train LoRA adapters of this rank.")]
Top = Annotated[float | None, typer.Option("--top", help="Share of a prompt's responses to imitate [the best alone].")]
Attribute = Annotated[str | None, typer.Option("--attribute", help="The ratings that say which response is best.")]


@reads_data
def sft_command(
    context: typer.Context,
    data: Demonstrations,
    output: Output,
    backbone: Backbone = "smollm2-135m",
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    lora: Lora = None,
    top: Top = None,
    attribute: Attribute = None,
    max_length: MaxLength = None,
    chat_template: ChatTemplate = None,
    learning_rate: LearningRate = None,
    validation_share: ValidationShare = None,
    precision: Precision = None,
    seed: Seed = None,
    report_to: ReportTo = None,
    config: Config = None,
    changes: Changes = None,
    majority: Majority = False,
    reading: Reading = ANY,
    resume: Resume = False,
) -> None:
    """Fine-tune a decoder on the best-judged responses (with TRL). The result is a backbone like any other.

    Example: `plaudit sft train.jsonl -o my-sft --backbone my-backbone`
    """
    from plaudit.cli.inputs import changed_settings, read_judgements, tell, tell_rejected
    from plaudit.cli.output import check_file
    from plaudit.model import check_backbone
    from plaudit.text import counted

    check_backbone(backbone)
    from plaudit.training import FineTuningSettings, sft, validation_sentence

    settings = changed_settings(context, FineTuningSettings())
    check_file(None, data, reading)
    judgements = read_judgements(data, reading, merge=majority)
    tell_rejected(judgements.rejected, reading.rejects)
    record = sft(judgements.groups, output, backbone, resume=resume, overwrite=reading.overwrite, settings=settings)
    tell(
        f"Learned from: {counted(record['responses'], 'responses')} to {counted(record['groups'], 'prompts')}. Of all "
        f"groups, {record['tied']:,} had equally good responses and {record['unjudged']:,} no judgement: all those "
        "were kept."
    )
    tell(validation_sentence(record["validation"]))
    tell(f"The backbone is in {output}: plaudit train DATA -o MODEL --backbone {output}")
