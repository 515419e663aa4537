"""Forms of numbers, and measurements written in them."""

import pytest

from plaudit.statistics import (
    Measurement,
    percent,
    percent_tick,
    plain,
    points,
    points_ahead,
    signed,
    small,
    three,
    two,
)


@pytest.mark.parametrize(
    ("form", "text"),
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
def test_minus_is_a_minus_in_every_form(form, text):
    assert form(-0.25) == text


@pytest.mark.parametrize("form", [percent, percent_tick, points, points_ahead, signed, two, three])
def test_what_rounds_to_nothing_has_no_sign(form):
    assert form(-1e-9) == form(0.0) == form(0.0).lstrip("+−-")


@pytest.mark.parametrize("form", [percent, points, signed, plain, two, three, small])
def test_a_huge_number_takes_no_hundred_digits(form):
    assert form(1e300) == "1.00e+300"


def test_a_difference_seen_from_the_other_side():
    assert Measurement(-0.123, -0.236, -0.01, 9).negated == Measurement(0.123, 0.01, 0.236, 9)
    assert Measurement(-0.123, -0.236, -0.01, 9).negated.format(points_ahead) == "12.3 [1.0,\u00a023.6]"
    assert Measurement(-1.0, None, None, 1, "why").negated == Measurement(1.0, None, None, 1, "why")


def test_a_constant_has_no_interval_to_show():
    assert Measurement(0.5, 0.5, 0.5, 9).format(percent) == "50.0%"
    assert Measurement(None, None, None, 0, "why").format(percent) == ""
