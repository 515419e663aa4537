"""Scales: which one an attribute has, what it makes of a value, and what is said when none can be had."""

import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data import load_groups
from plaudit.data.scales import MOST_LEVELS, Scale, parse_scale, scales_of
from plaudit.errors import PlauditError
from plaudit.groups import Group, Rating


def rated(*values, attribute="overall", scale=None, id="q"):
    responses = tuple(f"response {i}" for i in range(len(values)))
    return Group(id, "P", responses, ratings=tuple(Rating(i, v, attribute, scale=scale) for i, v in enumerate(values)))


def test_declared_by_the_user_wins_then_what_most_ratings_declare_then_what_was_seen():
    groups = [rated(1, 2), rated(3, scale=(1, 5)), rated(3, 4, scale=(0, 5))]
    assert scales_of(groups, {"overall": (0, 10)})["overall"].bounds == (0, 10)
    assert scales_of(groups)["overall"].bounds == (0, 5)
    assert scales_of([rated(1, 2), rated(-3)])["overall"].bounds == (-3, 2)
    # Of equally many, the first met.
    assert scales_of([rated(3, scale=(1, 5)), rated(3, scale=(0, 5))])["overall"].bounds == (1, 5)


def test_attributes_come_in_the_order_of_first_appearance():
    groups = [rated(0, 1, attribute="tone"), rated(0, 1, attribute="facts"), rated(2, attribute="tone")]
    assert list(scales_of(groups)) == ["tone", "facts"]
    assert scales_of([Group("q", "P", ("a",))]) == {}


def test_a_rating_is_normalised_by_its_own_scale():
    scale = Scale(0, 4)
    assert scale.unit(Rating(0, 3)) == 0.75
    assert scale.unit(Rating(0, 3, scale=(1, 5))) == 0.5
    assert scale.value(0.75) == 3


@given(st.floats(-100, 99), st.floats(0.5, 100), st.floats(0, 1))
def test_there_and_back(low, span, unit):
    scale = Scale(low, low + span)
    assert scale.unit(Rating(0, scale.value(unit))) == pytest.approx(unit, abs=1e-9)


def test_levels_are_the_values_met_in_the_attributes_own_units():
    assert scales_of([rated(2, 0, 1, 2)])["overall"].levels == (0, 1, 2)
    # 3 on [1, 5] and 2 on [0, 4] are one level, 5 on [1, 5] is 4 on [0, 4]; 2/3 of [0, 3] is exactly 2.
    both = [rated(0, 1, 2, scale=(0, 4)), rated(3, 5, scale=(1, 5))]
    assert scales_of(both)["overall"].levels == (0, 1, 2, 4)
    assert scales_of([rated(2, scale=(0, 3))])["overall"].levels == (2,)
    assert scales_of([rated(2, scale=(0, 3)), rated(0, 3)])["overall"].levels == (0, 2, 3)
    assert scales_of([rated(*range(MOST_LEVELS))])["overall"].levels == tuple(range(MOST_LEVELS))
    assert scales_of([rated(*range(MOST_LEVELS + 1))])["overall"].levels is None
    # Eleven of either kind, but not the same eleven.
    mixed = [rated(*range(0, 22, 2), scale=(0, 25)), rated(*range(1, 23, 2))]
    assert scales_of(mixed)["overall"].levels is None


def test_levels_have_labels():
    assert Scale(0, 1, (0, 0.5, 1)).labels == ("0", "0.5", "1")
    assert Scale(0, 1).labels == ()


def test_a_rating_outside_its_attributes_scale_is_an_error_with_the_remedy():
    groups = [rated(1, 3, scale=(0, 4)), rated(2, 7, id="q9")]
    message = r"the group q9 rates overall 7, outside its scale \[0, 4\]; declare .* --scale overall=LOW:HIGH"
    with pytest.raises(PlauditError, match=message):
        scales_of(groups)
    assert scales_of(groups, {"overall": (0, 8)})["overall"].bounds == (0, 8)
    with pytest.raises(PlauditError, match=r"the group q rates overall -1, outside its scale \[0, 4\]"):
        scales_of([rated(2, -1)], {"overall": (0, 4)})


def test_one_value_only_needs_a_declared_scale():
    with pytest.raises(PlauditError, match=r"every rating of tone is 3, and none declares a scale; declare one with"):
        scales_of([rated(3, 3, attribute="tone")])
    assert scales_of([rated(3, 3)], {"overall": (0, 4)})["overall"] == Scale(0, 4, (3,))
    assert scales_of([rated(3, 3, scale=(0, 4))])["overall"] == Scale(0, 4, (3,))


def test_scales_that_disagree_are_warned_of_with_counts(caplog):
    groups = [rated(1, 2, scale=(0, 4)), rated(5, scale=(1, 5)), rated(3)]
    with caplog.at_level(logging.WARNING, "plaudit"):
        assert scales_of(groups)["overall"].bounds == (0, 4)
    [record] = caplog.records
    assert record.getMessage() == (
        "scales of overall disagree (ratings): [0, 4] (2), [1, 5] (1), none (1, read by [0, 4]); "
        "each rating is normalised by its own, and results are in [0, 4]"
    )
    caplog.clear()
    scales_of([rated(1, 2, scale=(0, 4)), rated(3)])
    assert not caplog.records
    scales_of([rated(1, 2, scale=(0, 4))], {"overall": (0, 8)})
    assert "[0, 4] (2); each" in caplog.text


def test_a_scale_for_what_nobody_rated_is_an_error():
    with pytest.raises(PlauditError, match="declared for 'tune', which nobody rated; rated attributes: tone"):
        scales_of([rated(1, 2, attribute="tone")], {"tune": (0, 1)})


def test_a_declared_scale_that_is_none_is_an_error():
    with pytest.raises(PlauditError, match=r"the scale \[4, 0\] is none; give its lowest value first"):
        scales_of([rated(1, 2)], {"overall": (4, 0)})


def test_parse_scale():
    assert parse_scale("helpful=0:4") == ("helpful", (0, 4))
    assert parse_scale("a=b=-25:0.5") == ("a=b", (-25, 0.5))
    for wrong in (
        "helpful",
        "helpful=4",
        "helpful=4:0",
        "helpful=a:b",
        "helpful=0:inf",
        "helpful=0:1:2",
        "0:4",
        "=0:4",
    ):
        with pytest.raises(PlauditError, match=r"--scale .*NAME=LOW:HIGH, such as helpful=0:4"):
            parse_scale(wrong)


def rated_file(path, *values, **more):
    rows = [{"prompt": f"P{i}", "response": "a", "overall": value, **more} for i, value in enumerate(values)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_files_whose_undeclared_ranges_differ_are_named(tmp_path, caplog):
    one = rated_file(tmp_path / "dialogue.jsonl", *[1, 3, 5] * 7)
    other = rated_file(tmp_path / "summaries.jsonl", *[1, 2, 6] * 7)
    load_groups([one, other])
    assert (
        f"ratings of overall declare no scale and have another range in another file, 1 to 5 ({one}), " in caplog.text
    )
    assert f"1 to 6 ({other})" in caplog.text


@pytest.mark.parametrize(
    ("values", "more"),
    [([1, 2, 4.8] * 7, {}), ([1, 6], {}), ([1, 2, 6] * 7, {"scale": [1, 6]})],
    ids=["nearly the same", "too few to tell", "declared"],
)
def test_ranges_that_say_nothing_of_scales_are_not(values, more, tmp_path, caplog):
    one = rated_file(tmp_path / "dialogue.jsonl", *[1, 3, 5] * 7)
    load_groups([one, rated_file(tmp_path / "summaries.jsonl", *values, **more)])
    assert "another range" not in caplog.text
