"""Where values stand on an axis."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.report.axes import axis, within_reach
from plaudit.statistics import percent_tick, plain_tick


def test_an_axis_ends_at_round_numbers_and_holds_what_it_is_asked_to():
    along = axis([0.62, 0.78, None, 0.5], percent_tick)
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


def test_one_wide_interval_does_not_set_the_axis():
    """Distances of ends from dots are 0.2, 0.2, 0.1, 0.1, 8 and 8: median 0.2. The dots 0, 1 and 0.5 with it span -0.2
    to 1.2, with slack -0.9 to 1.9."""
    intervals = [(-0.2, 0.0, 0.2), (0.9, 1.0, 1.1), (-7.5, 0.5, 8.5)]
    assert within_reach([0.0, 1.0, 0.5], intervals) == [-0.2, 0.2, 0.9, 1.1]


def test_wide_intervals_are_held_where_all_are_wide_or_there_is_room():
    alike = [(-5.0, 0.0, 5.0), (-4.0, 1.0, 6.0), (-6.0, 0.5, 7.0)]
    assert sorted(within_reach([0.0, 1.0, 0.5], alike)) == [-6.0, -5.0, -4.0, 5.0, 6.0, 7.0]
    assert within_reach([0.0, 1.0], [(-0.1, 0.0, 0.1), (0.6, 1.0, 1.4)]) == [-0.1, 0.1, 0.6, 1.4]
    assert within_reach([0.3], [(-9.0, 0.3, 9.6)]) == [-9.0, 9.6]
    assert within_reach([0.3], []) == []


def test_an_interval_that_goes_on_ends_at_the_edge():
    along = axis([0.0, 1.0], plain_tick)
    assert along.ends(-3.0, 0.5) == (1.0, 50.0)
    assert along.ends(0.0, 1.0) == (3.0, 97.0)
    assert along.ends(0.5, 4.0) == (50.0, 99.0)
