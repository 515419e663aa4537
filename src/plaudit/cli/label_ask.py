"""`plaudit label ask`: choose what people are asked next, in a process of its own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from plaudit.cli.options import Overwrite, without_token
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.labelling import FeatureSource, Project, Wish

Place = Annotated[str, typer.Argument(metavar="PROJECT", help="The project's folder, or a URL of PostgreSQL.")]
Model = Annotated[
    str | None,
    typer.Option("--model", callback=without_token, help="A reward model whose word is the belief's start."),
]
Backbone = Annotated[
    str | None,
    typer.Option("--backbone", metavar="frozen:NAME", help="Fit a linear model on its features, with the judgements."),
]
By = Annotated[
    Literal["informed", "gap", "disagreement", "random"],
    typer.Option("--by", help="Where an answer tells most; the smallest gap; where people differ; by lot."),
]
Count = Annotated[int, typer.Option("--count", min=1, help="Questions that are to wait for people.")]
Gamma = Annotated[float, typer.Option("--gamma", min=0, help="How sharply the more useful are preferred; 0: not.")]
Watch = Annotated[
    int | None, typer.Option("--watch", min=1, metavar="N", help="Choose anew after every N judgements, until stopped.")
]
Completed = Annotated[
    Path | None,
    typer.Option("--completed", metavar="FILE", help="Ask nothing; write what is believed of every pair."),
]
Anyway = Annotated[bool, typer.Option("--anyway", help="Though fewer were judged than the project wants by lot first.")]

_LOOK_SECONDS = 5.0


def ask_command(
    project: Place,
    model: Model = None,
    backbone: Backbone = None,
    by: By = "informed",
    count: Count = 100,
    gamma: Gamma = 16.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the draw.")] = 0,
    watch: Watch = None,
    completed: Completed = None,
    overwrite: Overwrite = False,
    anyway: Anyway = False,
) -> None:
    """Choose what people are asked next: by a model, by a frozen backbone, or by their judgements alone.

    A server that has the project takes the questions up by itself.

    Example: `plaudit label ask helpful --backbone frozen:minilm-l6 --watch 100`
    """
    from plaudit.cli.label_team import require

    require()
    from plaudit.labelling import Project, Wish, feature_source

    source = feature_source(model, backbone)
    opened = Project.open(project)
    try:
        if completed is not None:
            _complete(opened, source, completed, overwrite=overwrite)
            return
        wish = Wish(rule=by, count=count, gamma=gamma, seed=seed, anyway=anyway)
        _ask(opened, wish, source)
        if watch is not None:
            _watch(opened, wish, source, watch)
    finally:
        opened.close()


def _complete(project: Project, source: FeatureSource | None, file: Path, *, overwrite: bool) -> None:
    from plaudit.data import write_groups
    from plaudit.labelling import completed_groups

    written = write_groups(completed_groups(project, source), file, overwrite=overwrite)
    typer.echo(f"{counted(written, 'groups')} with what is believed of every pair in {file}")


def _ask(project: Project, wish: Wish, source: FeatureSource | None) -> None:
    from plaudit.labelling import compute_wave, deliver_wave

    wave = compute_wave(project, wish, source)
    if not wave.questions:
        waiting = wave.settings["waiting"]
        why = f"{counted(waiting, 'questions')} wait already" if waiting else "there is nothing this rule could ask"
        typer.echo(f"Nothing is asked: {why}.")
        return
    applied = deliver_wave(project, wave)
    if applied is None:
        typer.echo(f"{counted(len(wave.questions), 'questions')} lie ready for the server that has the project.")
        return
    told = f"{counted(applied.asked, 'questions')} asked, {applied.again:,} once more"
    passed_over = f", {applied.passed_over:,} passed over" if applied.passed_over else ""
    typer.echo(f"{told}{passed_over}, out of {wave.settings['could_ask']:,} that could be.")


def _watch(project: Project, wish: Wish, source: FeatureSource | None, every: int) -> None:
    """Ask anew whenever so many judgements have come, until Ctrl+C."""
    from dataclasses import replace

    from plaudit.labelling import count_answers

    done = count_answers(project)
    typer.echo(f"plaudit: choosing anew after every {counted(every, 'judgements')}; Ctrl+C stops it", err=True)
    try:
        while True:
            time.sleep(_LOOK_SECONDS)
            if (now := count_answers(project)) >= done + every:
                done = now
                wish = replace(wish, seed=wish.seed + 1)
                _ask(project, wish, source)
    except KeyboardInterrupt:
        typer.echo("plaudit: stopped", err=True)
