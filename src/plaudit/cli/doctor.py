"""`plaudit doctor`: judgements -> a work list of those that are probably wrong, and the set without them."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from plaudit.cli.inputs import tell_rejected
from plaudit.cli.options import Changes, Json
from plaudit.cli.output import check_file, check_results, give
from plaudit.cli.progress import reading_shown
from plaudit.cli.reading import ANY, Reading, reads_data
from plaudit.errors import InvalidInputError
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.data import ReadReport
    from plaudit.doctor import DoctorSettings
    from plaudit.groups import Group

WORK_LIST, CLEANED, FIGURES = "work-list.jsonl", "cleaned.jsonl", "doctor.json"

Files = Annotated[list[str], typer.Argument(help="The training data: files, folders, a data set, or `-`.")]
Output = Annotated[Path, typer.Option("--output", "-o", help="A folder; with --apply, the file to write.")]
Test = Annotated[
    list[str] | None, typer.Option("--test", help="Test data, to find what both hold; one for each --test.")
]
Apply = Annotated[
    Path | None, typer.Option("--apply", metavar="WORKLIST", help="Carry out a work list instead of making one.")
]
Backbone = Annotated[
    str, typer.Option("--backbone", "-b", help="Models that judge what they did not train on, by comma; or `none`.")
]
Folds = Annotated[int, typer.Option("--folds", help="Each model is trained so many times.")]
Repeats = Annotated[int, typer.Option("--repeats", help="Assignments to folds, whose scores are averaged.")]
By = Annotated[
    str, typer.Option("--by", metavar="FIELD", help="What is held out whole: prompt, subset, or a field of meta.")
]
Threshold = Annotated[float, typer.Option("--threshold", help="Propose removal from this probability of being wrong.")]
ThresholdAlone = Annotated[
    float, typer.Option("--threshold-alone", help="The same where no other judgement counts; 1: never.")
]
Seed = Annotated[int, typer.Option("--seed", help="Of the assignments to folds, and of training.")]


@reads_data
def doctor_command(
    files: Files,
    output: Output,
    test: Test = None,
    apply: Apply = None,
    backbone: Backbone = "bow,length",
    folds: Folds = 5,
    repeats: Repeats = 1,
    by: By = "prompt",
    threshold: Threshold = 0.8,
    threshold_alone: ThresholdAlone = 1.0,
    seed: Seed = 0,
    changes: Changes = None,
    reading: Reading = ANY,
    as_json: Json = False,
) -> None:
    """Find judgements that are probably wrong, people who disagree with everyone, opposite labels, test data in the
    training data. Writes OUTPUT/work-list.jsonl, to go through and set "keep" in; OUTPUT/cleaned.jsonl, with the
    proposed removals carried out; and OUTPUT/doctor.json, the figures.

    Example: `plaudit doctor train.jsonl --test test.jsonl -o check`, then
    `plaudit doctor train.jsonl --apply check/work-list.jsonl -o cleaned.jsonl`
    """
    from plaudit.data import ReadReport, SourceLines, load_groups

    _check_output(output, apply, [*files, *(test or [])], reading)
    _check_backbones(backbone)
    report = ReadReport(source_lines=SourceLines())
    with reading_shown():
        groups = load_groups(files, report=report, **reading.options())
    tell_rejected(len(report.rejected), reading.rejects)
    if apply is not None:
        _apply(apply, groups, output, as_json)
        return
    from plaudit.doctor import DoctorSettings
    from plaudit.model import baseline_names
    from plaudit.settings import name_and_value

    settings = DoctorSettings(
        backbones=baseline_names(backbone), folds=folds, by=by, repeats=repeats, threshold=threshold,
        threshold_alone=threshold_alone, seed=seed, training=dict(map(name_and_value, changes or [])),
    )  # fmt: skip
    tests = load_groups(test) if test else None
    _examine(groups, tests, settings, report, output, [*files, *reading.words()], as_json)


def _examine(
    groups: list[Group],
    test: list[Group] | None,
    settings: DoctorSettings,
    report: ReadReport,
    output: Path,
    read_as: Sequence[str],
    as_json: bool,
) -> None:
    """Examine, write the three files, and print a summary."""
    from plaudit.data import write_groups
    from plaudit.doctor import diagnose, write_worklist
    from plaudit.model import is_baseline
    from plaudit.scoring import LONG, telling

    # Plain models are fitted in moments. One that is fine-tuned is not, and no fold of it is done soon.
    with telling(LONG if all(map(is_baseline, settings.backbones)) else 0) as tell:
        diagnosis = diagnose(groups, test, settings, report=report, tell=tell)
    cleaned = diagnosis.cleaned(groups)
    result: dict[str, Any] = {
        **diagnosis.to_json(),
        "threshold": settings.threshold,
        "threshold_alone": settings.threshold_alone,
        "removed": dict(cleaned.removed),
        "unjudged": cleaned.unjudged,
    }
    write_worklist(diagnosis.items, output / WORK_LIST, overwrite=True)
    write_groups(cleaned.groups, output / CLEANED, overwrite=True)

    def show() -> None:
        from plaudit.cli.doctor_tables import summary

        summary(diagnosis, cleaned)
        typer.echo(f"\n{_next_step(len(diagnosis.items), output, read_as)}", err=True)

    give(result, output / FIGURES, as_json, show)


def _apply(worklist: Path, groups: list[Group], output: Path, as_json: bool) -> None:
    """Carry out a work list, and write what is left."""
    from plaudit.cli.doctor_tables import removed_in_words
    from plaudit.data import write_groups
    from plaudit.doctor import clean, read_removals

    cleaned = clean(groups, read_removals(worklist))
    written = write_groups(cleaned.groups, output, overwrite=True)
    result = {"groups": written, "removed": dict(cleaned.removed), "unjudged": cleaned.unjudged}

    def show() -> None:
        typer.echo(f"{counted(written, 'groups')} written to {output}; {removed_in_words(cleaned)}", err=True)

    give(result, None, as_json, show)


def _check_output(output: Path, apply: Path | None, inputs: Sequence[str], reading: Reading) -> None:
    """Before the work: whether its results can be written."""
    if apply is not None:
        if output.is_dir():
            remedy = "with --apply, -o names the file to write, such as cleaned.jsonl"
            raise InvalidInputError(f"{output} is a folder", remedy=remedy)
        check_file(output, [*inputs, str(apply)], reading)
        return
    nearest = next(place for place in (output, *output.parents) if place.exists())
    if not nearest.is_dir():
        raise InvalidInputError(f"{nearest} is a file", remedy="-o names the folder to write into, such as check")
    check_results(output, inputs, reading, files=(WORK_LIST, CLEANED, FIGURES))


def _check_backbones(names: str) -> None:
    """Before data are read and torch is imported: whether there are all of them."""
    from plaudit.model import baseline_names, check_backbone

    for name in baseline_names(names):
        check_backbone(name)


def _next_step(items: int, output: Path, read_as: Sequence[str]) -> str:
    """What a person does next."""
    worklist = output / WORK_LIST
    if not items:
        return f"Nothing to go through: {worklist} is empty, and {output / CLEANED} holds every judgement."
    command = shlex.join(["plaudit", "doctor", *read_as, "--apply", str(worklist), "-o", "cleaned.jsonl"])
    return f'Go through {worklist}, set "keep", then: {command}'
