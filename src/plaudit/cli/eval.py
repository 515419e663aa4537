"""`plaudit eval`: score data once (or take scores made before), measure, and print what the figures allow."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import typer

from plaudit.cli.options import BatchTokens, Clusters, Format, InLanguage, Json, Majority, Rejects, TruncateResponses
from plaudit.errors import PlauditError

PROBES, EXPLAINED = 50, 3
"""Groups to probe and mistakes to explain: a minute or two of two processor cores, with a small encoder."""


def eval_command(
    model: str = typer.Argument(help="A model folder or hub id; or a scores file to measure again (`-`: stdin)."),
    data: list[str] = typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write report.html and metrics.json here, and a model's scores.jsonl."
    ),
    as_json: Json = False,
    format: Format = None,
    rejects: Rejects = None,
    majority: Majority = False,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    bootstrap: int | None = typer.Option(
        None, "--bootstrap", metavar="ROUNDS", help="Make intervals by a bootstrap over clusters, in so many rounds."
    ),
    probes: int = typer.Option(PROBES, "--probes", min=0, help="Groups to probe the model on for the report; 0: none."),
    explain: int = typer.Option(EXPLAINED, "--explain", min=0, help="Worst mistakes to explain in the report."),
    texts: bool = typer.Option(True, "--texts/--no-texts", help="Show the worst mistakes' texts in the report."),
    language: InLanguage = None,
    card: bool = typer.Option(False, "--card", help="Also put the figures into the model folder's README.md."),
) -> None:
    """Measure a reward model on judgements, with intervals, beside chance, length, people and plain models.

    With -o it also probes the model, explains its worst mistakes, and writes it all into one page, report.html.

    Example: `plaudit eval my-model test.jsonl -o report`, and later `plaudit eval report/scores.jsonl test.jsonl`.
    """
    from plaudit.cli import eval_tables
    from plaudit.cli.output import give
    from plaudit.data import ReadReport, load_groups
    from plaudit.evaluation import check_options, evaluate
    from plaudit.judgements import majority as merge
    from plaudit.report import REPORT_FILE, ReportOptions, read_inspection, report_folder, update_card
    from plaudit.scoring import ScoringOptions, obtain_scores, watched
    from plaudit.storage import check_place
    from plaudit.text import preferred_language

    if model == "-" and "-" in data:
        raise PlauditError("scores and data cannot both come from stdin; give one of them as a file")
    if output is None and (card or not texts or (probes, explain) != (PROBES, EXPLAINED)):
        raise PlauditError("--probes, --explain, --no-texts and --card are about the report; add -o DIR")
    if card and not Path(model).is_dir():
        raise PlauditError(f"--card writes into a model folder, and {model!r} is none; leave it out")
    if card:
        check_place(Path(model) / "README.md")
    reading = ReadReport()
    people = load_groups(data, format=format, rejects=rejects, report=reading)
    # Before scoring, which takes the time: what is refused whatever the scores.
    check_options(people, clusters, bootstrap)
    run = obtain_scores(model, people, output, ScoringOptions(batch_tokens, truncate_responses))
    scored = run.scores
    groups = [merge(group) for group in people] if majority else people
    evaluation = evaluate(
        groups,
        scored,
        clusters=clusters,
        people=people,
        counts={
            "truncated": int(scored.truncated.sum()),
            "scores_of_other_groups": scored.unused,
            "rejected_rows": len(reading.rejected),
            "baselines_left_out": scored.baselines_left_out,
        },
        bootstrap=bootstrap,
    )
    chosen = language or preferred_language()
    if output is not None:
        evaluation = report_folder(
            output,
            evaluation,
            groups,
            scored.per_group(),
            run.model,
            inspection=None if run.model or model == "-" else read_inspection(Path(model).parent, scored.record),
            options=ReportOptions(
                probes=probes,
                explained=explain,
                texts=texts,
                clusters=clusters,
                batch_tokens=batch_tokens,
                language=chosen,
                command=shlex.join(["plaudit", *sys.argv[1:]]),
                watch=watched,
            ),
        )
    page, metrics = output and output / REPORT_FILE, output and output / "metrics.json"
    give(evaluation.to_json(), metrics, as_json, lambda: eval_tables.show(evaluation, page, chosen))
    if card:
        update_card(model, evaluation)
