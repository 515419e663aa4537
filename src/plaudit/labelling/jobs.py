"""Train a model on what was said so far and choose the next questions: a job in processes of its own.

The server never loads torch. It writes the judgements down, starts the same commands that a person would, one after the
other, and keeps what they print. Questions are held out of training by their group, for good, and measured only by
judgements of the random arm: those that the model had asked for would measure something else.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plaudit.data import write_groups
from plaudit.errors import DataError, InvalidInputError
from plaudit.groups import Group
from plaudit.labelling.clock import chance, now
from plaudit.labelling.exporting import ExportOptions, judged_groups
from plaudit.labelling.project import Project, note
from plaudit.storage import write_json

logger = logging.getLogger(__name__)

FOLDER = "training"
HELD_OUT = 0.25
"""The share of groups that are held out."""

RANDOM_ARM = ExportOptions(arms=frozenset({"random"}))

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
    """

    folder: Path
    state: str = "running"
    commands: list[str] = field(default_factory=list)
    started: float = field(default_factory=now)
    ended: float | None = None
    judgements: int = 0
    held_out: int = 0
    accuracy: Mapping[str, Any] | None = None

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
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def start(self, backbone: str, count: int, whose: int | None = None) -> JobRun:
        """Begin a run.

        Args:
            backbone: to train on, as `plaudit train` takes it.
            count: questions to choose.
            whose: the id of who wants it.

        Raises:
            InvalidInputError: if one is running, or too little was said.
        """
        with self._lock:
            if self._current is not None:
                raise InvalidInputError("a model is being trained already", remedy="wait for it, or cancel it")
            # Runs may have been deleted.
            numbers = [_number(folder) for folder in self._folders()]
            run = JobRun(self.folder / f"{max(numbers, default=0) + 1:04d}")
            run.folder.mkdir(parents=True)
            try:
                has_test = self._write_data(run)
            except InvalidInputError:
                run.folder.rmdir()
                raise
            self._current = run
        with self._project.database.writing() as connection:
            note(connection, "training", {"run": run.folder.name, "backbone": backbone}, whose)
        steps = self._steps(run, backbone, count, has_test)
        self._thread = threading.Thread(target=self._work, args=(run, steps), name="plaudit-training", daemon=True)
        self._thread.start()
        return run

    def cancel(self) -> None:
        """End the run that is going on, if there is one."""
        with self._lock:
            if self._current is not None:
                self._current.state = "cancelled"
            if self._process is not None:
                self._process.terminate()

    def close(self) -> None:
        """End the run that is going on, and wait until it has: no process outlives its server."""
        self.cancel()
        if self._thread is not None:
            self._thread.join()

    def runs(self) -> list[dict[str, Any]]:
        """All runs, the newest first; the first one's `log` is the end of what it printed."""
        current = self._current
        rows = [
            current.to_json() if current is not None and folder == current.folder else _read(folder)
            for folder in reversed(self._folders())
        ]
        rows = [row for row in rows if row]
        if rows:
            rows[0]["log"] = _end_of(self.folder / f"{rows[0]['number']:04d}" / LOG)
        return rows

    def report(self, number: int) -> Path | None:
        """The page about the model of a run."""
        pages = (folder / "report" / "report.html" for folder in self._folders() if _number(folder) == number)
        return next((page for page in pages if page.exists()), None)

    def _folders(self) -> list[Path]:
        return sorted((folder for folder in self.folder.glob("*") if folder.name.isdecimal()), key=_number)

    def _write_data(self, run: JobRun) -> bool:
        """Write what is trained on and what is measured by; whether there is any of the second."""
        train, test = split_judgements(self._project)
        run.judgements = sum(len(group.rankings) + len(group.ratings) for group in train)
        run.held_out = sum(len(group.rankings) + len(group.ratings) for group in test)
        if run.judgements < FEWEST:
            what = f"there are {run.judgements} judgements to train on"
            raise InvalidInputError(what, remedy=f"judge until there are {FEWEST}; a quarter of the groups is held out")
        write_groups(train, run.folder / "train.jsonl", overwrite=True)
        if test:
            write_groups(test, run.folder / "test.jsonl", overwrite=True)
        return bool(test)

    def _steps(self, run: JobRun, backbone: str, count: int, has_test: bool) -> list[list[str]]:
        folder = run.folder
        model = str(folder / "model")
        steps = [["train", str(folder / "train.jsonl"), "-o", model, "--backbone", backbone]]
        if has_test:
            steps.append(["eval", model, str(folder / "test.jsonl"), "-o", str(folder / "report")])
        if count:
            # A model that learned from these judgements would count them twice; features of a frozen backbone do not.
            by = ["--backbone", backbone] if backbone.startswith("frozen:") else ["--model", model]
            steps.append(["label", "ask", self._project.place, *by, "--count", str(count), "--anyway"])
        return steps

    def _work(self, run: JobRun, steps: Sequence[Sequence[str]]) -> None:
        try:
            self._take_steps(run, steps)
        except OSError:
            # No room for the log, or for another process.
            logger.exception("the run %s failed", run.folder)
            run.state = "failed"
        run.accuracy = _accuracy(run.folder / "report" / "metrics.json")
        run.ended = now()
        run.state = "done" if run.state == "running" else run.state
        try:
            write_json(run.folder / "run.json", run.to_json())
        except (OSError, DataError):
            logger.exception("what became of the run %s could not be written", run.folder)
        with self._lock:
            self._current = self._process = None

    def _take_steps(self, run: JobRun, steps: Sequence[Sequence[str]]) -> None:
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1", "COLUMNS": "100"}
        with (run.folder / LOG).open("w", encoding="utf-8") as log:
            for step in steps:
                # A database's URL may have a password, and reviewers see the log.
                shown = [self._project.database.name if word == self._project.place else word for word in step]
                line = "plaudit " + " ".join(shown)
                with self._lock:
                    if run.state != "running":
                        return
                    run.commands.append(line)
                    log.write(f"$ {line}\n")
                    log.flush()
                    command = [sys.executable, "-m", "plaudit.cli", *step]
                    self._process = subprocess.Popen(
                        command, stdout=log, stderr=subprocess.STDOUT, text=True, env=environment
                    )
                if self._process.wait() and run.state == "running":
                    run.state = "failed"


def split_judgements(project: Project) -> tuple[list[Group], list[Group]]:
    """Groups to train on, and groups to measure by: the second are held out for good, and have judgements of the random
    arm alone."""
    with project.database.reading() as connection:
        everything = list(judged_groups(project, connection))
        random_alone = {group.id: group for group in judged_groups(project, connection, RANDOM_ARM)}
    held_out = {group.id for group in everything if chance(project.secret, "held out", group.id) < HELD_OUT}
    train = [group for group in everything if group.id not in held_out]
    return train, [random_alone[group.id] for group in everything if group.id in held_out and group.id in random_alone]


def _number(folder: Path) -> int:
    return int(folder.name)


def _read(folder: Path) -> dict[str, Any]:
    """What a run left; nothing, if the server ended with it."""
    try:
        row: dict[str, Any] = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {"number": _number(folder), "state": "failed", "commands": [], "accuracy": None, "report": False}
    return row


def _end_of(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text[-_LOG_SHOWN:]


def _accuracy(metrics: Path) -> dict[str, Any] | None:
    try:
        row = json.loads(metrics.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    figure = row.get("metrics", row).get("accuracy")
    return figure if isinstance(figure, dict) else None
