"""The folder of a run: what may be written where, what to resume from, and what must be the same when it is."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from plaudit.errors import InvalidInputError
from plaudit.model import CHECKPOINTS, LOGS, PROBE_PREFIX, RUN_FILE, check_model_folder, check_not_made_of
from plaudit.storage import RECORD_FILE, write_json

logger = logging.getLogger(__name__)

_OLD_LOGS = "old_logs"
_CHOSEN = "chosen"
# Settings that a resumed run may change, because they change how a step is computed and shown, not what it computes.
_FREE_TO_CHANGE = (
    "batch_tokens",
    "compile",
    "gradient_checkpointing",
    "liger",
    "report_to",
    "save_precision",
    "sharding",
)
# What runs leave beside their checkpoints: TRL's trainer a model card, an alignment its curves, its best weights and
# the judgements of each round.
_BESIDE_CHECKPOINTS = ("README.md", "curves.jsonl", "best-*.safetensors", "round-*.jsonl")


def check_run_folder(output: Path, origin: Mapping[str, Any], resume: bool, overwrite: bool) -> Path | None:
    """Refuse to tread on earlier work, or hold a resumed run to what it was started with. Writes nothing.

    Returns:
        The checkpoint to resume from, if any.

    Raises:
        PlauditError: if the run may not be written there.
    """
    whole = whole_checkpoints(output)
    finished = (output / RECORD_FILE).is_file()
    if resume and whole:
        _hold_to(output, origin)
        return whole[-1]
    if resume and finished:
        raise InvalidInputError(f"the run in {output} is finished", remedy="there is nothing to resume")
    if resume:
        logger.warning("%s holds no whole checkpoint; the run starts from the beginning", output / CHECKPOINTS)
    if whole and not overwrite:
        raise InvalidInputError(
            f"{output} holds an unfinished run (go on with --resume)",
            remedy="choose another folder, or replace it with --overwrite (overwrite=True)",
        )
    # What an interrupt left before its first checkpoint is nobody's loss.
    check_model_folder(output, overwrite=overwrite or not finished)
    if backbone := origin.get("backbone"):
        check_not_made_of(str(backbone).removeprefix(PROBE_PREFIX), output)
    return None


def make(output: Path) -> None:
    """Make the folder, where it is not there.

    Raises:
        PlauditError: if it cannot be made.
    """
    with _writing_to(output):
        output.mkdir(parents=True, exist_ok=True)


@contextlib.contextmanager
def _writing_to(output: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(
            f"cannot write to {output}: {error.strerror}", remedy="choose another folder with -o"
        ) from error


def begin(output: Path, origin: Mapping[str, Any], old_logs: Sequence[str], chosen: Mapping[str, Any]) -> None:
    """Remove an earlier run's checkpoints, and write down what this run is of, which curves are not its own, and what
    it has chosen where the settings left it open.

    Raises:
        PlauditError: if the folder cannot be written to.
    """
    with _writing_to(output):
        clear(output)
        (output / CHECKPOINTS).mkdir(exist_ok=True)
        write_json(output / CHECKPOINTS / RUN_FILE, {**origin, _OLD_LOGS: list(old_logs), _CHOSEN: dict(chosen)})


def old_logs(output: Path, *, resumed: bool) -> list[str]:
    """The files of curves in a folder that an earlier run drew, by their places in it."""
    run = output / CHECKPOINTS / RUN_FILE
    if resumed:
        return list(json.loads(run.read_text(encoding="utf-8")).get(_OLD_LOGS, ())) if run.is_file() else []
    return sorted(str(path.relative_to(output)) for path in (output / LOGS).rglob("*") if path.is_file())


def chosen_before(output: Path) -> dict[str, Any]:
    """What an unfinished run has chosen where its settings left it open, by name."""
    run = output / CHECKPOINTS / RUN_FILE
    chosen: dict[str, Any] = json.loads(run.read_text(encoding="utf-8")).get(_CHOSEN, {}) if run.is_file() else {}
    return chosen


def remove_logs(output: Path, names: Iterable[str]) -> None:
    """Remove files of curves, and the folders that are empty then."""
    for name in names:
        (output / name).unlink(missing_ok=True)
    folders = [path for path in (output / LOGS).rglob("*") if path.is_dir()]
    for folder in [*sorted(folders, reverse=True), output / LOGS]:
        with contextlib.suppress(OSError):
            folder.rmdir()


@contextlib.contextmanager
def gone_without_checkpoint(output: Path, began: Callable[[], bool]) -> Iterator[None]:
    """If the block fails before a checkpoint is whole, there is nothing to resume: what it wrote goes, and folders that
    were not there.

    Args:
        output: of the run.
        began: whether the run in the block has begun to write.
    """
    missing = [path for path in (output / CHECKPOINTS, output, *output.parents) if not path.exists()]
    before = set(old_logs(output, resumed=False))
    try:
        yield
    except BaseException:
        if not whole_checkpoints(output):
            if began():
                clear(output)
                remove_logs(output, set(old_logs(output, resumed=False)) - before)
            # transformers makes the folder as soon as it knows it.
            for folder in missing:
                with contextlib.suppress(OSError):
                    folder.rmdir()
        raise


def whole_checkpoints(output: Path) -> list[Path]:
    """Checkpoints that were written to the end, oldest first. transformers writes trainer_state.json last."""
    whole = (path for path in (output / CHECKPOINTS).glob("checkpoint-*") if _is_json(path / "trainer_state.json"))
    return sorted(whole, key=lambda path: int(path.name.rpartition("-")[2]))


def how_to_go_on(output: Path) -> str:
    """What a run that did not come to its end has left, as a remedy."""
    return "go on with --resume" if whole_checkpoints(output) else "nothing was saved yet"


def _is_json(path: Path) -> bool:
    try:
        json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return True


def clear(output: Path) -> None:
    """Remove a run's checkpoints and its file, and nothing else that may stand in a folder of that name."""
    checkpoints = output / CHECKPOINTS
    if not (checkpoints / RUN_FILE).is_file():
        return
    for path in checkpoints.glob("checkpoint-*"):
        shutil.rmtree(path)
    for pattern in _BESIDE_CHECKPOINTS:
        for path in checkpoints.glob(pattern):
            path.unlink()
    (checkpoints / RUN_FILE).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        checkpoints.rmdir()


def _hold_to(output: Path, origin: Mapping[str, Any]) -> None:
    """Refuse to resume a run with other data or settings than it was started with."""
    file = output / CHECKPOINTS / RUN_FILE
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
