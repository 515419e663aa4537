"""`plaudit probe`: change one thing in real answers and watch the reward; and hold the model to one score an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from plaudit.cli.options import BatchTokens, Clusters, Format, InLanguage, Json, Rejects
from plaudit.errors import PlauditError


def probe_command(
    model: str = typer.Argument(help="A model folder or hub id."),
    data: list[str] = typer.Argument(help="Prompts with responses: files, folders, a data set, or `-` for stdin."),
    output: Path | None = typer.Option(None, "--output", "-o", metavar="FILE", help="Write one JSON object here."),
    as_json: Json = False,
    count: int = typer.Option(100, "--groups", min=1, help="Groups to draw at most."),
    answers: int | None = typer.Option(
        None, "--answers", min=1, help="Answers of each; by default as many as make --groups in all."
    ),
    only: str | None = typer.Option(
        None, "--only", metavar="NAME,...", help="Probes or families of docs/probes.md, by comma."
    ),
    invariant: bool = typer.Option(True, "--invariance/--no-invariance", help="Hold the model to one score, too."),
    seed: int = typer.Option(0, "--seed", help="Of everything that is drawn."),
    clusters: Clusters = None,
    format: Format = None,
    rejects: Rejects = None,
    batch_tokens: BatchTokens = None,
    language: InLanguage = None,
) -> None:
    """Change one thing in real answers (length, layout, tone, flattery, orders to the grader, ...) and see whether the
    reward is misled.

    Example: `plaudit probe my-model test.jsonl -o probes.json`, or sooner and less surely with `--groups 20`.
    """
    from plaudit.cli import probe_tables
    from plaudit.cli.output import give
    from plaudit.data import ReadReport, load_groups
    from plaudit.evaluation import check_invariance, chosen_probes, probe
    from plaudit.model import DEFAULT_BATCH_TOKENS, open_model
    from plaudit.scoring import watched
    from plaudit.storage import check_place, data_hash
    from plaudit.text import preferred_language

    names = [name for part in (only or "").split(",") if (name := part.strip())]
    if only is not None and not names:
        raise PlauditError(f"--only {only!r} names no probe; give names or families of docs/probes.md, or leave it out")
    # Before data are read and a model opened: what is mistyped, or cannot be written, is refused at once.
    chosen_probes(names)
    if output is not None:
        check_place(output)
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    scorer = open_model(model)
    probes = probe(
        scorer,
        groups,
        only=names,
        count=count,
        answers=answers,
        seed=seed,
        clusters=clusters,
        score=lambda made: watched(
            scorer.stream(made, batch_tokens=batch_tokens or DEFAULT_BATCH_TOKENS, truncate_responses=True),
            len(made),
            "Scoring untouched and changed answers",
        ),
    )
    checks = None
    if invariant:
        checks = check_invariance(
            scorer, groups, seed=seed, watch=lambda ways: watched(ways, len(ways), "Scoring again")
        )
    result: dict[str, Any] = {
        "probes": probes.to_json(),
        **({} if checks is None else {"invariance": checks.to_json()}),
        "rejected_rows": len(reading.rejected),
        "repeated_responses": reading.repeated,
        "record": scorer.run_record("probes", model=model, probed_data=data_hash(groups), probe_seed=seed),
    }
    chosen = language or preferred_language()
    give(result, output, as_json, lambda: probe_tables.show(probes, checks, chosen, reading.repeated))
