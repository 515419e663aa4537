"""The table as people read it: narrow enough for a terminal, and sentences that the intervals allow."""

import re
from dataclasses import replace

import pytest

from plaudit.cli.losses import print_comparison
from plaudit.laboratory.results import LossComparison, ResultRow
from plaudit.laboratory.seed_averages import Lead, SeedAverage
from plaudit.laboratory.tables import format_average, markdown, narrow_tables, notes, wide_cells, wide_header

RATED = ("kendall_within", "spearman", "kendall", "pearson", "mae")
RECORD = {"folds": None, "test": 0.2, "by": "prompt", "backbone": "minilm-l6", "seeds": 2, "groups": 40}
COUNTS = {"comparisons": 9, "ties": 0, "ratings": 18, "responses": 4, "groups": 1, "clusters": 1}


def low(value):
    """As wide as a correlation can be printed."""
    return SeedAverage(value, value - 0.2, value + 0.2, 0.123, 9)


def row(name, difference):
    ranked = {one: low(-0.5) for one in ("accuracy", "log_loss", "ece", "top1")}
    rated = {attribute: {one: low(-0.4) for one in RATED} for attribute in ("helpfulness", "correctness of facts")}
    return ResultRow(name, "rankings", ranked, rated, difference, difference, 1234.5)


def comparison(*rest):
    record = RECORD | {"settings": {"trainable": "head"}}
    rows = (row("plackett-luce:3", None), *rest)
    return LossComparison(rows, Lead("helpfulness", "kendall_within"), {}, {}, COUNTS, record)


COMPARISON = comparison(row("bradley-terry", low(-0.3)), row("frozen:a-folder/with-a-long-name/in-it", low(-0.3)))


def test_every_figure_is_whole_at_80_columns(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    print_comparison(
        replace(COMPARISON, rows=(replace(COMPARISON.rows[0], to_best_loss=low(-0.3)), *COMPARISON.rows[1:]))
    )
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    # Three rows: 4 + 2 x 5 figures, of which the ten of attributes are -0.4 and the four of rankings -0.5.
    assert printed.count("[-0.600, -0.200]") == 3 * 10
    assert printed.count("-0.500 [-0.700, -0.300] ±0.123") == 3 * 4
    assert printed.count("[-0.500, -0.100]") == 2 + 3  # behind the first; behind the best loss


def test_narrow_tables_hold_the_figures_of_the_wide_one():
    tables = narrow_tables(COMPARISON)
    assert [table.title for table in tables] == [
        "Losses, best first by helpfulness: Kendall within prompts",
        "Rankings",
        "Ratings: helpfulness",
        "Ratings: correctness of facts",
    ]
    flat = [cell for table in tables for cell in table.cells[1][1:]]
    assert len(flat) == len(wide_cells(COMPARISON)[1]) - 1 == len(wide_header(COMPARISON)) - 1
    assert all(len(one.header) == len(cells) for one in tables for cells in one.cells)
    assert markdown(COMPARISON).count("\n| ") == 1 + 1 + 3


def test_a_figure_is_one_line():
    average = SeedAverage(0.7456, 0.701, 0.79, 0.003, 9)
    assert format_average(average) == "0.746 [0.701, 0.790] ±0.003"
    assert format_average(average, sign=True) == "+0.746 [+0.701, +0.790] ±0.003"
    assert format_average(replace(average, low=None, high=None)) == "0.746 ±0.003"


@pytest.mark.parametrize(
    ("difference", "sentence"),
    [
        (SeedAverage(-0.1, -0.3, 0.1, 0.0, 9), "Not distinguishable from plackett-luce:3: mse."),
        (SeedAverage(-0.3, -0.4, -0.2, 0.0, 9), "plackett-luce:3 is ahead of every other row."),
        (
            SeedAverage(-0.3, None, None, 0.0, 9, "one cluster"),
            "How sure plackett-luce:3 is ahead of mse cannot be said: one cluster.",
        ),
    ],
)
def test_the_sentence_says_what_the_interval_does(difference, sentence):
    lines = notes(comparison(row("mse", difference)))
    assert sentence in lines
    assert sum("plackett-luce:3" in line for line in lines) == 1


def test_what_was_tested_on_is_counted():
    assert (
        "9 comparisons, 18 ratings of 4 held-out responses, in 1 of 40 groups; one split by prompt"
        in notes(COMPARISON)[0]
    )


def test_all_of_it_can_be_chinese():
    unsure = row("mse", SeedAverage(-0.3, None, None, 0.0, 9, "one cluster cannot show how much clusters differ"))
    reasons = {
        "ordinal": "ordinal needs levels, and ratings of help take too many values to be any",
        "infonce": "the loss infonce has no margin; leave it at 0.0",
    }
    text = markdown(replace(comparison(unsure), left_out=reasons, same={"ranknet": "bradley-terry"}), "zh")
    assert "plackett-luce:3 领先于mse有多可靠，无从知道：只有一个聚类，看不出聚类之间相差多少。" in text
    assert "略去：ordinal（需要等级，而 help 的打分取值太多，算不上等级）。" in text
    assert "略去：infonce（损失 infonce 没有 margin；请保持 0.0）。" in text
    assert "测量用了 4 个留出的回答上的 9 次比较、18 个打分，来自 40 组中的 1 组；按 prompt 划分一次" in text
    assert re.findall(r"[A-Za-z]{2,},? [A-Za-z]{2,}", text.replace("correctness of facts", "")) == []
