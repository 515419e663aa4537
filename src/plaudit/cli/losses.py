"""`plaudit losses`: which loss learns best from these judgements."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import comma_list
from plaudit.cli.options import Changes, ChatTemplate, CutResponses, Data, InLanguage, Json, Majority, Scales
from plaudit.cli.output import check_results
from plaudit.cli.progress import reading_shown
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.text import preferred_language

if TYPE_CHECKING:
    from plaudit.groups import Group
    from plaudit.laboratory import LossComparison
    from plaudit.text import Language

Output = Annotated[Path, typer.Option("--output", "-o", help="A folder for the table, the plots and the runs.")]
Backbone = Annotated[str, typer.Option("--backbone", "-b", help="minilm-l6, smollm2-135m, a folder or a hub id.")]
Losses = Annotated[
    str | None, typer.Option("--losses", metavar="A,B,...", help="Only these; all that apply by default.")
]
Seeds = Annotated[int, typer.Option("--seeds", help="Runs of each loss, 2 or more.")]
By = Annotated[str, typer.Option("--by", metavar="FIELD", help="What stays whole: prompt, or a field of meta.")]
Folds = Annotated[int | None, typer.Option("--folds", min=2, help="Cross-validate, so that all data are tested on.")]
TestShare = Annotated[float, typer.Option("--test", help="The share to test on, where there are no folds.")]
Trainable = Annotated[str, typer.Option("--trainable", help="head (fast), layers, all, last:K, lora or lora:RANK.")]
Baselines = Annotated[
    str | None, typer.Option("--baselines", help="length, bow, frozen:BACKBONE by comma, or none; all by default.")
]
MaxResponses = Annotated[
    int | None, typer.Option("--responses", min=2, help="Use at most so many responses of a prompt, drawn at random.")
]
RankRatings = Annotated[
    bool, typer.Option("--rank-ratings", help="Also read each rater's order of a prompt's responses as a ranking.")
]
FirstSeed = Annotated[int | None, typer.Option("--seed", help="The first seed, and that of the split.")]


@reads_data
def losses_command(
    data: Data,
    output: Output,
    backbone: Backbone = "minilm-l6",
    losses: Losses = None,
    seeds: Seeds = 3,
    by: By = "prompt",
    folds: Folds = None,
    test: TestShare = 0.2,
    trainable: Trainable = "head",
    baselines: Baselines = None,
    responses: MaxResponses = None,
    rank_ratings: RankRatings = False,
    majority: Majority = False,
    scale: Scales = None,
    truncate_responses: CutResponses = False,
    chat_template: ChatTemplate = None,
    seed: FirstSeed = None,
    changes: Changes = None,
    reading: Reading = ANY,
    as_json: Json = False,
    language: InLanguage = None,
) -> None:
    """Train one backbone with every loss that fits the judgements, and put them in one table, best first.

    Example: `plaudit losses train.jsonl -o losses --losses bradley-terry,hinge --folds 4`
    """
    from plaudit.model import baseline_names, check_backbone

    check_backbone(backbone)
    from plaudit.laboratory import RESULTS, RUNS, LaboratorySettings, compare_losses, default_settings

    flags: dict[str, Any] = {"chat_template": chat_template, "seed": seed}
    flags |= {"scales": ",".join(scale) if scale else None, "truncate_responses": truncate_responses or None}
    training = default_settings(trainable).with_sources("losses", flags, changes)
    settings = LaboratorySettings(
        losses=comma_list(losses),
        seeds=seeds, by=by, folds=folds, test_share=test, training=training,
        baselines=None if baselines is None else baseline_names(baselines),
    )  # fmt: skip
    check_results(output, data, reading, files=RESULTS, besides=[RUNS])
    groups = _read(data, reading, majority, rank_ratings, responses, training.seed)
    log = lambda line: typer.echo(line, err=True)  # noqa: E731
    _write(
        compare_losses(groups, output, backbone, settings, log=log, overwrite=True),
        output,
        as_json,
        language or preferred_language(),
    )


def _read(
    data: list[str],
    reading: Reading,
    majority: bool,
    rank_ratings: bool,
    max_responses: int | None,
    seed: int,
) -> list[Group]:
    from plaudit.cli.inputs import tell_rejected
    from plaudit.data import ReadReport, load_groups
    from plaudit.judgements import majority as merge_annotators
    from plaudit.judgements import rankings_from_ratings
    from plaudit.laboratory import subsample_responses

    report = ReadReport()
    with reading_shown():
        groups = load_groups(data, report=report, **reading.options())
    tell_rejected(len(report.rejected), reading.rejects)
    if majority:
        groups = list(map(merge_annotators, groups))
    if rank_ratings:
        groups = list(map(rankings_from_ratings, groups))
    return groups if max_responses is None else subsample_responses(groups, max_responses, seed)


def _write(comparison: LossComparison, output: Path, as_json: bool, language: Language) -> None:
    """The table and the plots, into files and onto the terminal."""
    from plaudit.laboratory import RESULT, loss_curves, markdown, write_plots
    from plaudit.report import can_plot
    from plaudit.storage import json_line, replacing
    from plaudit.text import replace_surrogates

    with replacing(output / "losses.md") as temporary:
        temporary.write_text(replace_surrogates(markdown(comparison, language)), encoding="utf-8")
    plots = write_plots(comparison, loss_curves(), output) if can_plot() else []
    if as_json:
        typer.echo(json_line(comparison.to_json()), nl=False)
    else:
        print_comparison(comparison, language)
    files = ", ".join(str(path) for path in [output / RESULT, output / "losses.md", *plots])
    typer.echo(f"Written: {files}.", err=True)
    if not plots:
        typer.echo(
            "For the plots: pip install 'plaudit[plots]', then the same again with --overwrite (nothing is trained).",
            err=True,
        )


def print_comparison(comparison: LossComparison, language: Language = "en") -> None:
    """A table for each attribute, and the notes that they are to be read with."""
    from rich.console import Console

    from plaudit.cli.tables import FigureTable
    from plaudit.laboratory import narrow_tables, notes
    from plaudit.text import terminal_text

    console = Console(highlight=False)
    for narrow in narrow_tables(comparison, language):
        console.print(terminal_text(narrow.title), style="bold", markup=False)
        label, *headings = narrow.header
        table = FigureTable(label, headings, continues=True)
        for name, *cells in narrow.cells:
            table.row(terminal_text(name), *cells)
        table.print(console)
        console.print()
    for line in notes(comparison, language):
        console.print(line, markup=False)
