"""`plaudit eval`: score data once (or take scores made before), measure, and print what the figures allow."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.inputs import check_stdin, read_judgements
from plaudit.cli.options import (
    BatchTokens,
    Clusters,
    Data,
    InLanguage,
    Json,
    LoadedAttention,
    LoadedPrecision,
    Majority,
    ScoredModel,
    TruncateResponses,
)
from plaudit.cli.output import check_results
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.cli.inputs import JudgementInput
    from plaudit.evaluation import Evaluation
    from plaudit.report import ReportOptions
    from plaudit.scoring import ScoredGroups, ScoringRun

PROBES, EXPLAINED = 50, 3
"""Groups to probe and mistakes to explain: a minute or two of two processor cores, with a small encoder."""

RESULTS = ("scores.jsonl", "metrics.json", "inspection.json", "report.html")

Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write report.html and metrics.json here, and a model's scores.jsonl."),
]
Bootstrap = Annotated[
    int | None,
    typer.Option("--bootstrap", metavar="ROUNDS", help="Make intervals by a bootstrap of so many rounds."),
]
ProbedGroups = Annotated[
    int, typer.Option("--probes", min=0, help="Groups to probe the model on for the report; 0: none.")
]
ExplainedMistakes = Annotated[int, typer.Option("--explain", min=0, help="Worst mistakes to explain in the report.")]
Texts = Annotated[bool, typer.Option("--texts/--no-texts", help="Show the worst mistakes' texts in the report.")]
Card = Annotated[bool, typer.Option("--card", help="Also put the figures into the model folder's README.md.")]


@reads_data
def eval_command(
    model: ScoredModel,
    data: Data,
    output: Output = None,
    as_json: Json = False,
    reading: Reading = ANY,
    majority: Majority = False,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    precision: LoadedPrecision = None,
    attention: LoadedAttention = None,
    bootstrap: Bootstrap = None,
    probes: ProbedGroups = PROBES,
    explain: ExplainedMistakes = EXPLAINED,
    texts: Texts = True,
    language: InLanguage = None,
    card: Card = False,
) -> None:
    """Measure a reward model on judgements, with intervals, beside chance, length, people and plain models.

    With -o it also probes the model, explains its worst mistakes, and writes it all into one page, report.html.

    Example: `plaudit eval my-model test.jsonl -o report`, and later `plaudit eval report/scores.jsonl test.jsonl`.
    """
    from plaudit.report import ReportOptions, update_card
    from plaudit.scoring import ScoringOptions, obtain_scores, watched
    from plaudit.text import preferred_language

    check_stdin("scores and data", model, *data)
    if output is None and (card or not texts or (probes, explain) != (PROBES, EXPLAINED)):
        raise InvalidInputError("--probes, --explain, --no-texts and --card are about the report", remedy="add -o DIR")
    if card:
        _check_card(Path(model))
    check_results(output, data, reading, files=RESULTS)
    judgements = read_judgements(data, reading, merge=majority)
    _check_options(judgements, clusters, bootstrap)
    how = ScoringOptions(batch_tokens, truncate_responses, precision, attention)
    run = obtain_scores(model, judgements.people, output, how, overwrite=True)
    evaluation = _measure(judgements, run.scores, clusters, bootstrap)
    options = ReportOptions(
        probes=probes, explained=explain, texts=texts, clusters=clusters, batch_tokens=batch_tokens,
        language=language or preferred_language(), command=_again(sys.argv[1:]), watch=watched,
    )  # fmt: skip
    if output is not None:
        evaluation = _report(model, judgements, run, evaluation, output, options)
    _print(evaluation, output, options, as_json)
    if card:
        update_card(model, evaluation)


def _again(arguments: Sequence[str]) -> str:
    """The command that makes the page again, in the place of this one."""
    return shlex.join(["plaudit", *arguments, *([] if "--overwrite" in arguments else ["--overwrite"])])


def _check_card(model: Path) -> None:
    from plaudit.storage import check_place

    if not model.is_dir():
        raise InvalidInputError(f"--card writes into a model folder, and {str(model)!r} is none", remedy="leave it out")
    check_place(model / "README.md", overwrite=True)


def _check_options(judgements: JudgementInput, clusters: str | None, bootstrap: int | None) -> None:
    """Before scoring, which takes the time: what is refused whatever the scores."""
    from plaudit.evaluation import check_options

    check_options(judgements.people, clusters, bootstrap)


def _measure(
    judgements: JudgementInput, scores: ScoredGroups, clusters: str | None, bootstrap: int | None
) -> Evaluation:
    from plaudit.evaluation import evaluate

    counts = {
        "truncated": int(scores.truncated.sum()),
        "scores_of_other_groups": scores.unused,
        "rejected_rows": judgements.rejected,
        "baselines_left_out": scores.baselines_left_out,
    }
    return evaluate(
        judgements.groups, scores, clusters=clusters, people=judgements.people, counts=counts, bootstrap=bootstrap
    )


def _report(
    model: str,
    judgements: JudgementInput,
    run: ScoringRun,
    evaluation: Evaluation,
    output: Path,
    options: ReportOptions,
) -> Evaluation:
    """Write the page; the evaluation with what the model itself was asked for it."""
    from plaudit.report import read_inspection, report_folder

    # Scores made before have beside them what was asked of the model then.
    made_before = run.model is None and model != "-"
    inspection = read_inspection(Path(model).parent, run.scores.record) if made_before else None
    scores = run.scores.per_group()
    return report_folder(
        output, evaluation, judgements.groups, scores, run.model, inspection=inspection, options=options, overwrite=True
    )


def _print(evaluation: Evaluation, output: Path | None, options: ReportOptions, as_json: bool) -> None:
    from plaudit.cli import eval_tables
    from plaudit.cli.output import give
    from plaudit.report import REPORT_FILE

    page = output and output / REPORT_FILE
    file = output and output / "metrics.json"
    give(evaluation.to_json(), file, as_json, lambda: eval_tables.show(evaluation, page, options.language))
