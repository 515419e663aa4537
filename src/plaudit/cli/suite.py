"""`plaudit suite`: a benchmark in its authors' files, by its authors' rule, with intervals."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from plaudit.cli.options import BatchTokens, Json, Overwrite, ScoredModel, TruncateResponses

Name = Annotated[
    str,
    typer.Argument(help="rewardbench, rewardbench2, rmbench, llmbar, judgebench, rmb, ppe-human or ppe-correctness."),
]
Files = Annotated[
    list[str], typer.Argument(help="The suite's files as its authors publish them, folders, or a hub id.")
]
Output = Annotated[
    Path | None,
    typer.Option("--output", "-o", help="Write suite.json here, and scores.jsonl when a model made them."),
]


def suite_command(
    name: Name,
    model: ScoredModel,
    files: Files,
    output: Output = None,
    as_json: Json = False,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    overwrite: Overwrite = False,
) -> None:
    """Measure a reward model on a published benchmark, from its authors' files and by its authors' rule.

    Example: `plaudit suite rmbench my-model total_dataset.json -o report`, and later
    `plaudit suite rmbench report/scores.jsonl total_dataset.json`.
    """
    from plaudit.cli import suite_tables
    from plaudit.cli.inputs import check_stdin
    from plaudit.cli.output import check_results, give
    from plaudit.cli.reading import Reading
    from plaudit.evaluation import SUITES, measure_suite, read_suite
    from plaudit.scoring import ScoringOptions, obtain_scores

    check_stdin("scores and data", model, *files)
    suite = SUITES.lookup(name)
    check_results(output, files, Reading(overwrite=overwrite), files=("scores.jsonl", "suite.json"))
    items = read_suite(suite, files)
    # Before scoring, which takes the time: files without anything to measure are refused, whatever the scores.
    measure_suite(suite, items, [[0.0] * len(item.responses) for item in items])
    options = ScoringOptions(batch_tokens, truncate_responses)
    scored = obtain_scores(model, items, output, options, overwrite=True).scores
    result = measure_suite(suite, items, scored)
    truncated = int(scored.truncated.sum())
    row = {**result.to_json(), "truncated": truncated, "record": dict(scored.record)}
    give(row, output and output / "suite.json", as_json, lambda: suite_tables.show(result, truncated))
