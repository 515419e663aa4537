"""`plaudit train` from the outside: which setting wins, what is printed, and how it refuses."""

import json

import pytest
from toys import toy_backbone, toy_groups

from plaudit import RewardModel
from plaudit.data import write_groups


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("backbone")))


@pytest.fixture
def data(tmp_path):
    write_groups(toy_groups(30), tmp_path / "data.jsonl")
    return str(tmp_path / "data.jsonl")


@pytest.fixture
def train(run, tmp_path, backbone):
    """`run` for `plaudit train`, with a folder and a backbone."""

    def call(*arguments, stdin="", backbone=backbone):
        options = ["-o", tmp_path / "out", "--backbone", backbone, "--report-to", "none"]
        return run("train", *arguments, *options, stdin=stdin)

    return call


def record(tmp_path):
    return json.loads((tmp_path / "out" / "plaudit.json").read_text())


def test_a_run_shows_itself_on_stderr_and_leaves_a_model(train, data, tmp_path):
    code, printed, said = train(data, "--set", "groups_per_step=4")
    assert (code, printed) == (0, "")
    assert "step 21/21: loss " in said
    assert "step 21/21: validation: loss " in said
    assert f"The model is in {tmp_path / 'out'}. Measure it" in said
    assert len(RewardModel.from_pretrained(tmp_path / "out").rank("w1", ["good", "w2"])) == 2


def test_flags_win_over_set_and_set_over_the_file(train, data, tmp_path):
    (tmp_path / "settings.toml").write_text('epochs = 1\nhand = 9\nseed = 7\nties = "ignore"\n')
    options = ["--config", tmp_path / "settings.toml", "--set", "hand=8", "--set", "seed = 5", "--seed", "3"]
    code, _, said = train(data, *options, "--max-length", "40", "--trainable", "last:1")
    assert code == 0, said
    settings = record(tmp_path)["settings"]
    expected = {"epochs": 1, "hand": 8, "seed": 3, "ties": "ignore", "max_length": 40, "trainable": "last:1"}
    assert {name: settings[name] for name in expected} == expected


def test_stdin_held_out_data_and_rejects(train, data, tmp_path):
    write_groups(toy_groups(7, seed=3), tmp_path / "watched.jsonl")
    with open(data, encoding="utf-8") as stream:  # noqa: PTH123
        rows = stream.read() + '{"prompt": "w1", "responses": "not a list"}\n'
    options = [
        "--validation-data",
        tmp_path / "watched.jsonl",
        "--rejects",
        tmp_path / "rejects.jsonl",
        "--epochs",
        "1",
    ]
    code, _, said = train("-", *options, stdin=rows)
    assert code == 0, said
    assert "1 row set aside in " in said
    assert "must be a list" in (tmp_path / "rejects.jsonl").read_text()
    assert (record(tmp_path)["groups"], record(tmp_path)["validation"]["groups"]) == (30, 7)


def test_the_majority_is_learned_from_when_asked(train, tmp_path, caplog):
    votes = [{"tiers": [[0], [1]], "annotator": name} for name in "abc"]
    rows = [
        {"id": f"q{n}", "prompt": f"w{n}", "responses": ["good", "w2"], "rankings": [*votes[:2], {"tiers": [[1], [0]]}]}
        for n in range(12)
    ]
    path = tmp_path / "votes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    code, _, said = train(path, "--majority", "--epochs", "1")
    assert code == 0, said
    majority = record(tmp_path)["data"]
    assert train(path, "--overwrite", "--epochs", "1")[0] == 0
    assert record(tmp_path)["data"] != majority


REFUSED = {
    "unknown setting": (
        ["DATA", "--set", "pases=3"],
        "--set: there is no setting 'pases'; did you mean epochs?",
    ),
    "wrong value": (["DATA", "--set", "epochs=many"], "--set: epochs is 'many'; it must be a whole number"),
    "no value": (["DATA", "--set", "epochs"], "--set 'epochs' is not NAME=VALUE"),
    "a flag of other tools": (["DATA", "--lr", "1e-4"], "there is no flag --lr; it is called --learning-rate here"),
    "an old flag": (["DATA", "--passes", "3"], "there is no flag --passes; it is called --epochs here"),
    "transformers' flag": (["DATA", "--num_train_epochs=3"], "--num_train_epochs; it is called --epochs here"),
    "no flag of its own": (["DATA", "--holdout", "0"], "--holdout; give it as --set validation_share=VALUE"),
    "a setting, and no flag": (["DATA", "--attention", "flex"], "--attention; give it as --set attention=VALUE"),
    "transformers' setting": (
        ["DATA", "--set", "per_device_train_batch_size=8"],
        "--set: there is no setting 'per_device_train_batch_size'; it is called groups_per_step here",
    ),
    "trainer's own": (
        ["DATA", "--set", "trainer.bf16=true"],
        "trainer.bf16 is not passed through; it is called precision",
    ),
    "flag": (["DATA", "--epochs", "0"], "epochs is 0; it must be at least 1"),
    "loss": (["DATA", "--loss", "bayes"], "there is no loss 'bayes'; of rankings: bradley-terry, "),
    "config": (["DATA", "--config", "no-such-file.toml"], "no-such-file.toml: there is no such file; check the path"),
    "file": (["no-such-file.jsonl"], "no-such-file.jsonl"),
    "nothing to learn": (["BARE"], "no group has a ranking of two or more responses, or a rating, to learn from"),
    "a bad row": (["BAD"], "bad.jsonl:2"),
    "empty": (["EMPTY"], "the file is empty"),
    "taken": (["DATA"], "holds a trained model; choose another folder, or replace it with --overwrite"),
    "finished": (["DATA", "--resume"], "is finished; there is nothing to resume"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line_and_exit_2(train, data, tmp_path, case):
    arguments, says = REFUSED[case]
    pair = {"prompt": "w1", "responses": ["w2", "w3"], "rankings": [{"tiers": [[0], [1]]}]}
    files = {
        "BARE": [{"prompt": "w1", "responses": ["w2", "w3"]}],
        "BAD": [pair, {**pair, "rankings": [{"tiers": [[0], [7]]}]}],
        "EMPTY": [],
    }
    for name, rows in files.items():
        (tmp_path / f"{name.lower()}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if case in ("taken", "finished"):
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "plaudit.json").write_text("{}")
    names = {"DATA": data, **{name: tmp_path / f"{name.lower()}.jsonl" for name in files}}
    code, printed, said = train(*(names.get(argument, argument) for argument in arguments))
    assert (code, printed) == (2, "")
    assert said.startswith("plaudit: error: ")
    assert says in said
    assert said.count("\n") == 1
    assert (tmp_path / "out" / "model.safetensors").exists() is False


@pytest.mark.parametrize("name", ["./nowhere", "no-such-owner/no-such-model", "EMPTY"])
def test_a_backbone_that_is_not_there(train, data, tmp_path, name):
    (tmp_path / "empty").mkdir()
    code, _, said = train(data, backbone=tmp_path / "empty" if name == "EMPTY" else name)
    assert code == 2
    assert said.startswith("plaudit: error: ")
    assert said.count("\n") == 1
