"""How a verb gives its result: into a file, as one JSON object, or as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import typer

from plaudit.storage import json_line, replacing


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
