"""A cell without an interval says why."""

import pytest
from report_samples import evaluation, exactly, found, measured, metrics, no_interval

from plaudit.report.blocks import Entry, dots
from plaudit.report.cells import figure_cell, interval_cell
from plaudit.report.i18n import Sentence, say
from plaudit.report.sections import calibration, rated, rewards
from plaudit.statistics import UNMEASURED, percent, two

ONE = {"value": 1.0, "low": None, "high": None, "n": 1, "reason": "there is one prompt only"}


def plain(cell, language="en"):
    return cell.plain(language) if isinstance(cell, Sentence) else str(cell)


@pytest.mark.parametrize(
    ("row", "interval", "all_of_it"),
    [
        (found(0.7), "[0.65,\u00a00.75]", "0.70 [0.65,\u00a00.75]"),
        (ONE, "there is one prompt only", "1.00 (there is one prompt only)"),
        (found(None), "there is nothing to measure", "there is nothing to measure"),
        (exactly(0.5), "", "0.50"),
    ],
)
def test_what_is_missing_says_why(row, interval, all_of_it):
    assert plain(interval_cell(measured(row), two)) == interval
    assert plain(figure_cell(measured(row), two)) == all_of_it


def test_what_nobody_measured_is_a_dash():
    assert (plain(interval_cell(UNMEASURED, two)), plain(figure_cell(UNMEASURED, two))) == ("", "–")


def test_the_reason_stands_in_both_languages():
    assert plain(figure_cell(measured(ONE), two), "zh") == "1.00（只有一个提示）"


def test_tables_of_all_sections_say_why():
    row = metrics()
    row["rewards"]["within_prompt_share"] = ONE
    row["ratings"]["chat"]["mae"] = ONE
    row |= {"log_loss": ONE, "ece_at_temperature": ONE}
    *_, within = rewards.section(evaluation(row)).blocks
    cells = {plain(name): plain(interval) for name, _, interval, _ in within.rows}
    assert cells["Share of the variance within prompts"] == "there is one prompt only"
    assert cells["Standard deviation"] == "of these responses only"
    *_, errors = rated.section(evaluation(row)).blocks
    assert plain(errors.rows[0][2]) == "there is one prompt only"
    _, losses, _ = calibration.section(evaluation(row)).blocks
    assert plain(losses.rows[0][1]) == "1.000 (there is one prompt only)"
    assert plain(losses.rows[2][3]) == "1.000 (there is one prompt only)"


def test_a_row_of_a_plot_has_room_for_a_note_and_for_why():
    (row,) = dots([Entry("x", measured(ONE), note="at random")], percent, say("head.n"), say("head.n")).rows
    assert (row.note, plain(row.missing)) == ("at random", "there is one prompt only")


@pytest.mark.parametrize(
    ("temperature", "key"),
    [
        (found(1.4, 0.2), "trust.temperature"),
        (found(0.6, 0.2), "trust.temperature"),
        (found(1.3, 0.9), "trust.temperature_open"),
        (no_interval(1.3), "trust.temperature_open"),
    ],
)
def test_a_divisor_is_called_the_best_only_where_its_interval_says_so(temperature, key):
    (lead,) = calibration.section(evaluation({"temperature": temperature, "log_loss": found(0.6)})).lead
    assert lead.key == key
