"""The command line, called in this process."""

import io
import sys

import pytest

from plaudit.cli import main


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line in this process: its exit code, what it printed and what it complained of."""

    def call(*arguments, stdin=""):
        monkeypatch.setattr(sys, "argv", ["plaudit", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), encoding="utf-8"))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        return code, *capsys.readouterr()

    return call
