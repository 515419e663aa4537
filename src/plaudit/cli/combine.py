"""`plaudit combine`: several trained models -> one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import Overwrite
from plaudit.errors import InvalidInputError


def combine_command(
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Folders of reward models, two or more.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to make.")],
    average: Annotated[
        bool, typer.Option("--average", help="Average the weights of runs from one start: the cost of one model.")
    ] = False,
    ensemble: Annotated[
        bool, typer.Option("--ensemble", help="Keep all, average their rewards: scores have a spread.")
    ] = False,
    overwrite: Overwrite = False,
) -> None:
    """Make one model of several: an ensemble, or the average of their weights.

    Example: `plaudit combine seed0 seed1 seed2 -o together --ensemble`
    """
    if average == ensemble:
        raise InvalidInputError("say how: --average (one model of the mean weights) or --ensemble (all, with a spread)")
    from plaudit.model import combine

    combine(models, output, average=average, overwrite=overwrite)
    typer.echo(f"The model is in {output}. Measure it on held-out data: plaudit eval {output} DATA", err=True)
