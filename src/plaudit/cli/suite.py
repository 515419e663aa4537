"""`plaudit suite`: a benchmark in its authors' files, by its authors' rule, with intervals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plaudit.cli.options import BatchTokens, Json, TruncateResponses
from plaudit.errors import PlauditError

if TYPE_CHECKING:
    from plaudit.evaluation import SuiteMeasurement, SuiteResult


def suite_command(
    name: str = typer.Argument(
        help="rewardbench, rewardbench2, rmbench, llmbar, judgebench, rmb, ppe-human or ppe-correctness."
    ),
    model: str = typer.Argument(help="A model folder or hub id; or a scores file to measure again (`-`: stdin)."),
    files: list[str] = typer.Argument(help="The suite's files as its authors publish them, folders, or a hub id."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write suite.json here, and scores.jsonl when a model made them."
    ),
    as_json: Json = False,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Measure a reward model on a published benchmark, from its authors' files and by its authors' rule.

    Example: `plaudit suite rmbench my-model total_dataset.json -o report`, and later
    `plaudit suite rmbench report/scores.jsonl total_dataset.json`.
    """
    from plaudit.cli.output import give
    from plaudit.evaluation import measure_suite, read_suite, suite_named
    from plaudit.scoring import bare_scores, obtain_scores

    if model == "-" and "-" in files:
        raise PlauditError("scores and data cannot both come from stdin; give one of them as a file")
    suite = suite_named(name)
    items = read_suite(suite, files)
    # Before scoring, which takes the time: files without anything to measure are refused, whatever the scores.
    measure_suite(suite, items, [[0.0] * len(item.responses) for item in items])
    scored = obtain_scores(model, items, output, batch_tokens, truncate_responses)
    baselines = {baseline: bare_scores(scores) for baseline, scores in scored.baselines.items()}
    result = measure_suite(suite, items, bare_scores(scored.scores), baselines)
    truncated = sum(score.truncated for item in scored.scores for score in item)
    row = {**result.to_json(), "truncated": truncated, "record": dict(scored.record)}
    give(row, output and output / "suite.json", as_json, lambda: _show(result, truncated))


def _show(result: SuiteResult, truncated: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    baselines = list(result.figures[0].baselines)
    table.add_column(escape(result.suite.title), overflow="fold")
    for title in ("value", "95% interval", "n", "ties shared", "chance", *baselines):
        table.add_column(escape(title), justify="left" if title.startswith("95") else "right", no_wrap=title == "value")
    for measured in result.figures:
        table.add_row("  " * measured.level + escape(measured.name), *map(escape, _cells(measured)))
    console.print(table)
    for line in _notes(result, truncated):
        console.print(line, style="dim", markup=False)


def _cells(measured: SuiteMeasurement) -> Iterator[str]:
    value = measured.by_rule
    yield _percent(value.value)
    ends = value.low, value.high
    yield value.reason or "" if None in ends else f"[{_percent(value.low)}, {_percent(value.high)}]"
    yield f"{value.n:,}"
    yield from (_percent(beside) for beside in (measured.shared, measured.chance, *measured.baselines.values()))


def _percent(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.1%}"


def _notes(result: SuiteResult, truncated: int) -> Iterator[str]:
    counts = [f"{count:,} {name.replace('_', ' ')}" for name, count in result.counts.items() if count]
    yield "; ".join([*counts, *([f"{truncated:,} responses truncated"] if truncated else [])])
    if result.missing:
        yield f"missing subsets, so the score is of what is here: {', '.join(result.missing)}"
    if result.unknown:
        yield f"subsets the suite does not have, left out of its score: {', '.join(result.unknown)}"
