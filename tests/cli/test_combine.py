"""`plaudit combine` from the outside: both ways, scores with a spread, and refusals."""

import json

import pytest
from toys import toy_backbone

from plaudit import RewardModel

ROW = {"id": "q1", "prompt": "w1 w2", "responses": ["w3", "good w4", "w5 w6 w7"]}


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    backbone = toy_backbone(tmp_path_factory.mktemp("backbone"))
    folders = [tmp_path_factory.mktemp("models") / name for name in "abc"]
    for seed, folder in enumerate(folders):
        RewardModel.from_backbone(backbone, seed=seed).save(folder)
    return folders


def scores(run, model):
    code, printed, complaints = run("score", model, "-", stdin=json.dumps(ROW))
    assert (code, complaints) == (0, "")
    return [json.loads(line) for line in printed.splitlines()]


@pytest.mark.parametrize("way", ["ensemble", "average"])
def test_three_models_become_one(run, models, tmp_path, way):
    code, printed, told = run("combine", *models, "-o", tmp_path / "one", f"--{way}")
    assert (code, printed) == (0, "")
    assert told.startswith(f"The model is in {tmp_path / 'one'}.")
    record, *found = scores(run, tmp_path / "one")
    assert ("average_of" in record["record"]) == (way == "average")
    # Heads alone differ, and a reward is linear in them: both ways give the mean reward.
    each = [[row["score"] for row in scores(run, model)[1:]] for model in models]
    assert [row["score"] for row in found] == pytest.approx([sum(column) / 3 for column in zip(*each, strict=True)])
    assert all(("spread" in row) == (way == "ensemble") for row in found)


@pytest.mark.parametrize("flags", [[], ["--average", "--ensemble"]])
def test_one_way_must_be_chosen(run, models, tmp_path, flags):
    code, _, told = run("combine", *models, "-o", tmp_path / "one", *flags)
    assert code == 2
    assert told.startswith("plaudit: error: say how: --average")


def test_a_taken_folder_is_left_alone(run, models):
    before = sorted(path.name for path in models[2].iterdir())
    code, _, told = run("combine", models[0], models[1], "-o", models[2], "--ensemble")
    assert code == 2
    assert "holds a trained model; choose another folder" in told
    assert sorted(path.name for path in models[2].iterdir()) == before
