"""Train a model on what was said so far and choose the next questions: a job in processes of its own.

The server never loads torch. It writes the judgements down (`plaudit.labelling.splitting`), starts the same commands
that a person would, one after the other, and keeps what they print.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from plaudit.data import write_groups
from plaudit.labelling.clock import now
from plaudit.labelling.project import Project, note
from plaudit.labelling.refusals import RefusedError
from plaudit.labelling.splitting import split_judgements
from plaudit.storage import write_json

logger = logging.getLogger(__name__)

FOLDER = "training"
TRAIN, TEST = "train.jsonl", "test.jsonl"
ARMS = ("informed", "random")
"""What is compared, the first with the second: names of files and models."""

FEWEST = 10
"""Judgements on which a model can be trained at all."""

LOG = "log.txt"
_LOG_SHOWN = 8000


@dataclass(slots=True)
class JobRun:
    """One run of the job.

    Attributes:
        folder: with the data, the model, its report and the log.
        state: "running", "done", "failed" or "cancelled".
        commands: as a person would type them.
        started: seconds since 1970.
        ended: the same; None: it runs.
        judgements: that were trained on.
        held_out: judgements that it was measured by.
        accuracy: on those, with its interval; None: there were none, or it was not measured.
        backbone: that the model was trained on.
        comparison: of asking by a model with asking at random: `judgements` that either model was trained on, how many
            of these they `shared`, and the accuracies `informed`, `random` and their `difference`; None: not compared.
    """

    folder: Path
    state: str = "running"
    commands: list[str] = field(default_factory=list)
    started: float = field(default_factory=now)
    ended: float | None = None
    judgements: int = 0
    held_out: int = 0
    accuracy: Mapping[str, Any] | None = None
    backbone: str = ""
    comparison: Mapping[str, Any] | None = None

    def to_json(self) -> dict[str, Any]:
        row = {name: getattr(self, name) for name in self.__slots__ if name != "folder"}
        return row | {"number": int(self.folder.name), "report": (self.folder / "report" / "report.html").exists()}


class Jobs:
    """Runs of the job, one at a time.

    Args:
        project: that is labelled.

    Attributes:
        folder: has a folder for each run.

    Example:
        >>> project = Project.open("my-project")
        >>> Jobs(project).runs()
        []
        >>> project.close()
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self.folder = project.folder / FOLDER
        self._lock = threading.Lock()
        self._current: JobRun | None = None
        self._cancelled = False
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def start(self, backbone: str, count: int, whose: int | None = None, *, compare: bool = True) -> JobRun:
        """Begin a run.

        Args:
            backbone: to train on, as `plaudit train` takes it.
            count: questions to choose.
            whose: the id of who wants it.
            compare: whether to train two models more, and compare asking with drawing, once there is enough of both.

        Raises:
            InvalidInputError: if one is running, or too little was said.
        """
        with self._lock:
            if self._current is not None:
                raise RefusedError("refused.training_runs")
            # Runs may have been deleted.
            numbers = [_number(folder) for folder in self._folders()]
            run = JobRun(self.folder / f"{max(numbers, default=0) + 1:04d}", backbone=backbone)
            self._current, self._cancelled = run, False
        try:
            run.folder.mkdir(parents=True)
            self._write_data(run, compare)
            with self._project.database.writing() as connection:
                note(connection, "training", {"run": run.folder.name, "backbone": backbone}, whose)
            work = partial(self._work, run, self._steps(run, count))
            with self._lock:
                # Whoever closes this waits for a thread that has begun.
                self._thread = threading.Thread(target=work, name="plaudit-training", daemon=True)
                self._thread.start()
        except BaseException:
            # Nothing of it is left, and another may begin.
            rmtree(run.folder, ignore_errors=True)
            self._current = None
            raise
        return run

    def cancel(self) -> None:
        """Let the run that is going on end, if there is one: it is cancelled once its process has ended."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._process.terminate()

    def close(self) -> None:
        """End the run that is going on, and wait until it has: no process outlives its server."""
        self.cancel()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join()

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first; the first one's `log` is the end of what it printed."""
        folders = self._folders()
        # Looked at after the folders, or a run that begins in between would be taken for one that its server left.
        current = self._current
        rows = [
            current.to_json() if current is not None and folder == current.folder else _read(folder)
            for folder in reversed(folders)
            # One that could not begin leaves none.
            if folder.exists()
        ]
        if rows:
            rows[0]["log"] = _end_of(self.folder / f"{rows[0]['number']:04d}" / LOG)
        return rows

    def report(self, number: int) -> Path | None:
        """The page about the model of a run."""
        pages = (folder / "report" / "report.html" for folder in self._folders() if _number(folder) == number)
        return next((page for page in pages if page.exists()), None)

    def _folders(self) -> list[Path]:
        return sorted((folder for folder in self.folder.glob("*") if folder.name.isdecimal()), key=_number)

    def _write_data(self, run: JobRun, compare: bool) -> None:
        """Write what is trained on and what is measured by."""
        split = split_judgements(self._project)
        run.judgements, run.held_out = split.judgements, split.held_out
        if run.judgements < FEWEST:
            raise RefusedError("refused.too_few_judgements", judgements=run.judgements, fewest=FEWEST)
        write_groups(split.train, run.folder / TRAIN, overwrite=True)
        if split.test:
            write_groups(split.test, run.folder / TEST, overwrite=True)
        if compare and split.test and split.arms is not None:
            run.comparison = {"judgements": split.arms.judgements, "shared": split.arms.shared}
            for arm in ARMS:
                write_groups(getattr(split.arms, arm), run.folder / f"{arm}.jsonl", overwrite=True)

    def _steps(self, run: JobRun, count: int) -> list[list[str]]:
        folder, backbone = run.folder, run.backbone
        model, test = str(folder / "model"), str(folder / TEST)
        steps = [["train", str(folder / TRAIN), "-o", model, "--backbone", backbone]]
        if (folder / TEST).exists():
            steps.append(["eval", model, test, "-o", str(folder / "report")])
        if count:
            # A model that learned from these judgements would count them twice; features of a frozen backbone do not.
            by = ["--backbone", backbone] if backbone.startswith("frozen:") else ["--model", model]
            steps.append(["label", "ask", self._project.place, *by, "--count", str(count), "--anyway"])
        if run.comparison is not None:
            # Last: people need not wait for it.
            models = [str(folder / arm) for arm in ARMS]
            steps += [["train", f"{arm}.jsonl", "-o", arm, "--backbone", backbone] for arm in models]
            steps.append(["compare", *models, test, "-o", str(folder / "comparison")])
        return steps

    def _work(self, run: JobRun, steps: Sequence[Sequence[str]]) -> None:
        try:
            try:
                state = self._take_steps(run, steps)
            except (OSError, ValueError):
                # No room for the log, or for another process; or what no process can be told.
                logger.exception("the run %s failed", run.folder)
                state = "failed"
            accuracy, comparison = _accuracy(run.folder / "report" / "metrics.json"), _compared(run)
            # A copy: who is told that a run has ended may begin another at once.
            ended = replace(run, state=state, ended=now(), accuracy=accuracy, comparison=comparison)
            write_json(run.folder / "run.json", ended.to_json())
        except Exception:
            # Whatever it was, another may begin.
            logger.exception("what became of the run %s could not be written", run.folder)
        finally:
            with self._lock:
                self._current = self._process = None

    def _take_steps(self, run: JobRun, steps: Sequence[Sequence[str]]) -> str:
        """Take one after the other, until one fails; the state that the run ends in."""
        failed = False
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "100"}
        with (run.folder / LOG).open("w", encoding="utf-8") as log:
            for step in steps:
                # A database's URL may have a password, and reviewers see the log.
                shown = [self._project.database.name if word == self._project.place else word for word in step]
                line = "plaudit " + " ".join(shown)
                with self._lock:
                    if self._cancelled:
                        break
                    run.commands.append(line)
                    log.write(f"$ {line}\n")
                    log.flush()
                    command = [sys.executable, "-m", "plaudit.cli", *step]
                    self._process = subprocess.Popen(
                        command, stdout=log, stderr=subprocess.STDOUT, text=True, env=environment
                    )
                if failed := self._process.wait() != 0:
                    break
        return "cancelled" if self._cancelled else "failed" if failed else "done"


def _number(folder: Path) -> int:
    return int(folder.name)


def _read(folder: Path) -> dict[str, Any]:
    """What a run left; nothing, if the server ended with it."""
    row = _json(folder / "run.json")
    # What an older Plaudit did not write is not known.
    return JobRun(folder, state="failed", started=0.0).to_json() | row


def _end_of(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text[-_LOG_SHOWN:]


def _accuracy(metrics: Path) -> dict[str, Any] | None:
    row = _json(metrics)
    figure = row.get("metrics", row).get("accuracy")
    return figure if isinstance(figure, dict) else None


def _compared(run: JobRun) -> dict[str, Any] | None:
    """What came of the comparison; the two models were made for it alone, and may be large."""
    for arm in ARMS:
        rmtree(run.folder / arm, ignore_errors=True)
    figure = _json(run.folder / "comparison" / "compare.json").get("accuracy")
    if run.comparison is None or not isinstance(figure, dict):
        return None
    return {**run.comparison, ARMS[0]: figure["a"], ARMS[1]: figure["b"], "difference": figure["difference"]}


def _json(file: Path) -> dict[str, Any]:
    """What stands in a file; nothing, where there is none."""
    try:
        row = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return row if isinstance(row, dict) else {}
