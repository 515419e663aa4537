"""The baselines on the command line: the verbs of any model, with a `--backbone` of a word."""

import json

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups


@pytest.fixture
def data(tmp_path):
    write_groups(toy_groups(80), tmp_path / "train.jsonl")
    write_groups(toy_groups(40, seed=9), tmp_path / "test.jsonl")
    return tmp_path


@pytest.fixture
def backbone(tmp_path):
    return f"frozen:{toy_backbone(tmp_path / 'backbone')}"


def names(kind, backbone):
    return backbone if kind == "frozen" else kind


@pytest.mark.parametrize("kind", ["length", "bow", "frozen"])
def test_train_score_rank_eval(run, data, backbone, kind):
    model = data / "model"
    code, printed, said = run("train", data / "train.jsonl", "-o", model, "--backbone", names(kind, backbone))
    assert (code, printed) == (0, ""), said
    assert f"The model is in {model}" in said
    code, printed, said = run("score", model, data / "test.jsonl")
    assert (code, said) == (0, "")
    first, *lines = map(json.loads, printed.splitlines())
    assert first["record"]["backbone"] == names(kind, backbone)
    assert len(lines) == 80
    code, printed, _ = run("rank", model, "--prompt", "w1", "-r", "w2 w3", "-r", "w2 good", "--json")
    assert code == 0
    ranked = [json.loads(line) for line in printed.splitlines()[1:]]
    assert sorted(score["response"] for score in ranked) == [0, 1]
    assert ranked[0]["score"] >= ranked[1]["score"]
    code, printed, said = run("eval", model, data / "test.jsonl", "--json")
    assert code == 0, said
    accuracy = json.loads(printed)["accuracy"]["value"]
    assert accuracy > 0.95 if kind == "bow" else 0 <= accuracy <= 1


def test_stdin_goes_in_and_lines_come_out(run, data):
    rows = (data / "train.jsonl").read_text()
    assert run("train", "-", "-o", data / "model", "--backbone", "bow", stdin=rows)[0] == 0
    code, printed, _ = run("rank", data / "model", "-", stdin='{"prompt": "p", "responses": ["", "good", "天空"]}\n')
    scores = [json.loads(line) for line in printed.splitlines()[1:]]
    assert (code, scores[0]["response"]) == (0, 1)
    # A text without a known word scores 0, and so does an empty one.
    assert [score["score"] for score in scores if score["response"] != 1] == [0, 0]


REFUSED = {
    "taken": ([], "holds a trained model; choose another folder"),
    "resume": (["--resume"], "is finished; there is nothing to resume"),
    "baselines": (
        ["--set", "baselines=bow,magic"],
        "baselines is 'bow,magic'; it must be length, bow or frozen:BACKBONE",
    ),
    "no such backbone": (["--overwrite", "--backbone", "frozen:./nowhere"], "no folder './nowhere'"),
    "no such field": (["--overwrite", "--set", "folds_by=topic"], "has no 'topic', which folds_by names"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line_and_exit_2(run, data, case):
    options, says = REFUSED[case]
    arguments = ["train", data / "train.jsonl", "-o", data / "model"]
    assert run(*arguments, "--backbone", "length")[0] == 0
    before = (data / "model/plaudit.json").read_text()
    code, printed, said = run(*arguments, "--backbone", "bow", *options)
    assert (code, printed) == (2, "")
    assert says in said
    assert said.startswith("plaudit: error: ")
    assert said.count("\n") == 1
    assert (data / "model/plaudit.json").read_text() == before


def test_a_broken_model_is_one_line(run, data):
    assert run("train", data / "train.jsonl", "-o", data / "model", "--backbone", "bow")[0] == 0
    (data / "model/vocabulary.json").unlink()
    code, _, said = run("score", data / "model", data / "test.jsonl")
    assert code == 2
    assert "is no whole linear model" in said
    assert said.count("\n") == 1
