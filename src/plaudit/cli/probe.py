"""`plaudit probe`: change one thing in real answers and watch the reward; and hold the model to one score an answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.options import BatchTokens, Clusters, InLanguage, Json, OpenedModel
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from plaudit.data import Score
    from plaudit.evaluation import Invariance
    from plaudit.groups import Group
    from plaudit.model import Scorer

Responses = Annotated[
    list[str], typer.Argument(help="Prompts with responses: files, folders, a data set, or `-` for stdin.")
]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write one JSON object here.")]
GroupCount = Annotated[int, typer.Option("--groups", min=1, help="Groups to draw at most.")]
Answers = Annotated[
    int | None, typer.Option("--answers", min=1, help="Answers of each; by default as many as make --groups in all.")
]
Only = Annotated[
    str | None, typer.Option("--only", metavar="NAME,...", help="Probes or families of docs/probes.md, by comma.")
]
InvarianceToo = Annotated[bool, typer.Option("--invariance/--no-invariance", help="Hold the model to one score, too.")]
DrawSeed = Annotated[int, typer.Option("--seed", help="Of everything that is drawn.")]


@reads_data
def probe_command(
    model: OpenedModel,
    data: Responses,
    output: Output = None,
    as_json: Json = False,
    count: GroupCount = 100,
    answers: Answers = None,
    only: Only = None,
    invariant: InvarianceToo = True,
    seed: DrawSeed = 0,
    clusters: Clusters = None,
    reading: Reading = ANY,
    batch_tokens: BatchTokens = None,
    language: InLanguage = None,
) -> None:
    """Change one thing in real answers (length, layout, tone, flattery, orders to the grader, ...) and see whether the
    reward is misled.

    Example: `plaudit probe my-model test.jsonl -o probes.json`, or sooner and less surely with `--groups 20`.
    """
    from plaudit.cli import probe_tables
    from plaudit.cli.inputs import read_judgements
    from plaudit.cli.output import check_file, give
    from plaudit.evaluation import probe
    from plaudit.model import open_model
    from plaudit.storage import data_hash
    from plaudit.text import preferred_language

    # Before data are read and a model opened: what is mistyped, or cannot be written, is refused at once.
    names = _probe_names(only)
    check_file(output, [*data, model], reading)
    read = read_judgements(data, reading)
    scorer = open_model(model)
    score = _with_bar(scorer, batch_tokens)
    probes = probe(
        scorer, read.groups, only=names, count=count, answers=answers, seed=seed, clusters=clusters, score=score
    )
    invariance = _invariance(scorer, read.groups, seed) if invariant else None
    result: dict[str, Any] = {
        "probes": probes.to_json(),
        **({} if invariance is None else {"invariance": invariance.to_json()}),
        "rejected_rows": read.rejected,
        "repeated_responses": read.repeated,
        "record": scorer.run_record("probes", model=model, probed_data=data_hash(read.groups), probe_seed=seed),
    }
    chosen = language or preferred_language()
    give(result, output, as_json, lambda: probe_tables.show(probes, invariance, chosen, read.repeated))


def _probe_names(only: str | None) -> list[str]:
    """Names of probes and families; none for all.

    Raises:
        PlauditError: if there is no probe or family of a name, or `only` holds none.
    """
    from plaudit.cli.inputs import comma_list
    from plaudit.evaluation import chosen_probes

    names = comma_list(only)
    if names == []:
        remedy = "give names or families of docs/probes.md, or leave it out"
        raise InvalidInputError(f"--only {only!r} names no probe", remedy=remedy)
    chosen_probes(names or [])
    return names or []


def _with_bar(scorer: Scorer, batch_tokens: int | None) -> Callable[[Sequence[Group]], Iterable[list[Score]]]:
    """The scorer's scores of groups, with a progress bar."""
    from plaudit.model import DEFAULT_BATCH_TOKENS
    from plaudit.scoring import watched

    def score(groups: Sequence[Group]) -> Iterable[list[Score]]:
        rows = scorer.stream(groups, batch_tokens=batch_tokens or DEFAULT_BATCH_TOKENS, truncate_responses=True)
        return watched(rows, len(groups), "Scoring untouched and changed answers")

    return score


def _invariance(scorer: Scorer, groups: Sequence[Group], seed: int) -> Invariance:
    from plaudit.evaluation import check_invariance
    from plaudit.scoring import watched

    return check_invariance(scorer, groups, seed=seed, watch=lambda ways: watched(ways, len(ways), "Scoring again"))
