"""Where values stand on an axis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.report.axes import axis
from plaudit.report.figures import percent_tick, plain_tick


def test_an_axis_ends_at_round_numbers_and_holds_what_it_is_asked_to():
    along = axis([0.62, 0.78, None], percent_tick, around=[0.5])
    assert [text for _, text in along.ticks] == ["50%", "60%", "70%", "80%"]
    assert along.at(0.5) == 3.0
    assert along.at(0.8) == 97.0
    assert along.at(0.65) == 50.0


def test_bounds_are_not_left():
    along = axis([0.97, 1.0, 0.12], percent_tick, bounds=(0.0, 1.0))
    assert (along.low, along.high) == (0.0, 1.0)
    assert along.at(3.0) == 97.0


@pytest.mark.parametrize("value", [0.0, 0.5, -3.0, 1e9])
def test_one_value_has_an_axis_around_it(value):
    along = axis([value], plain_tick)
    assert along.low < value < along.high


def test_nothing_has_an_axis_too():
    assert axis([], plain_tick).at(0.5) == 50.0


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=8))
def test_order_is_kept_and_everything_is_inside(values):
    along = axis(values, plain_tick)
    places = [along.at(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 100 for place in places)
    assert 2 <= len(along.ticks) <= 13
