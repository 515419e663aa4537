"""Runs of one and of several processes, by `training/forked_runs.py`, and what they logged."""

import json
import re
import subprocess
import sys
from pathlib import Path

_SCRIPT = Path(__file__).parent / "training" / "forked_runs.py"


def run_forked(folder, runs, timeout):
    """Train all runs into a folder, and return what the script says of each."""
    done = subprocess.run(
        [sys.executable, _SCRIPT, folder], input=json.dumps([*runs]), capture_output=True, text=True, timeout=timeout
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def log(folder, name, rank=0):
    return (folder / f"{name}.{rank}.log").read_text()


def lines(folder, name):
    """What was logged: of the steps since the last line, and of the validation set."""
    return re.findall(r"^step \d+/\d+: .*$", log(folder, name), re.MULTILINE)


def numbers(line):
    return [float(number) for number in re.findall(r"\d+(?:\.\d+)?", line)]
