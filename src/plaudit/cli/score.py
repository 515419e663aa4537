"""`plaudit score` and `plaudit rank`: what a model makes of responses, as score lines."""

from __future__ import annotations

import sys
from itertools import chain, tee
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.inputs import groups_or_prompt
from plaudit.cli.options import BatchTokens, Format, TruncateResponses
from plaudit.text import terminal_quote

if TYPE_CHECKING:
    from plaudit.data import Score
    from plaudit.groups import Group

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
    from plaudit.model import open_model
    from plaudit.scoring import ScoringOptions

    scorer = open_model(model)
    options = ScoringOptions(batch_tokens, truncate_responses)
    rows = scorer.stream(read_groups(source, format=format), **options.for_model())
    write_scores(chain.from_iterable(rows), output, scorer.run_record("scores", model=model))


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
    from plaudit.model import open_model
    from plaudit.scoring import ScoringOptions

    groups = groups_or_prompt(source, prompt, response, format)
    scorer = open_model(model)
    options = ScoringOptions(batch_tokens, truncate_responses)
    for_people, for_model = tee(groups)
    rows = scorer.stream(for_model, **options.for_model())
    ranked = (sorted(row, key=lambda score: -score.score) for row in rows)
    if output == "-" and sys.stdout.isatty() and not as_json:
        for group, row in zip(for_people, ranked, strict=True):
            _show(group, row)
    else:
        del for_people
        write_scores(chain.from_iterable(ranked), output, scorer.run_record("scores", model=model))


def _show(group: Group, scores: list[Score]) -> None:
    from plaudit.groups import plain_text

    typer.echo(terminal_quote(plain_text(group.prompt)))
    for place, score in enumerate(scores, 1):
        text = terminal_quote(plain_text(group.responses[score.response]))
        typer.echo(f"{place:>3}. {score.score:+8.3f}  {text}{'  (truncated)' if score.truncated else ''}")
