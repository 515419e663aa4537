"""`plaudit compare`: two models (or scores made before) on the same judgements."""

from __future__ import annotations

from pathlib import Path

import typer

from plaudit.cli.options import BatchTokens, Clusters, Format, Json, Majority, Rejects, TruncateResponses
from plaudit.errors import PlauditError


def compare_command(
    a: str = typer.Argument(help="Model A: a model folder or hub id; or a scores file (`-`: stdin)."),
    b: str = typer.Argument(help="Model B: the same."),
    data: list[str] = typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write compare.json here, and a/scores.jsonl, b/scores.jsonl of models."
    ),
    as_json: Json = False,
    show: int = typer.Option(5, "--show", min=0, metavar="N", help="Prompts they disagree on most to show."),
    format: Format = None,
    rejects: Rejects = None,
    majority: Majority = False,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Compare two reward models on the same judgements: which is better, where, how sure, and where they part.

    Example: `plaudit compare old-model new-model test.jsonl`, or with the scores files `plaudit eval -o` wrote.
    """
    from dataclasses import replace

    from plaudit.cli import compare_tables
    from plaudit.cli.output import give
    from plaudit.data import ReadReport, load_groups
    from plaudit.evaluation import check_measurable, compare, paired_verdict
    from plaudit.judgements import majority as merge
    from plaudit.scoring import ScoringOptions, obtain_scores_of_each

    if [a, b, *data].count("-") > 1:
        raise PlauditError("only one of A, B and data can come from stdin; give the others as files")
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    if majority:
        groups = [merge(group) for group in groups]
    # Before scoring, which takes the time: data without anything to measure are refused, whatever the scores.
    check_measurable(groups, clusters)
    made = {"A": a, "B": b}
    runs = obtain_scores_of_each(made, groups, output, ScoringOptions(batch_tokens, truncate_responses))
    scored = {side: run.scores for side, run in runs.items()}
    paired = compare(
        groups,
        scored["A"],
        scored["B"],
        clusters=clusters,
        counts={
            **{f"truncated_{side.lower()}": int(scores.truncated.sum()) for side, scores in scored.items()},
            **{f"scores_of_other_groups_{side.lower()}": scores.unused for side, scores in scored.items()},
            "rejected_rows": len(reading.rejected),
        },
    )
    paired = replace(paired, disagreements=paired.disagreements[:show])
    row = {
        "models": made,
        **paired.to_json(),
        "verdict": paired_verdict(paired),
        "records": {side: dict(scores.record) for side, scores in scored.items()},
    }
    give(row, output and output / "compare.json", as_json, lambda: compare_tables.show(paired, made))
