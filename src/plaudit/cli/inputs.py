"""What several verbs are given: judgements, groups, settings; and the one stream that only one of them can have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from plaudit.cli.progress import reading_shown
from plaudit.cli.reading import Reading
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.logs import is_first_process, muted
from plaudit.settings import Settings
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.data import ReadReport

S = TypeVar("S", bound=Settings)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgementInput:
    """Judgements that were read.

    Attributes:
        groups: with `--majority`, what most people said.
        people: the same groups with each person's judgements.
        rejected: rows that could not be read and were set aside.
        repeated: responses left out, each the same as another to its prompt.
    """

    groups: list[Group]
    people: list[Group]
    rejected: int
    repeated: int


def read_judgements(files: str | Sequence[str], reading: Reading, *, merge: bool = False) -> JudgementInput:
    """Read judgements as the verb's options and `--majority` (`merge`) want it.

    Raises:
        PlauditError: as `load_groups`.
    """
    from plaudit.data import ReadReport, load_groups
    from plaudit.judgements import majority

    report = ReadReport(keep_going=reading.sets_aside)
    with reading_shown():
        people = load_groups(files, report=report, **reading.options())
    groups = [majority(group) for group in people] if merge else people
    return JudgementInput(groups=groups, people=people, rejected=len(report.rejected), repeated=report.repeated)


def open_judgements(
    files: str | Sequence[str], reading: Reading, *, merge: bool = False
) -> tuple[Sequence[Group], int]:
    """Judgements as `read_judgements` reads them, of which those of large files stay on disk, and how many rows were
    set aside.

    Raises:
        PlauditError: as `open_groups`.
    """
    from plaudit.data import ReadReport, open_groups
    from plaudit.judgements import majority

    report = ReadReport(keep_going=reading.sets_aside)
    # Of several processes that torchrun has started, the first speaks for all.
    with muted("plaudit", when=not is_first_process()), reading_shown():
        groups = open_groups(files, report=report, change=majority if merge else None, **reading.options())
    return groups, len(report.rejected)


def changed_settings(context: typer.Context, settings: S, **others: Any) -> S:
    """The settings as the command line changes them: flags win over `--set`, and `--set` over `--config`.

    A flag changes the setting that its parameter is named after; one that was not given, or is off, changes nothing.

    Args:
        context: of the verb.
        settings: to change.
        others: settings that follow from a flag otherwise, by name.
    """
    names, parameters = settings.to_dict(), context.params
    # 0 is given, and equals False.
    flags = {name: value for name, value in parameters.items() if name in names and value is not False and value != ()}
    texts = {name: ",".join(value) if isinstance(value, tuple) else value for name, value in flags.items()}
    verb = context.info_name or ""
    return settings.with_sources(verb, texts | others, parameters.get("changes"), parameters.get("config"))


def tell_rejected(rows: int, rejects: Path | None) -> None:
    """Say on stderr how many rows were set aside, if any."""
    if rows:
        tell(f"{counted(rows, 'rows')} set aside in {rejects}")


def tell(line: str) -> None:
    """Say a line on stderr: once, if several processes share the run."""
    if is_first_process():
        typer.echo(line, err=True)


def rows_or_prompt(
    source: str | None, prompt: str | None, responses: Sequence[str] | None, reading: Reading
) -> Iterable[Group]:
    """The rows of a file, none merged with another, or the one that --prompt and --response make.

    Raises:
        PlauditError: unless it is one of the two.
    """
    from plaudit.data import ReadReport, read_groups

    if (source is None) == (prompt is None):
        raise InvalidInputError("give either a file (`-` for stdin) or --prompt with its --response, one of the two")
    if prompt is None:
        report = ReadReport()
        return _told(read_groups(str(source), merge=False, report=report, **reading.options()), report, reading.rejects)
    if not responses:
        raise InvalidInputError("--prompt needs at least one --response")
    return [Group("", prompt, tuple(responses))]


def _told(rows: Iterable[Group], report: ReadReport, rejects: Path | None) -> Iterable[Group]:
    """The rows, and after the last how many were set aside."""
    yield from rows
    tell_rejected(len(report.rejected), rejects)


def check_stdin(inputs: str, *sources: str) -> None:
    """Raise if more than one of the sources is `-`.

    Args:
        inputs: what they are, for the message: "A, B and data".
        sources: each as it was given.
    """
    if sources.count("-") < 2:
        return
    if "," in inputs:
        raise InvalidInputError(f"only one of {inputs} can come from stdin", remedy="give the others as files")
    raise InvalidInputError(f"{inputs} cannot both come from stdin", remedy="give one of them as a file")


def comma_list(text: str | None) -> list[str] | None:
    """Names given by comma; None where there is no text.

    Example:
        >>> comma_list("hinge, ranknet")
        ['hinge', 'ranknet']
    """
    return None if text is None else [name for part in text.split(",") if (name := part.strip())]
