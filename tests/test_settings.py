"""Settings of a class of one's own: rules, files, sources and which of them wins."""

from dataclasses import dataclass, fields

import pytest

from plaudit._other_names import OTHER_NAMES, name_meant
from plaudit.errors import PlauditError
from plaudit.settings import (
    Settings,
    at_least,
    documented,
    one_of,
    read_settings,
    setting,
    settings_table,
)


@documented
@dataclass(frozen=True, kw_only=True)
class Cooking(Settings):
    """How an egg is cooked."""

    minutes: int = setting(7, "for a firm yolk", at_least(1))
    epochs: int = setting(1, "eggs after each other")
    water: str = setting("boiling", "it cooks evenly", one_of("cold", "warm", "boiling"))
    salt: bool = setting(False, "the shell keeps it out")


def test_the_table_and_the_docstring_come_from_the_fields():
    assert settings_table(Cooking).splitlines() == [
        "| setting | default | why |",
        "|---|---|---|",
        "| `minutes` | 7 | for a firm yolk |",
        "| `epochs` | 1 | eggs after each other |",
        "| `water` | `boiling` | it cooks evenly |",
        "| `salt` | off | the shell keeps it out |",
    ]
    assert "\n        minutes: for a firm yolk\n" in Cooking.__doc__


def test_flags_win_over_set_and_set_over_the_file(tmp_path):
    (tmp_path / "eggs.yaml").write_text("minutes: 5\nepochs: 6\nwater: cold\n")
    flags = {"minutes": 9, "water": None}
    cooking = Cooking().with_sources("cook", flags, ["minutes=8", "epochs = 7"], tmp_path / "eggs.yaml")
    assert cooking == Cooking(minutes=9, epochs=7, water="cold")


@pytest.mark.parametrize("wrong", [{"minutes": 0}, {"water": "tepid"}])
def test_a_rule_is_held_however_the_value_comes(wrong):
    with pytest.raises(PlauditError, match="it must be"):
        Cooking(**wrong)
    with pytest.raises(PlauditError, match="it must be"):
        Cooking().with_changes(wrong, "--set")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("minuets", "cook: there is no setting 'minuets'; did you mean minutes?"),
        ("passes", "cook: there is no setting 'passes'; it is called epochs here"),
        ("lr", "cook: there is no setting 'lr'; there are minutes, epochs, water, salt"),
    ],
)
def test_a_name_that_is_no_setting(name, says):
    with pytest.raises(PlauditError) as caught:
        Cooking().with_changes({name: 3}, "cook")
    assert str(caught.value) == says


def test_other_names_are_not_names_of_ours():
    assert name_meant("epochs", [field.name for field in fields(Cooking)]) is None
    for name, meant in OTHER_NAMES.items():
        assert name not in meant


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("s.toml", 'epochs = 3\nties = "ignore"\nlearning_rate = 2e-5\n', {"epochs": 3, "ties": "ignore"}),
        ("s.json", '{"epochs": 3, "max_length": null}', {"epochs": 3, "max_length": None}),
        ("s.yaml", "epochs: 3\nmax_length: null\n", {"epochs": 3, "max_length": None}),
        ("s.yml", "epochs: 3\ntrainer:\n  run_name: first\n", {"epochs": 3, "trainer": {"run_name": "first"}}),
    ],
)
def test_settings_are_read_from_toml_json_and_yaml(tmp_path, name, text, expected):
    (tmp_path / name).write_text(text)
    read = read_settings(tmp_path / name)
    assert expected.items() <= read.items()


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("s.toml", b"epochs: 3", "is not TOML"),
        ("s.json", b"{epochs: 3}", "is not JSON"),
        ("s.json", b"[1]", "must hold a table"),
        ("s.yaml", b"a: b: c", "is not YAML"),
        ("s.yaml", b"3: 4", "must hold a table"),
        ("s.toml", b"\xff\xfe", "is not TOML"),
    ],
)
def test_what_is_said_of_a_file_that_holds_no_settings(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(PlauditError, match=says) as caught:
        read_settings(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_what_is_said_of_a_file_that_is_not_there(tmp_path):
    with pytest.raises(PlauditError, match=r"none\.toml: there is no such file; check the path"):
        read_settings(tmp_path / "none.toml")
