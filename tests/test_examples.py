"""Every script in examples/ runs as it stands and stays short."""

import runpy
import sys
import tempfile
from pathlib import Path

import pytest

from plaudit.demo import preference_set

FOLDER = Path(__file__).parents[1] / "examples"
SCRIPTS = sorted(FOLDER.glob("*.py"))


# In this process, which has imported torch already, and on a sixth of the shipped judgements: with all of them the
# scripts take minutes.
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_runs(script, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "argv", [str(script)])
    monkeypatch.setattr("plaudit.demo.preference_set", lambda **options: preference_set(**options)[::6])
    runpy.run_path(str(script), run_name="__main__")
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_an_example_is_short(script):
    assert len(script.read_text("utf-8").splitlines()) <= 40


def test_the_readmes_are_doors():
    for name in ("README.md", "README.zh-CN.md"):
        assert len((FOLDER.parent / name).read_text("utf-8").splitlines()) <= 90
