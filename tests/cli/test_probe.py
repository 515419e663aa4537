"""`plaudit probe` from the outside: table, JSON, file and refusals."""

import json

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups
from plaudit.evaluation.probes import PROBES
from plaudit.groups import Group


@pytest.fixture
def folder(tmp_path):
    """`length`: a plain model, and test data of prose."""
    write_groups(toy_groups(40), tmp_path / "train.jsonl")
    prose = ("Water it now. Then wait a day.", "Wait. It may well recover on its own. Or it may not.")
    write_groups([Group(f"q{n}", f"Why does plant {n} die?", prose) for n in range(12)], tmp_path / "test.jsonl")
    return tmp_path


@pytest.fixture
def model(run, folder):
    code, _, said = run("train", folder / "train.jsonl", "-o", folder / "length", "--backbone", "length")
    assert code == 0, said
    return folder / "length"


def test_json_and_file_are_the_same_object(run, folder, model):
    code, out, said = run("probe", model, folder / "test.jsonl", "--json", "-o", folder / "probes.json")
    assert (code, said) == (0, "")
    result = json.loads(out)
    assert result == json.loads((folder / "probes.json").read_text("utf-8"))
    assert [one["name"] for one in result["probes"]["probes"]] == list(PROBES)
    assert (result["probes"]["groups"], result["probes"]["level"]) == (12, 0.05)
    for one in result["probes"]["probes"]:
        assert one["wanted"] in ("lower", "same", "not higher")
        assert one["finding"] in ("misled", "sound", "unsure", "undefined")
        assert one["effect"].keys() >= {"value", "low", "high", "n"}
    assert {check["ok"] for check in result["invariance"]["checks"]} == {True, None}
    assert result["record"]["model"] == str(model)


def test_a_reward_of_length_is_said_to_be_paid_for_length(run, folder, model):
    code, out, _ = run("probe", model, folder / "test.jsonl", "--only", "length,echo", "--no-invariance", "--json")
    found = {one["name"]: one for one in json.loads(out)["probes"]["probes"]}
    assert list(found) == ["padding", "opening", "last sentence again", "all again", "echo"]
    # The toy judgements do not go by length, so its weight may have either sign.
    risen = found["padding"]["effect"]["value"] > 0
    assert found["padding"]["finding"] == ("misled" if risen else "sound")
    code, out, _ = run("probe", model, folder / "test.jsonl", "--only", "length,echo", "--no-invariance")
    assert code == 0
    assert ("It is paid for length: raised by" in out) == risen
    assert "of 5 probes" in out
    assert "The score" not in out


def test_a_network_and_the_table(run, folder):
    backbone = toy_backbone(folder / "backbone", head=True)
    code, out, said = run("probe", backbone, folder / "test.jsonl", "--groups", 3, "--only", "order,formatting")
    assert code == 0, said
    assert "first in the group" in out
    assert "other precision" in out
    assert "The score does not depend on how it is computed" in out or "The score depends on what it must not" in out


def test_repeated_answers_are_counted_and_said(run, folder, model):
    rows = [{"prompt": f"Why {n}?", "responses": ["Yes. It is.", "No. It is not.", "Yes. It is."]} for n in range(3)]
    (folder / "twice.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    asked = ["probe", model, folder / "twice.jsonl", "--only", "padding", "--no-invariance"]
    assert json.loads(run(*asked, "--json")[1])["repeated_responses"] == 3
    assert "answers left out, the same as another in their row: 3" in run(*asked)[1]
    assert "answers left out, the same" not in run("probe", model, folder / "test.jsonl", *asked[3:])[1]


def test_one_answer_is_said_in_the_singular(run, folder, model):
    write_groups([Group("q", "Why?", ("It is. It was.",))], folder / "one.jsonl")
    out = run("probe", model, folder / "one.jsonl", "--only", "padding", "--no-invariance")[1]
    assert "1 answer of 1 group;" in out


def test_no_probe_by_name_is_not_all_of_them(run, folder):
    code, out, said = run("probe", folder / "nothing", folder / "nothing.jsonl", "--only", " , ")
    assert (code, out) == (2, "")
    assert "--only ' , ' names no probe" in said


def test_an_unknown_probe_is_refused_before_anything_is_read(run, folder):
    code, out, said = run("probe", folder / "nothing", folder / "nothing.jsonl", "--only", "lenght")
    assert (code, out) == (2, "")
    assert said.startswith("plaudit: error: no probe or family is called 'lenght'; families: length, order")


def test_help_has_an_example(run):
    code, out, _ = run("probe", "--help")
    assert code == 0
    assert "Example: plaudit probe my-model test.jsonl -o probes.json" in out
