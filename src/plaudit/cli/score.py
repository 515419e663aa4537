"""`plaudit score` and `plaudit rank`: what a model makes of responses, as score lines."""

from __future__ import annotations

import sys
from itertools import chain, tee
from typing import TYPE_CHECKING, Annotated

import typer

from plaudit.cli.inputs import rows_or_prompt
from plaudit.cli.options import BatchTokens, LoadedPrecision, TruncateResponses, without_token
from plaudit.cli.output import check_file
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.text import terminal_quote

if TYPE_CHECKING:
    from plaudit.data import Score
    from plaudit.groups import Group

Model = Annotated[
    str | None,
    typer.Argument(metavar="MODEL", callback=without_token, help="A model folder, a hub id or the URL of a server."),
]
Server = Annotated[
    str | None, typer.Option("--server", callback=without_token, metavar="URL", help="A server, in place of MODEL.")
]
Source = Annotated[
    str | None,
    typer.Argument(metavar="[SOURCE]", help="Prompts and responses: a file, a folder, a data set, `-` (stdin)."),
]
Prompt = Annotated[str | None, typer.Option("--prompt", "-p", help="A prompt, instead of SOURCE.")]
Responses = Annotated[
    list[str] | None, typer.Option("--response", "-r", help="A response to --prompt; one for each -r.")
]
Output = Annotated[str, typer.Option("--output", "-o", help="Where to write score lines; `-`: stdout.")]


Text = Annotated[bool, typer.Option("--text", help="Put the response beside its score.")]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Leave out the first line, the run record.")]


@reads_data
def score_command(
    model: Model = None,
    source: Source = None,
    server: Server = None,
    output: Output = "-",
    text: Text = False,
    no_record: NoRecord = False,
    reading: Reading = ANY,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    precision: LoadedPrecision = None,
) -> None:
    """Score every response: one line for each response of each row, in the order of the input.

    Example: `plaudit score my-model candidates.jsonl -o scores.jsonl`
    """
    from plaudit.data import write_scores
    from plaudit.model import open_model
    from plaudit.scoring import RowScoring, ScoringOptions, score_rows

    model, source = _placed(model, source, server)
    check_file(output, [source, model], reading)
    rows = rows_or_prompt(source, None, None, reading)
    how = RowScoring(text=text)
    options = ScoringOptions(batch_tokens, truncate_responses, precision)
    scorer = open_model(model, **options.for_opening())
    scored = score_rows(scorer, rows, options, how)
    record = None if no_record else scorer.run_record("scores", model=model)
    write_scores(chain.from_iterable(scored), output, record, overwrite=reading.overwrite)
    how.check()


@reads_data
def rank_command(
    model: Model = None,
    source: Source = None,
    server: Server = None,
    prompt: Prompt = None,
    response: Responses = None,
    output: Output = "-",
    as_json: Annotated[bool, typer.Option("--json", help="Score lines on a terminal too.")] = False,
    text: Text = False,
    no_record: NoRecord = False,
    reading: Reading = ANY,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    precision: LoadedPrecision = None,
) -> None:
    """Rank the responses of each row, best first: score lines, or a readable list on a terminal.

    Example: `plaudit rank my-model --prompt "Why is the sky blue?" -r "Rayleigh scattering." -r "Because."`
    """
    from plaudit.data import write_scores
    from plaudit.model import open_model
    from plaudit.scoring import RowScoring, ScoringOptions, score_rows

    model, source = _placed(model, source, server)
    check_file(output, [source, model], reading)
    rows = rows_or_prompt(source, prompt, response, reading)
    for_people = output == "-" and sys.stdout.isatty() and not as_json
    shown, scored_rows = tee(rows) if for_people else ((), rows)
    how = RowScoring(text=text, ranked=True)
    options = ScoringOptions(batch_tokens, truncate_responses, precision)
    scorer = open_model(model, **options.for_opening())
    ranked = score_rows(scorer, scored_rows, options, how)
    if for_people:
        for group, row in zip(shown, ranked, strict=True):
            _show(group, row)
    else:
        record = None if no_record else scorer.run_record("scores", model=model)
        write_scores(chain.from_iterable(ranked), output, record, overwrite=reading.overwrite)
    how.check()


def _placed(model: str | None, source: str | None, server: str | None) -> tuple[str, str | None]:
    """Model and source: with --server, the one argument is the source."""
    if server is not None and source is not None:
        raise InvalidInputError("MODEL and --server are both given", remedy="give one of the two")
    if server is not None:
        return server, model
    if model is None:
        raise InvalidInputError("there is no MODEL", remedy="give a model folder, a hub id or a server's URL")
    return model, source


def _show(group: Group, scores: list[Score]) -> None:
    from plaudit.groups import plain_text

    typer.echo(terminal_quote(plain_text(group.prompt)))
    for score in scores:
        text = terminal_quote(plain_text(group.responses[score.response]))
        place = "" if score.rank is None else f"{score.rank}."
        typer.echo(f"{place:>4} {score.score:+8.3f}  {text}{'  (truncated)' if score.truncated else ''}")
