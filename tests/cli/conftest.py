"""The command line, called in this process."""

import io
import re
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


@pytest.fixture
def no_english():
    """Check that a text in Chinese holds no English sentence: nowhere two words in a row, but what data brought."""

    def check(text, *data):
        for name in data:
            text = text.replace(str(name), "")
        assert re.findall(r"[A-Za-z]{2,},? [A-Za-z]{2,}", text) == []
        assert re.search("[\u4e00-\u9fff]", text)

    return check
