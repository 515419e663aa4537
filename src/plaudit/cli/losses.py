"""`plaudit losses`: which loss learns best from these judgements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.options import Changes, ChatTemplate, CutResponses, Format, Json, Majority, Rejects, Scales

if TYPE_CHECKING:
    from plaudit.laboratory import Comparison


def losses_command(
    data: Annotated[list[str], typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder for the table, the plots and the runs.")],
    backbone: Annotated[
        str, typer.Option("--backbone", "-b", help="minilm-l6, smollm2-135m, a folder or a hub id.")
    ] = "minilm-l6",
    losses: Annotated[
        str | None, typer.Option("--losses", metavar="A,B,...", help="Only these; all that apply by default.")
    ] = None,
    seeds: Annotated[int, typer.Option("--seeds", help="Runs of each loss, 2 or more.")] = 3,
    by: Annotated[
        str, typer.Option("--by", metavar="FIELD", help="What stays whole: prompt, or a field of meta.")
    ] = "prompt",
    folds: Annotated[
        int | None, typer.Option("--folds", min=2, help="Cross-validate, so that all data are tested on.")
    ] = None,
    test: Annotated[float, typer.Option("--test", help="The share to test on, where there are no folds.")] = 0.2,
    trainable: Annotated[
        str, typer.Option("--trainable", help="head (fast), layers, all, last:K, lora or lora:RANK.")
    ] = "head",
    baselines: Annotated[
        str | None, typer.Option("--baselines", help="length, bow, frozen:BACKBONE by comma, or none; all by default.")
    ] = None,
    responses: Annotated[
        int | None, typer.Option("--responses", min=2, help="Use at most so many responses of a prompt, drawn.")
    ] = None,
    rank_ratings: Annotated[
        bool, typer.Option("--rank-ratings", help="Also read each rater's order of a prompt's responses as a ranking.")
    ] = False,
    majority: Majority = False,
    scale: Scales = None,
    truncate_responses: CutResponses = False,
    chat_template: ChatTemplate = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The first seed, and that of the split.")] = None,
    changes: Changes = None,
    format: Format = None,
    rejects: Rejects = None,
    as_json: Json = False,
) -> None:
    """Train one backbone with every loss that fits the judgements, and put them in one table, best first.

    Example: `plaudit losses train.jsonl -o losses --losses bradley-terry,hinge --folds 4`
    """
    import json

    from plaudit.data import ReadReport, load_groups
    from plaudit.judgements import majority as settle
    from plaudit.judgements import rankings_from_ratings
    from plaudit.laboratory import (
        check_baselines,
        compare_losses,
        default_settings,
        learning_curves,
        markdown,
        thinned,
        write_plots,
    )
    from plaudit.model import baseline_names
    from plaudit.report import can_plot
    from plaudit.storage import replacing

    plain = None if baselines is None else baseline_names(baselines)
    check_baselines(plain or ())
    flags = {
        "scales": ",".join(scale) if scale else None,
        "truncate_responses": truncate_responses or None,
        "chat_template": chat_template,
        "seed": seed,
    }
    settings = default_settings(trainable).with_sources("losses", flags, changes)
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    if reading.rejected:
        typer.echo(f"{len(reading.rejected):,} rows set aside in {rejects}", err=True)
    if majority:
        groups = list(map(settle, groups))
    if rank_ratings:
        groups = list(map(rankings_from_ratings, groups))
    if responses is not None:
        groups = thinned(groups, responses, settings.seed)
    found = compare_losses(
        groups,
        output,
        backbone,
        losses=None if losses is None else [name for part in losses.split(",") if (name := part.strip())],
        seeds=seeds,
        by=by,
        fold_count=folds,
        test=test,
        baselines=plain,
        settings=settings,
        say=lambda line: typer.echo(line, err=True),
    )
    with replacing(output / "losses.md") as temporary:
        temporary.write_text(markdown(found), encoding="utf-8")
    plots = write_plots(found, learning_curves(), output) if can_plot() else []
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False))
    else:
        _show(found)
    files = ", ".join(str(path) for path in [output / "losses.json", output / "losses.md", *plots])
    typer.echo(f"Written: {files}.", err=True)
    if not plots:
        typer.echo(
            "For the plots: pip install 'plaudit[plots]', then the same command again (nothing is trained).", err=True
        )


def _show(found: Comparison) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from plaudit.laboratory import narrow, notes

    console = Console(highlight=False)
    for one in narrow(found):
        table = Table(title=escape(one.title), title_justify="left", box=None, pad_edge=False, header_style="bold")
        for number, title in enumerate(one.header):
            is_name = number == 0
            table.add_column(title, justify="left" if is_name else "right", no_wrap=not is_name, overflow="fold")
        for row in one.cells:
            table.add_row(*map(escape, row))
        console.print(table)
        console.print()
    for line in notes(found):
        console.print(escape(line))
