"""The section of a model card: its place, its figures, and Markdown that stays text."""

import pytest
from report_samples import HOSTILE, evaluation, found, metrics

from plaudit.errors import DataError, NotFoundError
from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking
from plaudit.report import ReportInputs, write_report
from plaudit.report.card import BEGIN, END, model_card_figures, update_card, with_figures


def test_the_headline_figures_and_the_verdict_are_in_it():
    card = model_card_figures(evaluation(metrics() | {"baselines": {"bow": {"lead": found(0.1)}}}))
    assert "| This model | 70.0% | \\[65.0, 75.0%\\] | 200 |" in card
    assert "| Lead over a bag of words, in points | +10.0 | \\[+5.0, +15.0\\] | 200 |" in card
    assert "**Of use, with care.**" in card
    assert "Measured by `plaudit eval` on 200 comparisons and 30 ratings" in card


def test_nothing_measured_is_said_and_there_is_no_table():
    card = model_card_figures(evaluation())
    assert "Nothing could be measured on these data" in card
    assert "|---|" not in card


def test_an_earlier_section_is_replaced_and_all_else_is_kept():
    once = with_figures("---\ntags: [x]\n---\n\n# Mine\n", evaluation(metrics()))
    again = with_figures(once + "\nMore of mine.\n", evaluation(metrics() | {"accuracy": found(0.9)}))
    assert again.startswith("---\ntags: [x]\n---\n\n# Mine\n")
    assert again.endswith("More of mine.\n")
    assert "90.0%" in again
    assert "70.0%" not in again
    assert (again.count(BEGIN), again.count(END)) == (1, 1)


def test_half_a_section_is_left_alone():
    assert with_figures(f"a\n{BEGIN}\nb", evaluation()).startswith(f"a\n{BEGIN}\nb")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_out_of_the_data_cannot_become_markup(name, tmp_path):
    (tmp_path / "README.md").write_text("# Model\n")
    card = update_card(tmp_path, evaluation(metrics(name))).read_text(encoding="utf-8")
    assert (card.count(BEGIN), card.count(END)) == (1, 1)
    for mark in ("<script", "<img", "<b>", "javascript:alert(1)](", "https://"):
        assert mark not in card.replace(f"\\{mark}", "")
    assert "\x00" not in card
    table = [line for line in card.splitlines() if line.startswith("|")]
    assert all(line.replace("\\|", "").count("|") == 5 for line in table)


def test_a_folder_without_a_card_gets_one(tmp_path):
    assert update_card(tmp_path, evaluation(metrics())).read_text(encoding="utf-8").startswith(BEGIN)


def test_no_folder_is_a_users_mistake(tmp_path):
    with pytest.raises(NotFoundError, match="there is no such model folder"):
        update_card(tmp_path / "none", evaluation(metrics()))


def test_a_card_that_is_not_text_is_a_users_mistake(tmp_path):
    (tmp_path / "README.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read"):
        update_card(tmp_path, evaluation(metrics()))


def test_half_a_surrogate_pair_in_a_name_is_named_on_the_card_and_the_page(tmp_path):
    groups = [
        Group(f"q{i}", f"{i} \ud83d", ("a \udc00", "b"), (Ranking(((0,), (1,))),), subset=f"s{i % 2} \ud83d")
        for i in range(8)
    ]
    measured = evaluate(groups, [[0.0, 1.0]] * 8)
    card = update_card(tmp_path, measured).read_text("utf-8")
    write_report(ReportInputs(evaluation=measured), tmp_path / "report.html")
    assert "\ud83d" not in card
    assert "s0 [U+D83D]" in (tmp_path / "report.html").read_text("utf-8")
