"""A run that writes a folder, can be killed at any time, and goes on from its newest whole checkpoint.

    run = ResumableRun(output, settings, origin, resume=False, overwrite=False)
    with run.whole_or_gone(): ...                 around all of these: nothing half-made is left
    run.open()                                    refuse to tread on earlier work
    run.begin()                                   write down what the run is of
    record = run.record(groups=100)               what the model was made from and how
    run.save(lambda: ...)                         the first process writes; the checkpoints are cleared

Started in several processes (`torchrun`), all of them do this together; only the first writes.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, Generic, TypeVar

import torch
from accelerate import PartialState

from plaudit.errors import InvalidInputError, is_out_of_memory
from plaudit.settings import Settings
from plaudit.training.run.folder import (
    begin,
    check_run_folder,
    chosen_before,
    clear,
    gone_without_checkpoint,
    how_to_go_on,
    make,
    old_logs,
    remove_logs,
)
from plaudit.training.run.lock import FolderLock
from plaudit.training.run.processes import PATIENCE, is_loss_of_another, terminated_like_interrupted

logger = logging.getLogger(__name__)

S = TypeVar("S", bound=Settings)


class ResumableRun(Generic[S]):
    """A run's folder, settings, origin and processes.

    Args:
        output: the folder to write.
        settings: of the run.
        origin: what the run is of (backbone, data, ...), by name. A resumed run is held to it, and it stands in the
            run record, with the settings.
        resume: go on from the newest whole checkpoint.
        overwrite: replace what is there.

    Attributes:
        processes: how many processes share the run.
        rank: of this one among them, from 0.
        is_main: whether this is the one that writes.
        checkpoint: that the run goes on from, once it is open; None where it begins.
        chosen: by the run, where the settings leave something open and it depends on the machine. A resumed run finds
            here what was chosen before.
        steps: taken so far, for the record.

    Example:
        >>> from plaudit.settings import Settings
        >>> run = ResumableRun("my-run", Settings(), {"stage": "align"}, resume=False, overwrite=False)
        >>> run.open()
        >>> run.checkpoint is None, run.record(prompts=3)["prompts"]
        (True, 3)
    """

    def __init__(
        self, output: str | Path, settings: S, origin: Mapping[str, Any], *, resume: bool, overwrite: bool
    ) -> None:
        self.output = Path(output)
        self.settings = settings
        self.origin = {**origin, "settings": settings.to_dict()}
        self.checkpoint: Path | None = None
        self.chosen: dict[str, Any] = {}
        self.steps = 0
        self._state = _meeting()
        self._resume, self._overwrite = resume, overwrite
        self._old_logs: list[str] = []
        self._began = False
        self._lock = FolderLock(self.output)
        self._started = time.monotonic()

    @property
    def processes(self) -> int:
        return int(self._state.num_processes)

    @property
    def rank(self) -> int:
        return int(self._state.process_index)

    @property
    def is_main(self) -> bool:
        return bool(self._state.is_main_process)

    @property
    def device(self) -> torch.device:
        device: torch.device = self._state.device
        return device

    @contextmanager
    def whole_or_gone(self) -> Iterator[None]:
        """For all of a run: if it fails with nothing to resume, its folder is as it was. SIGTERM is an interrupt.

        Raises:
            PlauditError: where memory ran out, or another process of the run has ended.
        """
        gone = gone_without_checkpoint(self.output, lambda: self._began) if self.is_main else nullcontext()
        try:
            with terminated_like_interrupted(), gone:
                yield
        except (RuntimeError, MemoryError) as error:
            if is_loss_of_another(error):
                what = "another process of this run has ended; what it met is told beside this, or by torchrun"
                raise InvalidInputError(what, remedy=how_to_go_on(self.output)) from error
            if is_out_of_memory(error):
                what = f"memory ran out ({' '.join(str(error).split())[:200] or 'no more is known'})"
                remedy = f"let less be computed at once (batch_tokens); {how_to_go_on(self.output)}"
                raise InvalidInputError(what, remedy=remedy) from error
            raise
        finally:
            self._lock.release()

    def open(self) -> None:
        """Look at the folder, to begin or to resume, and start the clock. Nothing is written before `begin`.

        Raises:
            PlauditError: if it holds something that may not be replaced, or cannot be resumed, or another run of this
                machine writes there now.
        """
        if self.is_main:
            self._lock.take()
        self.checkpoint = check_run_folder(self.output, self.origin, self._resume, self._overwrite)
        self._old_logs = old_logs(self.output, resumed=self.checkpoint is not None)
        self.chosen = chosen_before(self.output) if self.checkpoint is not None else {}
        self._started = time.monotonic()

    def begin(self) -> None:
        """Clear an earlier run's checkpoints and write down what this one is of, unless it is resumed.

        Raises:
            PlauditError: if the folder cannot be written to, or another run has begun to write there.
        """
        # By now every process has looked at the folder.
        self._state.wait_for_everyone()
        if self.is_main and self.checkpoint is None:
            make(self.output)
            self._lock.take()
            self._began = True
            begin(self.output, self.origin, self._old_logs, self.chosen)
        self._state.wait_for_everyone()

    def record(self, **figures: Any) -> dict[str, Any]:
        """The run record: origin, figures, steps and seconds."""
        seconds = round(time.monotonic() - self._started, 1)
        return {**self.origin, **figures, "steps": self.steps, "seconds": seconds}

    def save(self, write: Callable[[], object]) -> None:
        """Let the first process write the model and clear the checkpoints; the others wait."""
        self._state.wait_for_everyone()
        if self.is_main:
            try:
                write()
            except KeyboardInterrupt:
                logger.warning("interrupted while the model was saved; %s", how_to_go_on(self.output))
                raise
            clear(self.output)
            remove_logs(self.output, self._old_logs)
            self._began = False
        self._state.wait_for_everyone()


def _meeting() -> PartialState:
    """The processes of a run, once all of them are there."""
    try:
        return PartialState(cpu=not torch.cuda.is_available(), timeout=PATIENCE)
    except (ValueError, torch.distributed.DistError) as error:
        what = f"the processes of this run do not find each other: {' '.join(str(error).split())}"
        raise InvalidInputError(what, remedy="start them with torchrun, or unset WORLD_SIZE to run alone") from error
