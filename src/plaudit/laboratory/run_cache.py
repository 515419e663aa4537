"""Runs that were done before, kept in files, so that a laboratory that was stopped goes on where it was."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from plaudit.laboratory.runs import Run
from plaudit.laboratory.splits import Split
from plaudit.storage import data_hash, replacing, versions


def kept(folder: Path, name: str, origin: Any, make: Callable[[], Run]) -> tuple[Run, bool]:
    """The run kept under `name`, if it was made from the same `origin` (JSON); else a new one, which is then kept.

    Returns:
        The run, and whether it was there.
    """
    key = hashlib.sha256(json.dumps([origin, versions()], sort_keys=True).encode()).hexdigest()[:16]
    file = folder / (re.sub(r"[^\w.-]+", "-", name) + ".json")
    found = _read(file, key)
    if found is not None:
        return found, True
    run = make()
    with replacing(file) as temporary:
        temporary.write_text(json.dumps({"key": key, **asdict(run)}), encoding="utf-8")
    return run, False


def origin_of(division: Split, backbone: str) -> list[Any]:
    """What all runs of a division have in common: its data, and when a local backbone was last written."""
    weights = Path(backbone).glob("*.safetensors")
    written = max((file.stat().st_mtime_ns for file in weights), default=None)
    return [data_hash(division.learn), data_hash(division.watch), data_hash(division.test), backbone, written]


def _read(file: Path, key: str) -> Run | None:
    try:
        row = json.loads(file.read_bytes())
        return Run(**{name: value for name, value in row.items() if name != "key"}) if row["key"] == key else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
