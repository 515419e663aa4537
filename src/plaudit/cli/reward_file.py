"""`plaudit reward-file`: a model -> the file that another trainer loads its reward from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from plaudit.cli.options import Overwrite

Trainer = Annotated[
    Literal["openrlhf", "verl"],
    typer.Option("--for", help="Whose reward it is. TRL needs no file: docs/serving-trainers.md."),
]
Policy = Annotated[
    str | None,
    typer.Option("--policy", help="For OpenRLHF: the policy, if its chat template is not the reward model's."),
]


def reward_file_command(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model folder, a hub id or the URL of a server.")],
    trainer: Trainer,
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write, such as reward.py.")],
    policy: Policy = None,
    overwrite: Overwrite = False,
) -> None:
    """Write the Python file that OpenRLHF or veRL loads its reward from, and say what to add to the trainer's command.

    Example: `plaudit reward-file my-model --for openrlhf -o reward.py`
    """
    from plaudit.scoring import write_reward_file

    lines = write_reward_file(model, trainer, output, policy=policy, overwrite=overwrite)
    typer.echo(f"The reward is in {output}. Add to the trainer's command:", err=True)
    for line in lines:
        typer.echo(line)
    if "://" in model and "@" in model:
        typer.echo("The file holds no token: set PLAUDIT_TOKEN in the environment of the trainer's workers.", err=True)
