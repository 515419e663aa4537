"""`plaudit best-of`: what choosing the best of n candidates by a reward gives, in the eyes of another."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from plaudit.cli.options import BatchTokens, Clusters, Format, Json, Rejects, TruncateResponses
from plaudit.errors import PlauditError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from plaudit.groups import Group

RATINGS = "ratings:"
"""How a GOLD starts that is people's ratings of an attribute."""

SCORES = "scores.jsonl"
"""What a model scored, in a folder of its own."""


def best_of_command(
    proxy: str = typer.Argument(help="What chooses: a model folder or hub id; or a scores file (`-`: stdin)."),
    data: list[str] = typer.Argument(help="Prompts with their candidates: files, folders, a data set, or `-`."),
    gold: str = typer.Option(
        ..., "--gold", "-g", help="The truth: a model or scores file; or `ratings:NAME`, the mean rating of NAME."
    ),
    others: list[str] = typer.Option(
        [], "--with", "-w", metavar="PROXY", help="Another proxy, also for ensembles of all; give as many as you like."
    ),
    output: Path | None = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FOLDER",
        help="Write best_of_n.json and best_of_n.svg here, and what models scored just now in proxy-1/scores.jsonl, "
        "proxy-2/..., gold/scores.jsonl.",
    ),
    as_json: Json = False,
    penalty: float | None = typer.Option(
        None, "--lambda", min=0, help="Of the ensemble that is mean - lambda * variance; 0.5 by default."
    ),
    most: int | None = typer.Option(
        None, "--most", min=2, metavar="N", help="The largest n; prompts with fewer candidates are left out."
    ),
    format: Format = None,
    rejects: Rejects = None,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Measure best-of-n: what is chosen by a proxy reward, how good it is by gold, and from which n on that does harm.

    An ensemble's folder stands for its members, each a proxy.

    Example: `plaudit best-of my-model candidates.jsonl --gold ratings:quality -o best-of`.
    """
    from plaudit.cli import best_of_tables
    from plaudit.cli.output import give
    from plaudit.data import ReadReport, load_groups
    from plaudit.evaluation import PENALTY, best_of, finding
    from plaudit.model import members_apart
    from plaudit.scoring import ScoringOptions, obtain_scores_of_each

    if [proxy, *others, gold, *data].count("-") > 1:
        raise PlauditError("only one of proxies, gold and data can come from stdin; give the others as files")
    proxies = [member for name in (proxy, *others) for member in members_apart(name)]
    if twice := next((name for name in [*proxies, gold] if [*proxies, gold].count(name) > 1), None):
        raise PlauditError(f"{twice} is given twice; proxies and gold must differ")
    if penalty is not None and len(proxies) < 2:
        raise PlauditError("--lambda is of ensembles, which need two proxies or more; give another one --with PROXY")
    penalty = PENALTY if penalty is None else penalty
    reading = ReadReport()
    groups = load_groups(data, format=format, rejects=rejects, report=reading)
    # Ratings first: an attribute that is not there is refused before a model spends hours.
    rated = _ratings(groups, gold.removeprefix(RATINGS)) if gold.startswith(RATINGS) else None
    made = {f"proxy-{number}": name for number, name in enumerate(proxies, 1)}
    if rated is None:
        made["gold"] = gold
    options = ScoringOptions(batch_tokens, truncate_responses)
    runs = obtain_scores_of_each(made, groups, output, options, baselines=False)
    found = best_of(
        groups,
        {_called(name): runs[side].scores for side, name in made.items() if side != "gold"},
        runs["gold"].scores if rated is None else rated,
        penalty=penalty,
        most=most,
        clusters=clusters,
        counts={
            "truncated": int(sum(run.scores.truncated.sum() for run in runs.values())),
            "rejected_rows": len(reading.rejected),
            "repeated_candidates": reading.repeated,
        },
    )
    row = {
        "proxies": [_called(name) for name in proxies],
        "gold_from": _called(gold),
        "lambda": penalty,
        **found.to_json(),
        "findings": [
            {"name": own.name, "kind": own.kind, "finding": finding(own, found.most)}
            for own in found.curves
            if own.kind != "ideal"
        ],
        "records": {side: dict(run.scores.record) for side, run in runs.items()},
    }
    give(row, output and output / "best_of_n.json", as_json, lambda: best_of_tables.show(found, _called(gold)))
    if output is not None:
        written = {output / side / SCORES for side, run in runs.items() if run.model is not None}
        _remove_old_scores(output, written | {Path(name) for name in made.values()})
        from plaudit.report import best_of_n_chart, can_plot, save_chart

        picture = output / "best_of_n.svg"
        if can_plot():
            save_chart(best_of_n_chart(found, _called(gold)), picture)
        else:
            # One of an earlier run would not be of these curves.
            picture.unlink(missing_ok=True)
            typer.echo("For the picture: pip install 'plaudit[plots]', then again with the scores files.", err=True)


def _called(name: str) -> str:
    return "<stdin>" if name == "-" else name


def _remove_old_scores(output: Path, kept: set[Path]) -> None:
    """Remove what an earlier run left in `output`: scores of models that have no curve there now."""
    stay = {path.resolve() for path in kept}
    for old in (*output.glob(f"proxy-*/{SCORES}"), *output.glob(f"gold/{SCORES}")):
        if old.resolve() not in stay:
            old.unlink()
            # What else a user keeps in the folder stays.
            with suppress(OSError):
                old.parent.rmdir()


def _ratings(groups: Sequence[Group], attribute: str) -> list[list[float]]:
    """The mean rating of each response, NaN for one without; one list a group."""
    from math import nan

    from plaudit.judgements import flatten_ratings

    attributes = flatten_ratings(groups)
    if attribute not in attributes:
        known = ", ".join(attributes) or "none at all"
        raise PlauditError(f"nobody rated {attribute!r} in these data (rated: {known}); name one as ratings:NAME")
    rated = attributes[attribute]
    values = [[nan] * len(group.responses) for group in groups]
    for g, response, value in zip(rated.group, rated.response, rated.human, strict=True):
        values[g][response] = float(value)
    return values
