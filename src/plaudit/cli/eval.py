"""`plaudit eval`: score data once (or take scores made before), measure, and print what the figures allow."""

from __future__ import annotations

from pathlib import Path

import typer

from plaudit.cli.options import BatchTokens, Clusters, Format, Json, Majority, Rejects, TruncateResponses
from plaudit.errors import PlauditError


def eval_command(
    model: str = typer.Argument(help="A model folder or hub id; or a scores file to measure again (`-`: stdin)."),
    data: list[str] = typer.Argument(help="Judgements: files, folders, a data set, or `-` for stdin."),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Write metrics.json here, and scores.jsonl when a model made them."
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
) -> None:
    """Measure a reward model on judgements, with intervals, beside chance, length, people and plain models.

    Example: `plaudit eval my-model test.jsonl -o report`, and later `plaudit eval report/scores.jsonl test.jsonl`.
    """
    import json

    from plaudit.cli import eval_scores, eval_tables
    from plaudit.data import Reading, load_groups
    from plaudit.data import majority as merge
    from plaudit.data.replacing import replacing
    from plaudit.data.scores import spreads_of, values_by_attribute
    from plaudit.evaluation import check_options, evaluate

    if model == "-" and "-" in data:
        raise PlauditError("scores and data cannot both come from stdin; give one of them as a file")
    reading = Reading()
    people = load_groups(data, format=format, rejects=rejects, reading=reading)
    # Before scoring, which takes the time: what is refused whatever the scores.
    check_options(people, clusters, bootstrap)
    scored = eval_scores.obtain(model, people, output, batch_tokens, truncate_responses)
    evaluation = evaluate(
        [merge(group) for group in people] if majority else people,
        eval_scores.rewards(scored.scores),
        clusters=clusters,
        people=people,
        counts={
            "truncated": sum(score.truncated for group in scored.scores for score in group),
            "scores_of_other_groups": scored.unused,
            "rejected_rows": len(reading.rejected),
            "rivals_left_out": scored.rivals_left_out,
        },
        attributes=values_by_attribute(scored.scores),
        scales=scored.scales,
        spreads=spreads_of(scored.scores),
        rivals={name: eval_scores.rewards(scores) for name, scores in scored.rivals.items()},
        rival_attributes={name: values_by_attribute(scores) for name, scores in scored.rivals.items()},
        bootstrap=bootstrap,
    )
    result = json.dumps({**evaluation.to_json(), "record": dict(scored.record)}, ensure_ascii=False, allow_nan=False)
    if output is not None:
        with replacing(output / "metrics.json") as temporary:
            temporary.write_text(result + "\n", encoding="utf-8")
    if as_json:
        typer.echo(result)
    else:
        eval_tables.show(evaluation)
