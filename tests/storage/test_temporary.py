"""Names for what is written beside its place: what a killed process left goes, and nothing of anybody else's."""

import os
import signal
import subprocess
import sys
import threading

import pytest

from plaudit.model.folder.write import staged
from plaudit.storage import replacing, temporary_for

WRITES = """
import os, signal, sys
from pathlib import Path
from plaudit.model.folder.write import staged
from plaudit.storage import replacing

with replacing("scores.jsonl") as file, staged(Path("model")) as folder:
    file.write_text("half")
    (folder / "model.safetensors").write_text("half")
    if sys.argv[1] == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    print("written", flush=True)
    sys.stdin.read()
"""


def hidden(folder):
    return sorted(path for path in folder.rglob(".part-*"))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_what_a_killed_process_left_goes_with_the_next_that_writes_there(tmp_path):
    killed = subprocess.run([sys.executable, "-c", WRITES, "dies"], timeout=300)
    assert killed.returncode == -signal.SIGKILL
    assert len(hidden(tmp_path)) == 2
    (tmp_path / "other").mkdir()
    with replacing("other.jsonl") as file:
        file.write_text("whole")
    assert len(hidden(tmp_path)) == 2
    with replacing("scores.jsonl") as file:
        file.write_text("whole")
    with staged(tmp_path / "model") as folder:
        (folder / "config.json").write_text("{}")
    assert hidden(tmp_path) == []
    assert (tmp_path / "scores.jsonl").read_text() == "whole"


def test_what_a_process_still_writes_stays(tmp_path):
    command = [sys.executable, "-c", WRITES, "waits"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "written\n"
        with replacing("scores.jsonl") as file:
            file.write_text("mine")
        assert len(hidden(tmp_path)) == 2
        other.communicate()
    # It ended later.
    assert (tmp_path / "scores.jsonl").read_text() == "half"
    assert hidden(tmp_path) == []


def test_what_another_machine_left_stays(tmp_path, monkeypatch):
    """They share the folder, and not their processes' numbers."""
    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "another")
        patch.setattr(os, "getpid", lambda: 2**22 + 1)
        left = temporary_for(tmp_path / "scores.jsonl")
    left.touch()
    with replacing("scores.jsonl") as file:
        file.write_text("mine")
    assert hidden(tmp_path) == [left]


def test_two_threads_do_not_write_to_one_file(tmp_path):
    names = [temporary_for(tmp_path / "scores.jsonl")]
    thread = threading.Thread(target=lambda: names.append(temporary_for(tmp_path / "scores.jsonl")))
    thread.start()
    thread.join()
    assert len(set(names)) == 2
    assert {name.suffix for name in names} == {".jsonl"}
