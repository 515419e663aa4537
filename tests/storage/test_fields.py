"""Fields of a JSON object: what they are, or an error that names the one that is not."""

import math

import pytest

from plaudit.storage import Fields

ROW = Fields({"n": 3, "x": 0.5, "none": None, "t": "text", "flag": True, "list": [1, 2], "rows": [{"a": 1}], "o": {}})


def test_fields_are_read_by_type():
    assert (ROW.number("n"), ROW.number("x"), ROW.integer("n")) == (3.0, 0.5, 3)
    assert (ROW.optional_number("none"), ROW.optional_integer("missing"), ROW.optional_text("none")) == (None,) * 3
    assert (ROW.text("t"), ROW.optional_flag("flag"), ROW.optional_flag("none")) == ("text", True, None)
    assert (ROW.numbers("list"), ROW.integers("list")) == ([1.0, 2.0], [1, 2])
    assert ROW.objects("rows")[0].integer("a") == 1
    assert "x" in ROW
    assert "y" not in ROW


@pytest.mark.parametrize(
    ("method", "value", "says"),
    [
        ("number", True, '"k" is True, not a number'),
        ("number", math.nan, '"k" is nan, not a finite number'),
        ("number", 10**400, '"k" is a huge number, not a finite number'),
        ("integer", 1.0, '"k" is 1.0, not a whole number'),
        ("text", None, '"k" is None, not a text'),
        ("optional_flag", 1, '"k" is 1, not true or false'),
        ("numbers", "12", "\"k\" is '12', not a list"),
        ("numbers", [1, "2"], "\"k\" is '2', not a number"),
        ("object", [], '"k" is [], not an object'),
        ("objects", [None], '"k" is None, not an object'),
        ("text", ["x" * 100], '"k" is [\'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, not a text'),
    ],
)
def test_what_is_of_another_type_is_named(method, value, says):
    with pytest.raises(ValueError) as error:
        getattr(Fields({"k": value}), method)("k")
    assert str(error.value) == says
