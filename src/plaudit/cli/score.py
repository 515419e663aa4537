"""`plaudit score` and `plaudit rank`: what a model makes of responses, as score lines."""

from __future__ import annotations

import sys
from itertools import chain, tee
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from plaudit.cli.inputs import rows_or_prompt, tell_rejected
from plaudit.cli.options import BatchTokens, LoadedAttention, LoadedPrecision, TruncateResponses, without_token
from plaudit.cli.output import check_file
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.text import terminal_quote

if TYPE_CHECKING:
    from plaudit.data import Score
    from plaudit.groups import Group
    from plaudit.scoring import ShardReport

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
Shards = Annotated[
    int | None, typer.Option("--shards", metavar="N", help="Into a folder of N Parquet files; what is there is done.")
]
On = Annotated[
    Literal["ray"] | None, typer.Option("--on", help="With --shards: ray, an actor for each GPU, or each CPU but one.")
]
Text = Annotated[bool, typer.Option("--text", help="Put the response beside its score.")]
NoRecord = Annotated[bool, typer.Option("--no-record", help="Leave out the first line, the run record.")]


@reads_data
def score_command(
    model: Model = None,
    source: Source = None,
    server: Server = None,
    output: Output = "-",
    shards: Shards = None,
    on: On = None,
    text: Text = False,
    no_record: NoRecord = False,
    reading: Reading = ANY,
    batch_tokens: BatchTokens = None,
    truncate_responses: TruncateResponses = False,
    precision: LoadedPrecision = None,
    attention: LoadedAttention = None,
) -> None:
    """Score every response: one line for each response of each row, in the order of the input.

    Example: `plaudit score my-model candidates.jsonl -o scores.jsonl`, or of many millions, alone or under `torchrun`,
    `plaudit score my-model candidates.jsonl --shards 64 -o scores`
    """
    from plaudit.data import write_scores
    from plaudit.model import open_model
    from plaudit.scoring import RowScoring, ScoringOptions, score_rows

    model, source = _placed(model, source, server)
    options = ScoringOptions(batch_tokens, truncate_responses, precision, attention)
    if shards is not None:
        wishes = {"scoring": options, "text": text, "record": not no_record, "on": on}
        _score_shards(model, source, output, shards, wishes, reading)
        return
    if on is not None:
        raise InvalidInputError("--on ray scores shards", remedy="add --shards N -o FOLDER")
    check_file(output, [source, model], reading)
    rows = rows_or_prompt(source, None, None, reading)
    how = RowScoring(text=text)
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
    attention: LoadedAttention = None,
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
    options = ScoringOptions(batch_tokens, truncate_responses, precision, attention)
    scorer = open_model(model, **options.for_opening())
    ranked = score_rows(scorer, scored_rows, options, how)
    if for_people:
        for group, row in zip(shown, ranked, strict=True):
            _show(group, row)
    else:
        record = None if no_record else scorer.run_record("scores", model=model)
        write_scores(chain.from_iterable(ranked), output, record, overwrite=reading.overwrite)
    how.check()


def _score_shards(
    model: str,
    source: str | None,
    output: str,
    shards: int,
    wishes: dict[str, Any],
    reading: Reading,
) -> None:
    """`plaudit score --shards`, and what came of it on stderr."""
    from plaudit.data import RowReading, parse_columns
    from plaudit.scoring import ShardOptions, score_shards

    if output == "-":
        raise InvalidInputError("shards are files in a folder", remedy="name it with -o")
    if source is None:
        raise InvalidInputError("there is no SOURCE", remedy="give a file, a folder or a data set")
    read = RowReading(reading.format, parse_columns(reading.columns or ()), reading.labels)
    how = ShardOptions(**wishes, reading=read, rejects=reading.rejects, overwrite=reading.overwrite)
    report = score_shards(model, source, output, shards, how)
    typer.echo(_summary(report, output), err=True)
    if reading.rejects is not None:
        files = reading.rejects.with_name(f"{reading.rejects.stem}-*-of-{shards:05d}{reading.rejects.suffix}")
        tell_rejected(report.counts.rejected, files)
    report.check()


def _summary(report: ShardReport, folder: str) -> str:
    """What a process did, and what is left to do."""
    from plaudit.text import counted

    whole = report.shards - len(report.missing)
    state = f"{whole:,} of {counted(report.shards, 'shards')} are in {folder}"
    if not report.scored:
        return f"{state}; none was left to score here"
    rate = report.counts.responses / report.seconds
    return (
        f"{counted(len(report.scored), 'shards')} scored: {counted(report.counts.responses, 'responses')} in "
        f"{report.seconds:,.1f} s ({rate:,.0f} a second); {state}"
    )


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
