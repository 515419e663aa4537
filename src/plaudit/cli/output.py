"""How a verb gives its result: into a file, as one JSON object, or as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from plaudit.cli.reading import Reading
from plaudit.errors import InvalidInputError
from plaudit.storage import check_ending, check_folder, check_place, json_line, replacing


def check_file(output: str | Path | None, inputs: Iterable[str | None], reading: Reading) -> None:
    """Before any work: refuse a file, and a file of rejects, that may not be written.

    Args:
        output: the file; None or `-` where there is none.
        inputs: everything that the verb reads, as it was given.
        reading: says where bad rows go, and whether what is there may be replaced.

    Raises:
        PlauditError: as `check_place`, and if both are one file.
    """
    inputs, rejects = list(inputs), reading.rejects
    if output is not None:
        check_ending(output, ".jsonl or .jsonl.gz")
    for place in (output, rejects):
        if place is not None:
            check_place(place, overwrite=reading.overwrite, inputs=inputs)
    if output is not None and rejects is not None and Path(output).resolve() == rejects.resolve():
        raise InvalidInputError(f"-o and --rejects both name {rejects}", remedy="give them different names")


def check_results(
    output: Path | None,
    inputs: Iterable[str | None],
    reading: Reading,
    *,
    files: Sequence[str],
    besides: Sequence[str] = (),
) -> None:
    """Before any work: the same for a folder that `files` are to be written into. `besides` may stand there.

    Raises:
        PlauditError: as `check_folder`.
    """
    inputs = list(inputs)
    check_file(None, inputs, reading)
    if output is not None:
        check_folder(output, overwrite=reading.overwrite, files=files, inputs=inputs, besides=besides)


def give(result: Mapping[str, Any], file: Path | None, as_json: bool, show: Callable[[], None]) -> None:
    """Write `result` to `file` as one line of JSON, if there is one; then print that line, or what `show` prints.

    Raises:
        PlauditError: if the file cannot be written; what was there is unchanged.
    """
    line = json_line(result)
    if file is not None:
        with replacing(file) as temporary:
            temporary.write_text(line, encoding="utf-8")
    if as_json:
        typer.echo(line, nl=False)
    else:
        show()
