"""`plaudit eval`: score data once (or take scores made before), measure, and print what the figures allow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from plaudit.errors import PlauditError

if TYPE_CHECKING:
    from rich.table import Table

    from plaudit.data.scores import Score
    from plaudit.evaluation import Evaluation, Measurement
    from plaudit.groups import Group

# name of the measurement -> how it is called in the table, and how its values are printed.
_ROWS = {
    "accuracy": ("accuracy", "{:.1%}"),
    "chance": ("  chance", "{:.1%}"),
    "length_accuracy": ("  the longer response wins", "{:.1%}"),
    "lead_over_length": ("  lead over that rule", "{:+.1%}"),
    "human_accuracy": ("  one person against the others", "{:.1%}"),
    "accuracy_with_ties": ("accuracy, ties as half", "{:.1%}"),
    "top1": ("best of K", "{:.1%}"),
    "top1_chance": ("  chance", "{:.1%}"),
    "log_loss": ("log loss (chance 0.693)", "{:.3f}"),
    "margin": ("margin", "{:+.3f}"),
    "margin_sd": ("margin, in sd of scores", "{:+.2f}"),
}


def eval_command(
    model: str = typer.Argument(help="A model folder or hub id; or a scores file to measure again (`-`: stdin)."),
    data: list[str] = typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write metrics.json here, and scores.jsonl when a model made them."
    ),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object and nothing else."),
    format: str | None = typer.Option(None, "--format", "-f", help="The data's format, where it is not detected."),
    rejects: Path | None = typer.Option(None, "--rejects", help="Set bad rows aside in this file and go on, counted."),
    majority: bool = typer.Option(
        False, "--majority", help="Merge annotators of the same responses into their majority."
    ),
    clusters: str | None = typer.Option(
        None, "--clusters", metavar="FIELD", help="Cluster intervals by this meta field instead of by prompt."
    ),
    batch_tokens: int | None = typer.Option(None, "--batch-tokens", min=1, help="Most tokens of one forward pass."),
    truncate_responses: bool = typer.Option(
        False, "--truncate-responses", help="Cut responses longer than the context (marked on their scores)."
    ),
) -> None:
    """Measure a reward model on judgements: accuracy with its interval, beside chance, length and people.

    Example: `plaudit eval my-model test.jsonl -o report`, and later `plaudit eval report/scores.jsonl test.jsonl`.
    """
    import json

    from plaudit.data import Reading, load_groups
    from plaudit.data import majority as merge
    from plaudit.data.replacing import replacing
    from plaudit.data.scores import align_scores, check_ids, read_scores, write_scores
    from plaudit.evaluation import evaluate

    if model == "-" and "-" in data:
        raise PlauditError("scores and data cannot both come from stdin; give one of them as a file")
    reading = Reading()
    people = load_groups(data, format=format, rejects=rejects, reading=reading)
    if output is not None:
        # Before scoring, which takes the time: nothing it gives should meet a folder or ids that cannot be written.
        check_ids(people)
        _make_folder(output)
    if model.endswith((".jsonl", ".jsonl.gz")) and not Path(model).is_file():
        raise PlauditError(f"no scores file {model!r}; write one with `plaudit score MODEL DATA -o {model}`")
    if is_scores := model == "-" or Path(model).is_file():
        if batch_tokens or truncate_responses:
            raise PlauditError(
                f"{model} holds scores made before; --batch-tokens and --truncate-responses need a model"
            )
        given, record = read_scores(model)
        scores, unused = align_scores(people, given)
    else:
        # Constant scores meet every refusal of the data or of --clusters, before a model is loaded and spends hours.
        evaluate(people, [[0.0] * len(group.responses) for group in people], clusters=clusters)
        scores, record = _compute(model, people, batch_tokens, truncate_responses)
        unused = 0
    if output is not None and not is_scores:
        write_scores((score for group in scores for score in group), output / "scores.jsonl", record)
    evaluation = evaluate(
        [merge(group) for group in people] if majority else people,
        [[score.score for score in group] for group in scores],
        clusters=clusters,
        people=people,
        counts={
            "truncated": sum(score.truncated for group in scores for score in group),
            "scores_of_other_groups": unused,
            "rejected_rows": len(reading.rejected),
        },
    )
    result = json.dumps({**evaluation.to_json(), "record": record}, ensure_ascii=False, allow_nan=False)
    if output is not None:
        with replacing(output / "metrics.json") as temporary:
            temporary.write_text(result + "\n", encoding="utf-8")
    if as_json:
        typer.echo(result)
    else:
        _show(evaluation)


def _compute(
    name: str, groups: list[Group], batch_tokens: int | None, truncate_responses: bool
) -> tuple[list[list[Score]], dict[str, Any]]:
    from rich.console import Console
    from rich.progress import track

    from plaudit.model import RewardModel, data_hash

    model = RewardModel.from_pretrained(name)
    budget = {} if batch_tokens is None else {"batch_tokens": batch_tokens}
    console = Console(stderr=True)
    rows = track(
        model.stream(groups, truncate_responses=truncate_responses, **budget),
        "Scoring",
        total=len(groups),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    scores = list(rows)
    made_from = {"scored_data": data_hash(groups), "truncate_responses": truncate_responses}
    return scores, model.run_record("scores", model=name, **made_from)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PlauditError(f"{folder}: cannot be made: {error.strerror or error}") from error


def _show(evaluation: Evaluation) -> None:
    from rich.console import Console

    from plaudit.evaluation import verdict

    console = Console(highlight=False)
    console.print(_overall_table(evaluation))
    if evaluation.subsets:
        console.print(_subset_table(evaluation))
    console.print(_counts_line(evaluation), style="dim", markup=False)
    console.print(verdict(evaluation), style="bold", markup=False)


def _overall_table(evaluation: Evaluation) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("95% interval")
    table.add_column("n", justify="right", no_wrap=True)
    for name, (label, shape) in _ROWS.items():
        if name in evaluation.overall and (evaluation.counts["ties"] or name != "accuracy_with_ties"):
            table.add_row(label, *_cells(evaluation.overall[name], shape))
    return table


def _subset_table(evaluation: Evaluation) -> Table:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("subset", overflow="fold")
    table.add_column("accuracy", justify="right", no_wrap=True)
    table.add_column("95% interval")
    table.add_column("length rule", justify="right", no_wrap=True)
    table.add_column("n", justify="right", no_wrap=True)
    for name, measured in evaluation.subsets.items():
        value, interval, n = _cells(measured["accuracy"], "{:.1%}")
        table.add_row(escape(name), value, interval, _cells(measured["length_accuracy"], "{:.1%}")[0], n)
    return table


def _cells(measured: Measurement, shape: str) -> tuple[str, str, str]:
    """Value, interval (or why there is none) and n as text."""
    value = "undefined" if measured.value is None else shape.format(measured.value)
    if measured.low is None or measured.high is None:
        return value, measured.reason or "undefined", f"{measured.n:,}"
    if measured.low == measured.high == measured.value:
        return value, "exact", f"{measured.n:,}"
    # The square bracket is markup to rich unless it is escaped.
    return value, rf"\[{shape.format(measured.low)}, {shape.format(measured.high)}]", f"{measured.n:,}"


def _counts_line(evaluation: Evaluation) -> str:
    counts = evaluation.counts
    always = f"{counts['comparisons']:,} comparisons in {counts['groups']:,} groups; "
    clustered = f"intervals clustered by {evaluation.clusters} ({counts['clusters']:,})"
    shown = ("comparisons", "groups", "responses", "clusters")
    rest = [f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items() if count and name not in shown]
    return "; ".join([always + clustered, *rest])
