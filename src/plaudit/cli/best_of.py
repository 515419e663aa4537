"""`plaudit best-of`: what choosing the best of n candidates by a reward gives, in the eyes of another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import check_stdin, read_judgements
from plaudit.cli.options import BatchTokens, Clusters, InLanguage, Json, TruncateResponses, without_token
from plaudit.cli.output import check_results, give
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError

if TYPE_CHECKING:
    from plaudit.cli.inputs import JudgementInput
    from plaudit.evaluation import BestOfN
    from plaudit.groups import Group
    from plaudit.scoring import ScoringRun
    from plaudit.text import Language

RATINGS = "ratings:"
"""How a GOLD starts that is people's ratings of an attribute."""

RESULT, PICTURE = "best_of_n.json", "best_of_n.svg"

SCORES = "scores.jsonl"
"""What a model scored, in a folder of its own."""

Proxy = Annotated[
    str,
    typer.Argument(
        callback=without_token,
        help="What chooses: a model folder, hub id or server's URL; or a scores file (`-`).",
    ),
]
Candidates = Annotated[
    list[str], typer.Argument(help="Prompts with their candidates: files, folders, a data set, or `-`.")
]
Gold = Annotated[
    str,
    typer.Option("--gold", "-g", help="The truth: a model or scores file; or `ratings:NAME`, the mean rating of NAME."),
]
OtherProxies = Annotated[
    list[str] | None,
    typer.Option("--with", "-w", metavar="PROXY", help="Another proxy, also for ensembles of all; one for each -w."),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FOLDER",
        help="Write best_of_n.json and best_of_n.svg here, and what models scored just now in proxy-1/scores.jsonl, "
        "proxy-2/..., gold/scores.jsonl.",
    ),
]
Penalty = Annotated[
    float | None,
    typer.Option("--lambda", min=0, help="Of the ensemble that is mean - lambda * variance; 0.5 by default."),
]
Most = Annotated[
    int | None,
    typer.Option("--most", min=2, metavar="N", help="The largest n; prompts with fewer candidates are left out."),
]


@reads_data
def best_of_command(
    proxy: Proxy,
    data: Candidates,
    gold: Gold,
    others: OtherProxies = None,
    output: Output = None,
    as_json: Json = False,
    penalty: Penalty = None,
    most: Most = None,
    reading: Reading = ANY,
    clusters: Clusters = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    language: InLanguage = None,
) -> None:
    """Measure best-of-n: what is chosen by a proxy reward, how good it is by gold, and from which n on that does harm.

    An ensemble's folder stands for its members, each a proxy.

    Example: `plaudit best-of my-model candidates.jsonl --gold ratings:quality -o best-of`.
    """
    from plaudit.cli import best_of_tables
    from plaudit.evaluation import PENALTY, best_of
    from plaudit.scoring import ScoringOptions, obtain_scores_of_each
    from plaudit.text import preferred_language

    proxies = [proxy, *(others or [])]
    check_stdin("proxies, gold and data", *proxies, gold, *data)
    sources = _sources(proxies, gold, penalty)
    penalty = PENALTY if penalty is None else penalty
    check_results(output, [*sources.values(), *data], reading, files=(RESULT, PICTURE))
    judgements = read_judgements(data, reading)
    # Ratings first: an attribute that is not there is refused before a model spends hours.
    rated = _ratings(judgements.groups, gold.removeprefix(RATINGS)) if gold.startswith(RATINGS) else None
    options = ScoringOptions(batch_tokens, truncate_responses)
    runs = obtain_scores_of_each(sources, judgements.groups, output, options, baselines=False, overwrite=True)
    result = best_of(
        judgements.groups,
        {_display(name): runs[side].scores for side, name in sources.items() if side != "gold"},
        runs["gold"].scores if rated is None else rated,
        penalty=penalty, most=most, clusters=clusters, counts=_counts(runs, judgements),
    )  # fmt: skip
    told = language or preferred_language()
    row = {**_inputs(sources, gold, penalty), **_findings(result, told), "records": _records(runs)}
    give(row, output and output / RESULT, as_json, lambda: best_of_tables.show(result, _display(gold), told))
    if output is not None:
        _remove_old_scores(output, runs, sources)
        _draw(result, _display(gold), output / PICTURE)


def _sources(names: Sequence[str], gold: str, penalty: float | None) -> dict[str, str]:
    """Where scores come from: `proxy-1`, `proxy-2`, ..., and `gold` unless that is people's ratings.

    Raises:
        PlauditError: if one is named twice, or a penalty has no ensemble.
    """
    from plaudit.model import member_names

    proxies = [member for name in names for member in member_names(name)]
    every = [*proxies, gold]
    if twice := next((name for name in every if every.count(name) > 1), None):
        raise InvalidInputError(f"{twice} is given twice; proxies and gold must differ")
    if penalty is not None and len(proxies) < 2:
        raise InvalidInputError(
            "--lambda is of ensembles, which need two proxies or more", remedy="give another one --with PROXY"
        )
    sources = {f"proxy-{number}": name for number, name in enumerate(proxies, 1)}
    return sources if gold.startswith(RATINGS) else {**sources, "gold": gold}


def _display(name: str) -> str:
    return "<stdin>" if name == "-" else name


def _inputs(sources: Mapping[str, str], gold: str, penalty: float) -> dict[str, Any]:
    proxies = [_display(name) for side, name in sources.items() if side != "gold"]
    return {"proxies": proxies, "gold_from": _display(gold), "lambda": penalty}


def _findings(result: BestOfN, language: Language) -> dict[str, Any]:
    """The figures, and what each curve allows to say; the ideal one is no choice of anybody."""
    from plaudit.report import judge_curve

    findings = [
        {
            "name": curve.name,
            "kind": curve.kind,
            "finding": judge_curve(curve, result.most).sentence.plain(language).replace("\u00a0", " "),
        }
        for curve in result.curves
        if curve.kind != "ideal"
    ]
    return {**result.to_json(), "findings": findings}


def _records(runs: Mapping[str, ScoringRun]) -> dict[str, Any]:
    return {side: dict(run.scores.record) for side, run in runs.items()}


def _counts(runs: Mapping[str, ScoringRun], judgements: JudgementInput) -> dict[str, int]:
    return {
        "truncated": int(sum(run.scores.truncated.sum() for run in runs.values())),
        "rejected_rows": judgements.rejected,
        "repeated_candidates": judgements.repeated,
    }


def _draw(result: BestOfN, gold: str, picture: Path) -> None:
    from plaudit.report import best_of_n_chart, can_plot, save_chart

    if can_plot():
        save_chart(best_of_n_chart(result, gold), picture)
        return
    # One of an earlier run would not be of these curves.
    picture.unlink(missing_ok=True)
    typer.echo("For the picture: pip install 'plaudit[plots]', then again with the scores files.", err=True)


def _remove_old_scores(output: Path, runs: Mapping[str, ScoringRun], sources: Mapping[str, str]) -> None:
    """Remove what an earlier run left in `output`: scores of models that have no curve there now."""
    written = {output / side / SCORES for side, run in runs.items() if run.model is not None}
    stay = {path.resolve() for path in written | set(map(Path, sources.values()))}
    for old in (*output.glob(f"proxy-*/{SCORES}"), *output.glob(f"gold/{SCORES}")):
        if old.resolve() not in stay:
            old.unlink()
            # What else a user keeps in the folder stays.
            with suppress(OSError):
                old.parent.rmdir()


def _ratings(groups: Sequence[Group], attribute: str) -> list[list[float]]:
    """The mean rating of each response, NaN for one without; one list a group."""
    import numpy as np

    from plaudit.judgements import flatten_ratings

    attributes = flatten_ratings(groups)
    if attribute not in attributes:
        known = ", ".join(attributes) or "none at all"
        raise InvalidInputError(
            f"nobody rated {attribute!r} in these data (rated: {known})", remedy="name one as ratings:NAME"
        )
    rated, sizes = attributes[attribute], [len(group.responses) for group in groups]
    values = np.full(sum(sizes), np.nan)
    values[rated.response] = rated.human
    return [part.tolist() for part in np.split(values, np.cumsum(sizes))[:-1]]
