"""The folder of a run: what may be written where, what to resume from, and what must be the same when it is."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.storage import RECORD_FILE, write_json

logger = logging.getLogger(__name__)

CHECKPOINTS = "checkpoints"
_RUN_FILE = "run.json"
# Settings that a resumed run may change, because they change how a step is computed and shown, not what it computes.
_FREE_TO_CHANGE = ("batch_tokens", "gradient_checkpointing", "report_to")


def open_folder(output: Path, origin: dict[str, Any], resume: bool, overwrite: bool, main: bool) -> Path | None:
    """Refuse to tread on earlier work, and write down what the run is of, or hold a resumed run to it. Only the `main`
    process writes.

    Returns:
        The checkpoint to resume from, if any.
    """
    checkpoints = output / CHECKPOINTS
    whole = whole_checkpoints(output)
    finished = (output / RECORD_FILE).is_file()
    if resume and whole:
        _hold_to(output, origin)
        return whole[-1]
    if resume and finished:
        raise InvalidInputError(f"the run in {output} is finished", remedy="there is nothing to resume")
    if resume:
        logger.warning("%s holds no whole checkpoint; the run starts from the beginning", checkpoints)
    if not overwrite and (whole or finished):
        what = "an unfinished run (go on with --resume)" if whole else "a trained model"
        raise InvalidInputError(
            f"{output} holds {what}", remedy="choose another folder, or replace it with --overwrite (overwrite=True)"
        )
    if main:
        try:
            clear(output)
            checkpoints.mkdir(parents=True, exist_ok=True)
            write_json(checkpoints / _RUN_FILE, origin)
        except OSError as error:
            raise InvalidInputError(
                f"cannot write to {output}: {error.strerror}", remedy="choose another folder with -o"
            ) from error
    return None


def whole_checkpoints(output: Path) -> list[Path]:
    """Checkpoints that were written to the end, oldest first. transformers writes trainer_state.json last."""
    whole = (path for path in (output / CHECKPOINTS).glob("checkpoint-*") if _is_json(path / "trainer_state.json"))
    return sorted(whole, key=lambda path: int(path.name.rpartition("-")[2]))


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def clear(output: Path) -> None:
    """Remove a run's checkpoints and its file, and nothing else that may stand in a folder of that name."""
    checkpoints = output / CHECKPOINTS
    if not (checkpoints / _RUN_FILE).is_file():
        return
    for path in checkpoints.glob("checkpoint-*"):
        shutil.rmtree(path)
    (checkpoints / _RUN_FILE).unlink()
    with contextlib.suppress(OSError):
        checkpoints.rmdir()


def _hold_to(output: Path, origin: dict[str, Any]) -> None:
    """Refuse to resume a run with other data or settings than it was started with."""
    file = output / CHECKPOINTS / _RUN_FILE
    before = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else origin
    for name, now in origin.items():
        if _fixed(before.get(name)) != _fixed(now):
            raise InvalidInputError(
                f"cannot resume {output}: its {name} was {_difference(before.get(name), now)}",
                remedy="resume with what it was started with, or start anew with --overwrite",
            )


def _fixed(value: Any) -> Any:
    """Without the settings that a resumed run may change."""
    return {k: v for k, v in value.items() if k not in _FREE_TO_CHANGE} if isinstance(value, dict) else value


def _difference(before: Any, now: Any) -> str:
    if isinstance(before, dict):
        changed = [f"{name}={before.get(name)!r}, now {now[name]!r}" for name in now if before.get(name) != now[name]]
        return "; ".join(changed)
    return f"{before!r}, now {now!r}"
