"""`plaudit align`: a policy, prompts and a reward model -> a better policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.options import Config, Precision, Resume, Seed, without_token
from plaudit.cli.reading import ANY, Reading, reads_data

if TYPE_CHECKING:
    from plaudit.alignment import AlignmentSettings, PromptSets

PolicyName = Annotated[str, typer.Argument(help="The decoder to improve: a folder, a hub id, or smollm2-135m.")]
Prompts = Annotated[list[str], typer.Argument(help="Prompts: any data, whose responses are ignored, or prompts alone.")]
Reward = Annotated[
    str,
    typer.Option("--reward", callback=without_token, help="What is optimised: a model folder, hub id or server's URL."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")]
Method = Annotated[str | None, typer.Option("--method", help="best-of (the plainest), dpo, ppo, grpo or rloo.")]
Gold = Annotated[
    str | None,
    typer.Option(
        "--gold",
        callback=without_token,
        help="A second model, of other people's judgements, that is watched and not optimised.",
    ),
]
ValidationPrompts = Annotated[
    list[str] | None,
    typer.Option("--validation-data", help="Prompts that choose what is kept, instead of a share of PROMPTS."),
]
TestPrompts = Annotated[
    list[str] | None, typer.Option("--test-data", help="Prompts to report on, instead of a share of PROMPTS.")
]
Rounds = Annotated[int | None, typer.Option("--rounds", help="Of best-of and dpo [2].")]
Steps = Annotated[int | None, typer.Option("--steps", help="Of ppo, grpo and rloo [100].")]
Samples = Annotated[int | None, typer.Option("--samples", help="Answers to each prompt at a time.")]
NewTokens = Annotated[int | None, typer.Option("--max-new-tokens", help="After which an answer is cut [128].")]
Kl = Annotated[float | None, typer.Option("--kl", help="What holds ppo, grpo and rloo to the untrained policy [0.1].")]
Budget = Annotated[float | None, typer.Option("--kl-budget", help="Stop where an answer's KL is above so many nats.")]
Shape = Annotated[str | None, typer.Option("--shape", help="Of rewards: none, sigmoid or clip:C.")]
Spread = Annotated[
    str | None, typer.Option("--spread-penalty", help="What disagreement of members or heads costs; or `worst`.")
]
Length = Annotated[float | None, typer.Option("--length-penalty", help="Price of a token above --set free_length=N.")]
Margin = Annotated[float | None, typer.Option("--margin", help="Of dpo: pairs whose rewards are no further apart tie.")]
Lora = Annotated[int | None, typer.Option("--lora", help="Train LoRA adapters of this rank.")]
Rate = Annotated[float | None, typer.Option("--learning-rate", help="By the policy's width, if not given.")]
Changes = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Any setting (docs/alignment.md).")
]


@reads_data
def align_command(
    context: typer.Context,
    policy: PolicyName,
    data: Prompts,
    reward: Reward,
    output: Output,
    method: Method = None,
    gold: Gold = None,
    validation_data: ValidationPrompts = None,
    test_data: TestPrompts = None,
    rounds: Rounds = None,
    steps: Steps = None,
    samples: Samples = None,
    max_new_tokens: NewTokens = None,
    kl: Kl = None,
    kl_budget: Budget = None,
    shape: Shape = None,
    spread_penalty: Spread = None,
    length_penalty: Length = None,
    margin: Margin = None,
    lora: Lora = None,
    learning_rate: Rate = None,
    precision: Precision = None,
    seed: Seed = None,
    config: Config = None,
    changes: Changes = None,
    reading: Reading = ANY,
    resume: Resume = False,
) -> None:
    """Improve a policy by a reward model, and stop when its answers stop getting better.

    Example: `plaudit align my-sft prompts.jsonl --reward my-model --gold another-model -o my-policy`
    """
    from plaudit.cli.inputs import changed_settings
    from plaudit.cli.output import check_file
    from plaudit.model import check_backbone, check_model

    # What may fail early fails before torch is imported, which takes seconds.
    check_backbone(policy)
    for model in filter(None, (reward, gold)):
        check_model(model)
    check_file(None, [*data, *(validation_data or []), *(test_data or [])], reading)
    from plaudit.alignment import AlignmentSettings, align

    settings = changed_settings(context, AlignmentSettings())
    sets = _prompt_sets(data, validation_data, test_data, reading, settings)
    replaced = reading.overwrite
    _tell(align(policy, sets, reward, output, gold=gold, settings=settings, resume=resume, overwrite=replaced), output)


def _tell(record: Mapping[str, Any], output: Path) -> None:
    from plaudit.alignment import figures_sentence, kept_sentence, stopped_sentence

    if record["stopped"] is not None:
        typer.echo(stopped_sentence(record), err=True)
    typer.echo(f"{kept_sentence(record)} {figures_sentence(record)}", err=True)
    typer.echo(f"The policy is in {output}; open {output / 'align.html'}", err=True)


def _prompt_sets(
    data: list[str],
    validation_data: list[str] | None,
    test_data: list[str] | None,
    reading: Reading,
    settings: AlignmentSettings,
) -> PromptSets:
    from plaudit.alignment import PromptSets
    from plaudit.cli.inputs import tell_rejected
    from plaudit.cli.progress import reading_shown
    from plaudit.data import ReadReport, load_prompts

    report, plain = ReadReport(), replace(reading, rejects=None).options()
    with reading_shown():
        groups = load_prompts(data, report=report, **reading.options())
        validation, test = (
            None if files is None else load_prompts(files, **plain) for files in (validation_data, test_data)
        )
    tell_rejected(len(report.rejected), reading.rejects)
    return PromptSets.split(groups, settings, validation=validation, test=test)
