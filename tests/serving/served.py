"""A server in a process of its own, started as people start it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import forking
import httpx2

from plaudit.data import write_groups


@dataclass
class Served:
    """A running server: where it is, its process, and what it has printed."""

    url: str
    process: subprocess.Popen
    log: Path

    def printed(self):
        return self.log.read_text()

    def requests(self):
        """The log lines of requests."""
        return [json.loads(line) for line in self.printed().splitlines() if line.startswith("{")]

    def wait_for(self, text, seconds=600):
        """Wait until it has printed something."""
        end = time.monotonic() + seconds
        while not re.search(text, self.printed()):
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"the server has not said {text!r}:\n{self.printed()}")
            time.sleep(0.05)

    def end(self, number=signal.SIGTERM, seconds=600):
        """Send a signal, wait, and give the exit status."""
        self.process.send_signal(number)
        return self.process.wait(seconds)


@contextlib.contextmanager
def serving(*models, port=0, environment=None, **options):
    """Serve models; options are those of `plaudit serve`, `_` for `-`."""
    flags = [part for name, value in options.items() for part in _flag(name, value)]
    command = [sys.executable, "-m", "plaudit.cli", "serve", *map(str, models), "--port", str(port), *flags]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "log")
        with log.open("w") as stream:
            process = subprocess.Popen(
                command, stdout=stream, stderr=stream, env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})}
            )
        server = Served("", process, log)
        try:
            server.wait_for(r"serving .* on http://\S+")
            server.url = re.search(r" on (http://\S+)", server.printed())[1]
            yield server
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()


def scores_of_file(model, groups, folder):
    """What `plaudit score` gives the responses of groups, in order."""
    rows = Path(folder, "asked.jsonl")
    write_groups(groups, rows, overwrite=True)
    done = forking.run("score", model, rows, "--no-record")
    assert done.returncode == 0, done.stderr
    return [json.loads(line)["score"] for line in done.stdout.splitlines()]


def _flag(name, value):
    flag = f"--{name.replace('_', '-')}"
    return [flag] if value is True else [flag, str(value)]


def client(url, **options):
    """An asynchronous client without bounds of its own."""
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
    return httpx2.AsyncClient(base_url=url, limits=limits, timeout=httpx2.Timeout(600, pool=None), **options)
