"""Tables of named things: their order, what is said of an unknown name, and entries of other distributions."""

from importlib.metadata import EntryPoint

import pytest

from plaudit.errors import NotFoundError
from plaudit.registry import Registry


def test_entries_stand_in_order_whenever_they_came():
    table = Registry("number", order=lambda value: value)
    table.register("two", 2)
    table.register("one", 1)
    assert list(table) == ["one", "two"]
    table.register("zero", 0)
    assert list(table.values()) == [0, 1, 2]


def test_an_unknown_name_is_told_the_closest_or_all():
    table = Registry("loss")
    table.register("hinge", 1)
    table.register("huber", 2)
    with pytest.raises(NotFoundError, match=r"there is no loss called 'hing'; did you mean 'hinge'\?"):
        table.lookup("hing")
    with pytest.raises(NotFoundError) as error:
        table.lookup("xyz")
    assert error.value.message == "there is no loss called 'xyz'"
    assert error.value.remedy == "there are hinge, huber"


def test_a_name_is_given_once():
    table = Registry("loss")
    table.register("hinge", 1)
    table.register("hinge", 1)
    with pytest.raises(ValueError, match="there are two of the loss 'hinge'"):
        table.register("hinge", 2)


def test_modules_and_entry_points_register_themselves(tmp_path, monkeypatch):
    package = tmp_path / "house_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from plaudit.registry import Registry\nTOOLS = Registry('small tool', 'house_of_tests')\n"
    )
    (package / "hammer.py").write_text("from house_of_tests import TOOLS\nTOOLS.register('hammer', 1)\n")
    (tmp_path / "stranger.py").write_text("from house_of_tests import TOOLS\nTOOLS.register('saw', 2)\n")
    monkeypatch.syspath_prepend(tmp_path)

    def points(group):
        assert group == "plaudit.small_tool"
        return [EntryPoint("saw", "stranger", group)]

    monkeypatch.setattr("plaudit.registry.entry_points", points)
    from house_of_tests import TOOLS

    assert dict(TOOLS) == {"hammer": 1, "saw": 2}
