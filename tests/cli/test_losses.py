"""`plaudit losses` from the outside."""

import json

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups
from plaudit.model.cache import features
from plaudit.report import charts


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "cache_folder", lambda: tmp_path / "cache")
    write_groups(toy_groups(30), tmp_path / "data.jsonl")
    return tmp_path / "data.jsonl"


def test_one_table(run, data, tmp_path, monkeypatch):
    monkeypatch.setattr(charts, "can_plot", lambda: False)
    backbone = toy_backbone(tmp_path / "backbone")
    asked = ["losses", data, "-o", tmp_path / "out", "--backbone", backbone, "--baselines", "length", "--seeds", 2]
    asked += ["--test", 0.3, "--set", "epochs=1"]
    code, out, err = run(*asked, "--losses", "bradley-terry,ranknet,hinge")
    assert code == 0, err
    assert "bradley-terry" in out
    assert "The same as bradley-terry" in " ".join(out.split())
    assert "pip install 'plaudit[plots]'" in err
    assert (tmp_path / "out/losses.md").is_file()
    code, out, err = run(*asked, "--losses", "bradley-terry,ranknet,hinge", "--json", "--overwrite")
    assert json.loads(out)["same"] == {"ranknet": "bradley-terry"}
    assert err.count("done before") == 2 * 2 + 1


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--seeds", 1], "seeds is 1; it must be at least 2"),
        (["--losses", "nonsense,hinge"], "no loss 'nonsense'"),
        (["--losses", "hinge"], "nothing to compare"),
        (["--losses", "mse,mae"], "mse learns from ratings, and there are none"),
        (["--by", "debate"], "no field 'debate'"),
        (["--backbone", "bow"], "choose a pretrained backbone"),
        (["--baselines", "length,nope"], "there is no baseline 'nope'; there are length, bow and frozen:BACKBONE"),
        (["--set", "epochs"], "is not NAME=VALUE"),
    ],
)
def test_mistakes_are_one_line(run, data, tmp_path, more, message):
    code, out, err = run("losses", data, "-o", tmp_path / "out", *more)
    assert code == 2
    assert out == ""
    assert err.startswith("plaudit: error: ")
    assert message in err
    assert err.count("\n") == 1


def test_baselines_are_checked_before_anything_is_read(run, tmp_path):
    code, _, err = run("losses", tmp_path / "nowhere.jsonl", "-o", tmp_path / "out", "--baselines", "nope")
    assert code == 2
    assert "no baseline 'nope'" in err


def test_data_without_judgements(run, tmp_path):
    file = tmp_path / "none.jsonl"
    file.write_text('{"prompt": "p", "responses": ["a", "b"]}\n')
    code, _, err = run("losses", file, "-o", tmp_path / "out")
    assert code == 2
    assert "nothing to measure" in err
