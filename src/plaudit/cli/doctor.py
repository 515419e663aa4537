"""`plaudit doctor`: judgements -> a work list of what is probably wrong, and the set without it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from plaudit.cli.options import Changes, Format, Json, Rejects
from plaudit.cli.output import give
from plaudit.errors import PlauditError
from plaudit.storage import check_place

WORK_LIST, CLEANED, FIGURES = "work-list.jsonl", "cleaned.jsonl", "doctor.json"


def doctor_command(
    files: Annotated[list[str], typer.Argument(help="The training data: files, folders, a data set, or `-`.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder; with --apply, the file to write.")],
    test: Annotated[
        list[str] | None, typer.Option("--test", help="Test data, to find what both hold; one for each --test.")
    ] = None,
    apply: Annotated[
        Path | None, typer.Option("--apply", metavar="WORKLIST", help="Carry out a work list instead of making one.")
    ] = None,
    backbone: Annotated[
        str,
        typer.Option("--backbone", "-b", help="Models that judge what they did not train on, by comma; or `none`."),
    ] = "bow,length",
    folds: Annotated[int, typer.Option("--folds", help="Each model is trained so many times.")] = 5,
    repeats: Annotated[int, typer.Option("--repeats", help="Deals into folds, whose scores are averaged.")] = 1,
    by: Annotated[
        str, typer.Option("--by", metavar="FIELD", help="What is held out whole: prompt, subset, or a field of meta.")
    ] = "prompt",
    threshold: Annotated[
        float, typer.Option("--threshold", help="Propose removal from this probability of being wrong on.")
    ] = 0.8,
    threshold_alone: Annotated[
        float, typer.Option("--threshold-alone", help="The same where models speak alone; 1: never.")
    ] = 1.0,
    seed: Annotated[int, typer.Option("--seed", help="Of the deals into folds.")] = 0,
    changes: Changes = None,
    format: Format = None,
    rejects: Rejects = None,
    as_json: Json = False,
) -> None:
    """Find judgements that are probably wrong, people who disagree with everyone, opposite labels, test data in the
    training data. Writes OUTPUT/work-list.jsonl, to go through and set "keep" in; OUTPUT/cleaned.jsonl, with the
    proposed removals carried out; and OUTPUT/doctor.json, the figures.

    Example: `plaudit doctor train.jsonl --test test.jsonl -o check`, then
    `plaudit doctor train.jsonl --apply check/work-list.jsonl -o cleaned.jsonl`
    """
    from plaudit.data import ReadReport, SourceLines, load_groups, write_groups

    _check_places(output, apply)
    reading = ReadReport(source_lines=SourceLines())
    groups = load_groups(files, format=format, rejects=rejects, report=reading)
    if reading.rejected:
        typer.echo(f"{len(reading.rejected):,} rows set aside in {rejects}", err=True)
    if apply is not None:
        _carry_out(apply, groups, output, as_json)
        return
    from plaudit.cli.inputs import name_and_value
    from plaudit.doctor import diagnose, write_worklist
    from plaudit.model import baseline_names

    settings: dict[str, Any] = dict(map(name_and_value, changes or []))
    sides = {side: reading.positions.one_sided(side) for side in ("first", "last")}
    diagnosis = diagnose(
        groups,
        load_groups(test) if test else None,
        backbones=baseline_names(backbone),
        folds=folds,
        by=by,
        repeats=repeats,
        removed=threshold,
        alone=threshold_alone,
        seed=seed,
        sides=sides,
        places=reading.source_lines,
        **settings,
    )
    cleaned = diagnosis.cleaned(groups)
    removed = {"removed": dict(cleaned.removed), "unjudged": cleaned.unjudged}
    found = {**diagnosis.to_json(), "threshold": threshold, "threshold_alone": threshold_alone, **removed}
    write_worklist(diagnosis.items, output / WORK_LIST)
    write_groups(cleaned.groups, output / CLEANED)
    options = {"--format": format, "--rejects": rejects}
    read_as = [*files, *(str(word) for option in options.items() if option[1] for word in option)]

    def show() -> None:
        from plaudit.cli.doctor_tables import summary

        summary(diagnosis, cleaned)
        typer.echo(f"\n{_next(len(diagnosis.items), output, read_as)}", err=True)

    give(found, output / FIGURES, as_json, show)


def _check_places(output: Path, apply: Path | None) -> None:
    """Before the work: that what it gives can be written."""
    if apply is not None:
        if output.is_dir():
            raise PlauditError(f"{output} is a folder; with --apply, -o names the file to write, such as cleaned.jsonl")
        check_place(output)
        return
    there = next(place for place in (output, *output.parents) if place.exists())
    if not there.is_dir():
        raise PlauditError(f"{there} is a file; -o names the folder to write into, such as check")
    for name in (WORK_LIST, CLEANED, FIGURES):
        check_place(output / name)


def _next(items: int, output: Path, read_as: Sequence[str]) -> str:
    """What a person does next."""
    worklist = output / WORK_LIST
    if not items:
        return f"Nothing to go through: {worklist} is empty, and {output / CLEANED} holds every judgement."
    command = shlex.join(["plaudit", "doctor", *read_as, "--apply", str(worklist), "-o", "cleaned.jsonl"])
    return f'Go through {worklist}, set "keep", then: {command}'


def _carry_out(worklist: Path, groups: list[Any], output: Path, as_json: bool) -> None:
    from plaudit.cli.doctor_tables import taken
    from plaudit.data import write_groups
    from plaudit.doctor import clean, read_orders

    cleaned = clean(groups, read_orders(worklist))
    written = write_groups(cleaned.groups, output)
    done = {"groups": written, "removed": dict(cleaned.removed), "unjudged": cleaned.unjudged}
    give(done, None, as_json, lambda: typer.echo(f"{written:,} groups written to {output}; {taken(cleaned)}", err=True))
