"""Where lines stand, and the ticks beside them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.report.aligned.line_plots import (
    BOTTOM,
    HEIGHT,
    LEFT,
    MOST,
    NARROW,
    RIGHT,
    TOP,
    Along,
    LinePoint,
    LineSeries,
    line_plot,
    round_ticks,
    thinned,
    whole_ticks,
)
from plaudit.report.i18n import say
from plaudit.statistics import Measurement, percent, two

STEP = say("aligned.step")
HEAD = say("aligned.terms")


def points(*values, low=None, high=None):
    return [LinePoint(float(place), Measurement(value, low, high, 1), str(place)) for place, value in enumerate(values)]


def drawn(*series, form=two, **more):
    return line_plot(series, form, head=HEAD, along=Along(STEP, whole_ticks), **more)


def test_the_ends_of_a_line_are_the_corners_of_the_frame():
    (line,) = drawn(LineSeries("x", "a", points(0.0, 1.0))).lines
    right, bottom = NARROW - RIGHT, HEIGHT - BOTTOM
    assert line.points == f"{LEFT},{bottom} {right},{TOP}"


def test_a_band_goes_there_above_and_comes_back_below():
    (line,) = drawn(LineSeries("x", "a", points(0.5, 0.5, low=0.0, high=1.0))).lines
    right, bottom = NARROW - RIGHT, HEIGHT - BOTTOM
    assert line.band == f"{LEFT},{TOP} {right},{TOP} {right},{bottom} {LEFT},{bottom}"


def test_a_line_that_turns_back_has_no_band():
    there = points(0.5, 0.5, low=0.0, high=1.0)
    (line,) = drawn(LineSeries("x", "a", there[::-1])).lines
    assert line.band == ""
    assert [dot.low is not None for dot in line.dots] == [True, True]


def test_an_unframed_line_does_not_press_the_others_together():
    plot = drawn(LineSeries("x", "a", points(0.0, 1.0)), LineSeries("y", "b", points(0.0, 1e9), framed=False))
    assert plot.y_ticks[-1][1] == "1"
    assert "nan" not in plot.lines[1].points


def test_shares_are_written_in_percent_and_stay_below_all_of_them():
    plot = drawn(LineSeries("x", "a", points(0.9, 1.0)), form=percent, bounds=(0.0, 1.0))
    assert plot.y_ticks[-1][1] == "100%"


def test_undefined_values_are_left_out_of_a_line():
    (line,) = drawn(LineSeries("x", "a", points(0.0, None, 1.0))).lines
    assert len(line.points.split()) == 2


def test_a_table_has_a_row_for_every_place_and_a_column_for_every_line():
    table = drawn(LineSeries("x", "a", points(0.0, 1.0)), LineSeries("y", "b", points(2.0))).table
    assert [tuple(map(str, row)) for row in table.rows] == [("0", "0.00", "2.00"), ("1", "1.00", "")]


@pytest.mark.parametrize(
    ("last", "ticks"),
    [(0, [0, 1]), (1, [0, 1]), (5, [0, 1, 2, 3, 4, 5]), (20, [0, 5, 10, 15, 20]), (100, [0, 20, 40, 60, 80, 100])],
)
def test_steps_have_ticks_at_whole_numbers(last, ticks):
    assert whole_ticks(last) == ticks


@given(st.floats(0, 1e6))
def test_ticks_hold_what_is_shown(last):
    for ticks in (whole_ticks(last), round_ticks(last)):
        assert ticks[0] == 0
        assert ticks[-1] >= last * (1 - 1e-9)
        assert 2 <= len(ticks) <= 9


@given(st.integers(0, 1000))
def test_thinned_lines_keep_their_mean(n):
    some = thinned(points(*[float(place % 7) for place in range(n)]))
    assert len(some) <= MOST
    whole = sum(point.figure.value * point.figure.n for point in some)
    assert math.isclose(whole, sum(place % 7 for place in range(n)), abs_tol=1e-6)
