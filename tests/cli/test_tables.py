"""Tables that shorten names, give up columns or grow beyond the console, and never cut a figure."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from plaudit.cli.tables import (
    INTERVAL,
    FigureTable,
    by_reason,
    elided,
    figure_cells,
    half_width_cell,
    interval_cell,
)
from plaudit.statistics import Measurement, undefined
from plaudit.text import counted

SHARE = "{:.1%}"


def test_each_reason_stands_once_with_its_names():
    gaps = [("none", "a"), (None, "b"), ("few", "c"), ("none", "d"), ("none", "a")]
    assert list(by_reason(gaps)) == ["a, d: none", "c: few"]


def test_one_is_singular():
    assert [counted(n, "prompts") for n in (0, 1, 2, 1200)] == ["0 prompts", "1 prompt", "2 prompts", "1,200 prompts"]


@pytest.mark.parametrize(
    ("measured", "cells"),
    [
        (Measurement(0.5, 0.41, 0.59, 1200), ("50.0%", "[41.0%, 59.0%]", "1,200")),
        (Measurement(0.5, 0.5, 0.5, 3), ("50.0%", "exact", "3")),
        (Measurement(0.5, None, None, 3, "one cluster"), ("50.0%", "", "3")),
        (undefined("nothing to measure"), ("undefined", "", "0")),
    ],
)
def test_a_figure_is_a_value_an_interval_and_n(measured, cells):
    assert figure_cells(measured, SHARE) == cells


def test_half_a_width_has_no_sign():
    assert half_width_cell(Measurement(-0.5, -0.7, -0.3, 9), "{:+.2f}") == "-0.50 ±0.20"
    assert half_width_cell(Measurement(-0.5, None, None, 1), "{:+.2f}") == "-0.50"
    assert interval_cell(Measurement(-0.5, -0.7, -0.3, 9), "{:+.2f}") == "[-0.70, -0.30]"


@pytest.mark.parametrize("width", range(1, 12))
@pytest.mark.parametrize(
    "name", ["reports/monday/scores.jsonl", "奖励模型在法律问题上的得分", "a标b点c符d号e和f字g母h"]
)
def test_a_long_name_keeps_both_ends(name, width):
    shown = elided(Text(name), width).plain
    assert cell_len(shown) <= width
    head, tail = shown.split("…")
    assert name.startswith(head)
    assert name.endswith(tail)
    assert elided(Text(name), cell_len(name)).plain == name


def wide_table(names):
    """Least widths: names 18, then 2 + 8, 2 + 14, 2 + 11, 2 + 6: 65, without the third column 52."""
    table = FigureTable("subset", ("accuracy", INTERVAL, "length rule", "n"), gives_way=("length rule",))
    for name in names:
        measured = Measurement(0.5, 0.41, 0.59, 12345)
        value, interval, n = figure_cells(measured, SHARE)
        table.row(name, value, interval, "43.2%", n)
    table.row("  alone", *figure_cells(Measurement(1.0, None, None, 1, "one cluster"), SHARE)[:2], "0.0%", "1")
    return table


def lines_of(table, width):
    console = Console(file=io.StringIO(), width=width)
    table.show(console)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("name", ["x" * 90, "法" * 45, "short", "[bold]not markup[/]"])
@pytest.mark.parametrize("width", [120, 80, 65, 64, 52, 30])
def test_a_row_is_a_line_and_its_figures_are_whole(name, width):
    lines = lines_of(wide_table([name, name]), width)
    rows = [line for line in lines if "12,345" in line]
    assert len(rows) == 2
    for row in rows:
        assert "50.0%" in row
        assert "[41.0%, 59.0%]" in row
    fits = width >= 47 + min(max(cell_len(name), len("  alone")), 18)
    assert ("43.2%" in rows[0]) == fits
    if width >= 52:
        assert max(map(cell_len, lines)) <= width
    if width == 120:
        assert name in rows[0] or cell_len(rows[0]) in (119, 120)


def test_reasons_and_what_there_was_no_room_for_stand_below():
    table = FigureTable("", ("value", INTERVAL, "n"), gives_way=(INTERVAL,))
    table.section("people")
    table.figure("  one person", undefined("nobody judged twice"), SHARE)
    table.figure("  agreement", undefined("nobody judged twice"), SHARE)
    assert lines_of(table, 24) == [
        "                  value  n",
        "people",
        "  one person  undefined  0",
        "  agreement   undefined  0",
        "(no room for: 95% ",
        "interval; --json and -o ",
        "have them)",
        "one person, agreement: ",
        "nobody judged twice",
    ]


def test_a_note_stands_behind_its_figures_or_below():
    table = FigureTable("", ("count",))
    table.row("rows", "12", note="one file")
    table.row("subsets", "3", note="law 5, 法律 4, medicine 3")
    assert lines_of(table, 41) == [
        "         count",
        "rows        12  one file",
        "subsets      3  law 5, 法律 4, medicine 3",
    ]
    assert lines_of(table, 40)[2:] == ["subsets      3", "subsets: law 5, 法律 4, medicine 3"]


def test_columns_continue_below():
    table = FigureTable("loss", ("accuracy", "log loss", "seconds"), continues=True)
    table.row("hinge", "0.746 [0.701, 0.790]", "0.512 [0.498, 0.530]", "3.1")
    assert len(lines_of(table, 58)) == 2
    assert lines_of(table, 57) == [
        "loss               accuracy              log loss",
        "hinge  0.746 [0.701, 0.790]  0.512 [0.498, 0.530]",
        "loss   seconds",
        "hinge      3.1",
    ]
    assert len(lines_of(table, 10)) == 6


def test_a_row_has_a_cell_for_each_column():
    with pytest.raises(ValueError, match="1 cells for 2 columns"):
        FigureTable("", ("a", "b")).row("x", "1")
