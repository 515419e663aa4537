"""Figures, and how they are written."""

import pytest

from plaudit.report.format import (
    ParsedFigure,
    percent,
    percent_tick,
    plain,
    points,
    points_ahead,
    signed,
    small,
    three,
    two,
    with_interval,
)


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (percent, "−25.0%"),
        (percent_tick, "−25%"),
        (points, "−25.0"),
        (points_ahead, "−25.0"),
        (signed, "−0.25"),
        (plain, "−0.250"),
        (two, "−0.25"),
        (three, "−0.250"),
        (small, "−0.25"),
    ],
)
def test_minus_is_a_minus_in_every_shape(shape, text):
    assert shape(-0.25) == text


@pytest.mark.parametrize("shape", [percent, percent_tick, points, points_ahead, signed, two, three])
def test_what_rounds_to_nothing_has_no_sign(shape):
    assert shape(-1e-9) == shape(0.0) == shape(0.0).lstrip("+−-")


def test_a_difference_seen_from_the_other_side():
    assert ParsedFigure(-0.123, -0.236, -0.01, 9).turned == ParsedFigure(0.123, 0.01, 0.236, 9)
    assert with_interval(ParsedFigure(-0.123, -0.236, -0.01, 9).turned, points_ahead) == "12.3 [1.0,\u00a023.6]"
    assert ParsedFigure(-1.0, None, None, 1, "why").turned == ParsedFigure(1.0, None, None, 1, "why")
