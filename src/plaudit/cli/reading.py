"""The options of every verb that reads data, said once: which format, which columns, where bad rows go, and
whether what is there may be replaced."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import typer

from plaudit.cli.options import Overwrite, Rejects
from plaudit.logs import is_first_process

Verb = TypeVar("Verb", bound=Callable[..., None])

_OPTIONS: dict[str, Any] = {
    "format": Annotated[
        str | None, typer.Option("--format", "-f", help="The data's format, where it is not detected.")
    ],
    "columns": Annotated[
        list[str] | None,
        typer.Option("--column", metavar="NAME=COLUMN", help="Read COLUMN as NAME, such as prompt=history."),
    ],
    "labels": Annotated[
        Literal["zero-based", "one-based"] | None,
        typer.Option("--labels", help="How numbers name one of two responses: 0 and 1, or 1 and 2."),
    ],
    "rejects": Rejects,
    "overwrite": Overwrite,
}
_WRITING = ("rejects", "overwrite")


@dataclass(frozen=True, slots=True)
class Reading:
    """How the user wants data to be read; see `plaudit.data.read_groups`."""

    format: str | None = None
    columns: list[str] | None = None
    labels: Literal["zero-based", "one-based"] | None = None
    rejects: Path | None = None
    overwrite: bool = False

    @property
    def sets_aside(self) -> bool:
        """Whether rows that cannot be read are passed over here and written down by another process of the run."""
        return self.rejects is not None and not is_first_process()

    def options(self) -> dict[str, Any]:
        """Keyword arguments of `load_groups` and `read_groups`.

        Raises:
            PlauditError: if a column is given that is not NAME=COLUMN.
        """
        from plaudit.data import RejectsFile, parse_columns

        columns = parse_columns(self.columns or ())
        rejects = RejectsFile(self.rejects, self.overwrite) if self.rejects and is_first_process() else None
        return {"format": self.format, "columns": columns, "labels": self.labels, "rejects": rejects}

    def words(self) -> list[str]:
        """The options as they are given on the command line."""
        values = {"--format": self.format, "--labels": self.labels, "--rejects": self.rejects}
        options = [(name, str(value)) for name, value in values.items() if value is not None]
        options += [("--column", column) for column in self.columns or ()]
        return [word for option in options for word in option]


def reads_data(verb: Verb) -> Verb:
    """Give a verb the options of reading in the place of its parameter `reading`, which gets them all as one.

    A verb that lists bad rows itself, instead of setting them aside, says so with `reading: Reading = LISTED`.
    """
    signature = inspect.signature(verb, eval_str=True)
    names = [name for name in _OPTIONS if signature.parameters["reading"].default is not LISTED or name not in _WRITING]
    parameters: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        if parameter.name == "reading":
            kind = inspect.Parameter.KEYWORD_ONLY
            parameters += [
                inspect.Parameter(name, kind, default=getattr(ANY, name), annotation=_OPTIONS[name]) for name in names
            ]
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @wraps(verb)
    def with_options(**values: Any) -> None:
        reading = Reading(**{name: values.pop(name) for name in names})
        verb(**values, reading=reading)

    # Typer reads both of them.
    with_options.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    with_options.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return with_options  # type: ignore[return-value]


ANY, LISTED = Reading(), Reading()
"""Defaults of a verb's parameter `reading`; the second for one that has neither `--rejects` nor `--overwrite`."""
