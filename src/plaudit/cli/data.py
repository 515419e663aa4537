"""`plaudit data`: check, stats, convert, clicks, split."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import tell_rejected
from plaudit.cli.options import ChatTemplate, Json, Overwrite, Rejects
from plaudit.cli.output import check_file, check_results
from plaudit.cli.progress import reading_shown
from plaudit.cli.reading import ANY, LISTED, Reading, reads_data
from plaudit.errors import DataError
from plaudit.storage import json_line
from plaudit.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plaudit.data import ReadReport
    from plaudit.groups import Group
    from plaudit.model import TokenCheck

app = typer.Typer(help="Check, describe, convert and split judgements.", no_args_is_help=True)

Files = Annotated[
    list[str], typer.Argument(help="Files, folders, `-` for stdin, or a hub id (owner/name@split).", show_default=False)
]
Propensities = Annotated[
    str,
    typer.Option(
        "--propensities",
        help="The chance that each position is looked at: `estimate` (from the clicks), a JSON file, or `none` "
        "(no correction).",
    ),
]
Output = Annotated[str, typer.Option("--output", "-o", help="A .jsonl, .jsonl.gz or .parquet file; `-` for stdout.")]

BAD_ROWS_SHOWN = 20

FEW_TESTS = 50
"""Groups to test on below which the width of an interval is worth a remark: ±14 points, for independent choices."""


@app.command()
@reads_data
def check(
    files: Files,
    against: Annotated[
        str | None, typer.Option("--against", help="Other data; finds the prompts that are (nearly) in both.")
    ] = None,
    backbone: Annotated[
        str | None,
        typer.Option("--backbone", help="A model or backbone: what is lost when it reads this, such as <think>."),
    ] = None,
    chat_template: ChatTemplate = None,
    reading: Reading = LISTED,
    as_json: Json = False,
) -> None:
    """Read everything, list the rows that cannot be read (exit code 2), and count what may want mending.

    Example:

        echo '{"prompt":"Hi","chosen":"Yo","rejected":"No"}' | plaudit data check -
    """
    from plaudit.cli import data_tables
    from plaudit.data import PromptIndex, ReadReport, read_groups
    from plaudit.judgements import check_groups

    report, index = ReadReport(keep_going=True), PromptIndex()
    groups: Iterable[Group] = read_groups(files, report=report, **reading.options())
    lost, groups = _rendered(groups, backbone, chat_template)
    with reading_shown():
        checked = check_groups(groups if against is None else index.passing(groups))
        near = None if against is None else index.near(read_groups(against))
    if as_json:
        row = data_tables.check_to_json(report, checked, near, BAD_ROWS_SHOWN)
        row |= {} if lost is None else {"tokens": lost.to_json()}
        typer.echo(json_line(row), nl=False)
    else:
        data_tables.show_check(report, checked, near)
    _refuse_bad_rows(report)
    if lost is not None:
        lost.finish()


def _rendered(
    groups: Iterable[Group], backbone: str | None, chat_template: str | None
) -> tuple[TokenCheck | None, Iterable[Group]]:
    """The groups, and what counts their losses while they go by if a backbone is to read them."""
    if backbone is None:
        if chat_template is not None:
            raise DataError("--chat-template is about what a backbone reads", remedy="give --backbone too")
        return None, groups
    from plaudit.model import TokenCheck, is_baseline, open_renderer

    if is_baseline(backbone):
        raise DataError(f"{backbone} reads no tokens", remedy="--backbone takes a backbone or a model folder")
    lost = TokenCheck()
    return lost, lost.passing(open_renderer(backbone, chat_template=chat_template), groups)


def _refuse_bad_rows(report: ReadReport) -> None:
    """Print the first bad rows and leave with exit code 2, if there are any."""
    for row in report.rejected[:BAD_ROWS_SHOWN]:
        typer.echo(f"{row.where}: {row.reason}", err=True)
    if report.rejected:
        count = len(report.rejected)
        more = f", {BAD_ROWS_SHOWN} of them above" if count > BAD_ROWS_SHOWN else ""
        typer.echo(
            f"{counted(count, 'rows')} cannot be read{more}; "
            "mend them or set them aside with --rejects (train, eval, data convert)",
            err=True,
        )
        raise typer.Exit(2)


@app.command()
@reads_data
def stats(
    files: Files,
    tokenizer: Annotated[
        str | None, typer.Option("--tokenizer", help="A model or backbone: lengths in its tokens.")
    ] = None,
    max_length: Annotated[
        int | None, typer.Option("--max-length", min=1, help="A context in tokens: what it would cut.")
    ] = None,
    reading: Reading = ANY,
    as_json: Json = False,
) -> None:
    """How long prompts and responses are, and what a context of a given length would cut.

    Example:

        echo '{"prompt":"Hi","chosen":"Yo","rejected":"No"}' | plaudit data stats -
    """
    from dataclasses import asdict

    from plaudit.cli import data_tables
    from plaudit.data import ReadReport, length_report, read_groups

    check_file(None, files, reading)
    report = ReadReport()
    loaded = _tokenizer(tokenizer) if tokenizer else None
    with reading_shown():
        lengths = length_report(read_groups(files, report=report, **reading.options()), loaded, max_length)
    if as_json:
        typer.echo(json_line(asdict(lengths)), nl=False)
    else:
        data_tables.show_lengths(lengths)
    _tell_rejected(report, reading.rejects)


@app.command()
@reads_data
def convert(
    files: Files,
    output: Output,
    to: Annotated[
        str,
        typer.Option("--to", help="native, trl, trl-conversational, openrlhf; to a .json file: label-studio, argilla."),
    ] = "native",
    merge: Annotated[
        bool, typer.Option("--majority", help="One ranking for a pair that several people judged.")
    ] = False,
    from_ratings: Annotated[
        bool, typer.Option("--rankings-from-ratings", help="Each annotator's ratings imply a ranking.")
    ] = False,
    attribute: Annotated[
        str | None, typer.Option("--attribute", help="With --rankings-from-ratings: only this attribute's ratings.")
    ] = None,
    reading: Reading = ANY,
) -> None:
    """Bring judgements into another shape. What it has no place for is counted on stderr.

    Example:

        printf 'prompt,response,value\\nHi,Hello!,4\\n' | plaudit data convert - -o -
    """
    from collections import Counter

    from plaudit.data import ReadReport, lost_in_words, read_groups, write_groups
    from plaudit.judgements import majority, rankings_from_ratings

    if attribute is not None and not from_ratings:
        raise DataError("--attribute chooses ratings for --rankings-from-ratings", remedy="give both")
    check_file(output, files, reading)
    report = ReadReport()
    groups: Iterable[Group] = read_groups(files, report=report, **reading.options())
    if from_ratings:
        groups = (rankings_from_ratings(group, attribute) for group in groups)
    if merge:
        groups = map(majority, groups)
    lost: Counter[str] = Counter()
    # Pairs that go to stdout show by themselves how far they are.
    with nullcontext() if output == "-" else reading_shown():
        written = write_groups(groups, output, to, lost=lost, overwrite=reading.overwrite)
    _tell_rejected(report, reading.rejects)
    if lost:
        typer.echo(f"{to} has no place for {lost_in_words(lost)}", err=True)
    rows = {"native": "groups", "label-studio": "tasks", "argilla": "records"}.get(to, "pairs")
    typer.echo(f"{counted(written, rows)} written to {output}", err=True)


@app.command()
def clicks(
    files: Files,
    output: Output,
    propensities: Propensities = "estimate",
    min_seconds: Annotated[
        float, typer.Option("--min-seconds", min=0, help="A click shorter than this is no click.")
    ] = 0.0,
    clip: Annotated[float, typer.Option("--clip", help="The most that one comparison weighs.")] = 20.0,
    rejects: Rejects = None,
    overwrite: Overwrite = False,
) -> None:
    """Turn a click log into weighted rankings: a clicked response beats those passed over above it.

    Example:

        echo '{"prompt":"P","shown":["a","b"],"clicked":0}'|plaudit data clicks - -o -
    """
    from plaudit.cli.data_tables import click_lines
    from plaudit.data import (
        ReadReport,
        RejectsFile,
        estimate_propensities,
        groups_of_clicks,
        load_propensities,
        long_enough,
        read_sessions,
        write_groups,
    )

    check_file(output, [*files, propensities], Reading(rejects=rejects, overwrite=overwrite))
    report = ReadReport()
    sessions, short, untimed = long_enough(
        list(read_sessions(files, rejects=rejects and RejectsFile(rejects, overwrite), report=report)), min_seconds
    )
    chances = None
    if propensities != "none":
        chances = estimate_propensities(sessions) if propensities == "estimate" else load_propensities(propensities)
    groups, clicked = groups_of_clicks(sessions, chances, clip)
    written = write_groups(groups, output, overwrite=overwrite)
    for line in click_lines(clicked, chances, clip, short, untimed if min_seconds else 0):
        typer.echo(line, err=True)
    _tell_rejected(report, rejects)
    typer.echo(f"{counted(written, 'groups')} written to {output}", err=True)


@app.command()
@reads_data
def split(
    files: Files,
    output: Annotated[str, typer.Option("--output", "-o", help="A folder for train.jsonl, test.jsonl, ...")],
    test: Annotated[float, typer.Option("--test", help="The share of prompts to test on.")] = 0.1,
    validation: Annotated[float, typer.Option("--validation", help="The share of prompts to validate on.")] = 0.0,
    by: Annotated[
        str, typer.Option("--by", help="What stays whole: prompt, subset, or a field of meta.", metavar="FIELD")
    ] = "prompt",
    seed: Annotated[int, typer.Option("--seed", help="Another seed is another split.")] = 0,
    reading: Reading = ANY,
) -> None:
    """Split by prompt, never by row: the same prompt is on the same side every time, with what is nearly the same.

    Example:

        seq 99|sed 's/.*/{"prompt":"&?","responses":["1"]}/'|plaudit data split - -o s
    """
    from plaudit.data import SIDES, ReadReport, read_groups, split_to_folder

    sides_files = [f"{side}.jsonl" for side in SIDES]
    check_results(Path(output), files, reading, files=sides_files)
    report = ReadReport()
    groups = read_groups(files, report=report, **reading.options())
    with reading_shown():
        sides = split_to_folder(groups, output, test, validation, seed, by, overwrite=reading.overwrite)
    total = sum(sides.groups.values())
    for side, count in sides.groups.items():
        typer.echo(f"{output}/{side}.jsonl: {counted(count, 'groups')} ({count / total:.1%})")
    if 0 < (tests := sides.groups.get("test", 0)) < FEW_TESTS:
        width = f"±{98 / tests**0.5:.0f} points"
        typer.echo(f"few to test on: the 95% interval of an accuracy may be {width} wide; a larger --test gives more")
    if sides.together:
        typer.echo(f"{counted(sides.together, 'groups')} placed with a prompt that is nearly the same")
    if sides.across:
        near = counted(sides.across, "prompts")
        typer.echo(f"{near} nearly the same as one in train (split by prompt to keep them together)")
    _tell_rejected(report, reading.rejects)


def _tokenizer(name: str) -> Any:
    from plaudit.data import load_tokenizer
    from plaudit.model import resolve

    return load_tokenizer(resolve(name))


def _tell_rejected(report: ReadReport, rejects: Path | None) -> None:
    tell_rejected(len(report.rejected), rejects)
    if report.left_behind:
        columns = ", ".join(f"{name} ({count:,})" for name, count in report.left_behind.items())
        typer.echo(f"columns left behind (rows): {columns}", err=True)
