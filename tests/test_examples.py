"""Every script in examples/ runs as it stands and stays short."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs(script, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent / "src"), "PYTHONWARNINGS": "error::SyntaxWarning"}
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_is_short(script):
    assert len(script.read_text("utf-8").splitlines()) <= 40


def test_the_readmes_are_doors():
    for name in ("README.md", "README.zh-CN.md"):
        assert len((FOLDER.parent / name).read_text("utf-8").splitlines()) <= 90
