"""Tables that fold, give up columns or grow beyond the console, and never cut a figure."""

import io

import pytest
from rich.console import Console

from plaudit.cli.tables import Column, by_reason, print_table
from plaudit.cli.terminal import counted

# Least widths: 8 (folded), 11, 11 and 3; with two spaces between them 8 + 13 + 13 + 5 = 39, without "b" 26.
COLUMNS = (
    Column("name", ("a name of many words",), folds=8),
    Column("a", ("+1.09 ±1.59",), right=True),
    Column("b", ("[dim]+0.57 ±1.70[/]",), right=True),
    Column("n", ("123",), right=True),
)


def printed(width, give_way=("b",)):
    console = Console(file=io.StringIO(), width=width)
    left_out = print_table(console, COLUMNS, give_way)
    return console.file.getvalue(), left_out


@pytest.mark.parametrize(("width", "left_out"), [(80, []), (39, []), (38, ["b"]), (26, ["b"]), (10, ["b"])])
def test_columns_give_way_and_figures_stay_whole(width, left_out):
    text, gone = printed(width)
    assert gone == left_out
    assert "+1.09 ±1.59" in text
    assert ("+0.57 ±1.70" in text) is not bool(left_out)
    assert "123" in text
    # 20 characters of a name need 12 more than 8.
    assert ("a name of many words" in text) == (width in (80, 38))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= max(width, 26)


def test_each_reason_stands_once_with_its_names():
    found = [("none", "a"), (None, "b"), ("few", "c"), ("none", "d"), ("none", "a")]
    assert list(by_reason(found)) == ["a, d: none", "c: few"]


def test_one_is_singular():
    assert [counted(n, "prompts") for n in (0, 1, 2, 1200)] == ["0 prompts", "1 prompt", "2 prompts", "1,200 prompts"]
