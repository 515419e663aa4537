"""`plaudit score` and `plaudit rank`: what a model makes of responses, as score lines."""

from __future__ import annotations

import sys
from itertools import tee
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import groups_or_prompt
from plaudit.cli.options import BatchTokens, Format, TruncateResponses
from plaudit.text import terminal_quote

if TYPE_CHECKING:
    from plaudit.data import Score
    from plaudit.groups import Group
    from plaudit.model import Scorer

Model = Annotated[str, typer.Argument(help="A model folder or hub id.")]
Source = Annotated[str, typer.Argument(help="Groups: a file, a folder, a data set, or `-` for stdin.")]
MaybeSource = Annotated[
    str | None, typer.Argument(metavar="[SOURCE]", help="Groups: a file, a folder, a data set, or `-` for stdin.")
]
Prompt = Annotated[str | None, typer.Option("--prompt", "-p", help="A prompt, instead of SOURCE.")]
Responses = Annotated[
    list[str] | None, typer.Option("--response", "-r", help="A response to --prompt; one for each -r.")
]
Output = Annotated[str, typer.Option("--output", "-o", help="Where to write score lines; `-`: stdout.")]


def score_command(
    model: Model,
    source: Source,
    output: Output = "-",
    format: Format = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Score every response: one line each, in the order of the input.

    Example: `plaudit score my-model candidates.jsonl -o scores.jsonl`
    """
    from plaudit.data import read_groups, write_scores

    loaded, options = _load(model, batch_tokens, truncate_responses)
    rows = loaded.stream(read_groups(source, format=format), **options)
    write_scores((score for row in rows for score in row), output, loaded.run_record("scores", model=model))


def rank_command(
    model: Model,
    source: MaybeSource = None,
    prompt: Prompt = None,
    response: Responses = None,
    output: Output = "-",
    as_json: Annotated[bool, typer.Option("--json", help="Score lines on a terminal too.")] = False,
    format: Format = None,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
) -> None:
    """Rank the responses to each prompt, best first: score lines, or a readable list on a terminal.

    Example: `plaudit rank my-model --prompt "Why is the sky blue?" -r "Rayleigh scattering." -r "Because."`
    """
    from plaudit.data import write_scores

    groups = groups_or_prompt(source, prompt, response, format)
    loaded, options = _load(model, batch_tokens, truncate_responses)
    for_people, for_model = tee(groups)
    ranked = (sorted(row, key=lambda score: -score.score) for row in loaded.stream(for_model, **options))
    if output == "-" and sys.stdout.isatty() and not as_json:
        for group, row in zip(for_people, ranked, strict=True):
            _show(group, row)
    else:
        del for_people
        write_scores((score for row in ranked for score in row), output, loaded.run_record("scores", model=model))


def _load(model: str, batch_tokens: int | None, truncate_responses: bool) -> tuple[Scorer, dict[str, Any]]:
    from plaudit.model import DEFAULT_BATCH_TOKENS, open_model

    options = {"batch_tokens": batch_tokens or DEFAULT_BATCH_TOKENS, "truncate_responses": truncate_responses}
    return open_model(model), options


def _show(group: Group, scores: list[Score]) -> None:
    from plaudit.groups import plain_text

    typer.echo(terminal_quote(plain_text(group.prompt)))
    for place, score in enumerate(scores, 1):
        text = terminal_quote(plain_text(group.responses[score.response]))
        typer.echo(f"{place:>3}. {score.score:+8.3f}  {text}{'  (truncated)' if score.truncated else ''}")
