"""A bar for long work: on a terminal alone, once it is long, and gone when it ends."""

import io

import pytest
from rich.console import Console

from plaudit.cli import progress
from plaudit.data import load_groups, watch_reading, write_groups
from plaudit.groups import Group
from plaudit.scoring import telling

SHOW_CURSOR = "\x1b[?25h"


@pytest.fixture
def terminal(monkeypatch):
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=80, _environ={"TERM": "xterm"})
    monkeypatch.setattr("rich.console.Console", lambda file: console)
    return shown


def test_without_a_terminal_nothing_is_told(capsys):
    with telling(after=0) as tell:
        assert tell is None
    assert capsys.readouterr() == ("", "")


def test_long_work_is_shown_and_gives_the_cursor_back(terminal):
    with pytest.raises(KeyboardInterrupt), telling(after=0) as tell:
        tell("Digging", 1, 4)
        raise KeyboardInterrupt
    shown = terminal.getvalue()
    assert "Digging" in shown
    assert "25%" in shown
    assert SHOW_CURSOR in shown


def test_short_work_shows_nothing(terminal):
    with telling(after=3600) as tell:
        tell("Digging", 1, 4)
    assert terminal.getvalue() == ""


def test_what_is_read_of_files(tmp_path):
    groups = [Group(f"q{number}", f"Why {number}?", ("Rain.",)) for number in range(3)]
    file, packed = tmp_path / "a.jsonl", tmp_path / "b.jsonl.gz"
    for path in (file, packed):
        write_groups(groups, path)
    told = []
    with watch_reading(lambda *what: told.append(what)):
        load_groups([file, packed])
    sizes = [path.stat().st_size for path in (file, packed)]
    assert told == [(str(path), size, size) for path, size in zip((file, packed), sizes, strict=True)]
    load_groups(file)
    assert len(told) == 2


def test_rows_of_parquet_are_told(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = {name: [f"{name} {number}" for number in range(513)] for name in ("prompt", "chosen", "rejected")}
    parquet.write_table(pyarrow.table(rows), tmp_path / "a.parquet")
    told = []
    with watch_reading(lambda file, done, total: told.append((done, total))):
        load_groups(tmp_path / "a.parquet")
    assert told == [(512, 513), (513, 513)]


def test_a_long_file_is_named_while_it_is_read(terminal, tmp_path, monkeypatch):
    write_groups([Group("q", "Why?", ("Rain.",))], tmp_path / "[rain].jsonl")
    monkeypatch.setattr("plaudit.scoring.telling", lambda: telling(after=0))
    with progress.reading_shown():
        load_groups(tmp_path / "[rain].jsonl")
    assert "Reading [rain].jsonl" in terminal.getvalue()
