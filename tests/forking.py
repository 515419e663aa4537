"""Processes of a test's own, for the price of a fork: each begins with all that this one has imported."""

import io
import logging
import multiprocessing
import os
import sys
import tempfile
import warnings
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from subprocess import CompletedProcess

# The seconds in which a new interpreter imports torch and transformers are most of what such a test would take.
_CONTEXT = multiprocessing.get_context("fork")


def start(call: Callable[[], object], out: Path | int, error: Path | int) -> BaseProcess:
    """A process that makes this call and prints to two files or descriptors; `exitcode` is what `subprocess` says."""
    process = _CONTEXT.Process(target=_alone, args=(call, out, error))
    process.start()
    return process


def command(*arguments: object, stdin: str = "", folder: Path | None = None) -> Callable[[], None]:
    """The command line of Plaudit as a call for a process of its own."""

    def call() -> None:
        from plaudit.cli import main

        if folder is not None:
            os.chdir(folder)
        sys.argv = ["plaudit", *map(str, arguments)]
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8")
        main()

    return call


def run(*arguments: object, stdin: str = "", folder: Path | None = None, seconds: float = 600) -> CompletedProcess[str]:
    """Run the command line in a process of its own, to its end."""
    with tempfile.TemporaryDirectory() as place:
        out, error = Path(place, "out"), Path(place, "error")
        process = start(command(*arguments, stdin=stdin, folder=folder), out, error)
        process.join(seconds)
        process.kill()
        process.join()
        return CompletedProcess(arguments, process.exitcode, out.read_text(), error.read_text())


def _alone(call: Callable[[], object], out: Path | int, error: Path | int) -> None:
    """In the new process: without what pytest has set up for its own output, logging and warnings."""
    for stream, target in ((1, out), (2, error)):
        file = target if isinstance(target, int) else os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, stream)
        os.close(file)
    sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", buffering=1, closefd=False)
    logging.getLogger().handlers.clear()
    warnings.resetwarnings()
    call()
