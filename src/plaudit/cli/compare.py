"""`plaudit compare`: two models (or scores made before) on the same judgements."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.options import (
    BatchTokens,
    Clusters,
    Data,
    InLanguage,
    Json,
    Majority,
    TruncateResponses,
    without_token,
)
from plaudit.cli.reading import ANY, Reading, reads_data

if TYPE_CHECKING:
    from plaudit.scoring import ScoredGroups

ModelA = Annotated[
    str,
    typer.Argument(
        callback=without_token, help="Model A: a model folder, hub id or server's URL; or a scores file (`-`: stdin)."
    ),
]
ModelB = Annotated[str, typer.Argument(callback=without_token, help="Model B: the same.")]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write compare.json here, and a/scores.jsonl, b/scores.jsonl of models."),
]
Show = Annotated[int, typer.Option("--show", min=0, metavar="N", help="Show the N prompts they disagree on most.")]


@reads_data
def compare_command(
    a: ModelA,
    b: ModelB,
    data: Data,
    output: Output = None,
    as_json: Json = False,
    show: Show = 5,
    reading: Reading = ANY,
    majority: Majority = False,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    language: InLanguage = None,
) -> None:
    """Compare two reward models on the same judgements: which is better, where, how sure, and where they part.

    Example: `plaudit compare old-model new-model test.jsonl`, or with the scores files `plaudit eval -o` wrote.
    """
    from plaudit.cli import compare_tables
    from plaudit.cli.inputs import check_stdin, read_judgements
    from plaudit.cli.output import check_results, give
    from plaudit.evaluation import check_measurable, compare
    from plaudit.report import judge_pair
    from plaudit.scoring import ScoringOptions, obtain_scores_of_each
    from plaudit.text import preferred_language

    check_stdin("A, B and data", a, b, *data)
    check_results(output, [a, b, *data], reading, files=("compare.json",))
    judgements = read_judgements(data, reading, merge=majority)
    # Before scoring, which takes the time: data without anything to measure are refused, whatever the scores.
    check_measurable(judgements.groups, clusters)
    models = {"A": a, "B": b}
    options = ScoringOptions(batch_tokens, truncate_responses)
    runs = obtain_scores_of_each(models, judgements.groups, output, options, overwrite=True)
    scores = {side: run.scores for side, run in runs.items()}
    counts = {**_counts(scores), "rejected_rows": judgements.rejected}
    paired = compare(judgements.groups, scores["A"], scores["B"], clusters=clusters, counts=counts)
    paired = replace(paired, disagreements=paired.disagreements[:show])
    records = {side: dict(of_side.record) for side, of_side in scores.items()}
    told = language or preferred_language()
    verdict = "\n".join(finding.sentence.plain(told) for finding in judge_pair(paired))
    row = {"models": models, **paired.to_json(), "verdict": verdict, "records": records}
    give(row, output and output / "compare.json", as_json, lambda: compare_tables.show(paired, models, told))


def _counts(scores: dict[str, ScoredGroups]) -> dict[str, int]:
    """What the scores of each side leave out or cut."""
    sides = {side.lower(): of_side for side, of_side in scores.items()}
    return {
        **{f"truncated_{side}": int(of_side.truncated.sum()) for side, of_side in sides.items()},
        **{f"scores_of_other_groups_{side}": of_side.unused for side, of_side in sides.items()},
    }
