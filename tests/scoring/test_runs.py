"""Scoring runs: scores made now, with those of baselines, kept in a folder, and read again without the model."""

import json
import logging

import numpy as np
import pytest

from plaudit.data import read_scores
from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.groups import Group
from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear, LinearModel
from plaudit.scoring import ScoringOptions, obtain_scores, obtain_scores_of_each, read_scored

GROUPS = [Group("a", "p", ("long answer", "short")), Group("b", "q", ("one",))]
LENGTHS = np.log1p([11, 5, 3])


@pytest.fixture
def model(tmp_path):
    """A linear model of the length, with a baseline beside it that says the opposite."""
    folder = tmp_path / "model"
    LinearModel(LengthFeatures(), Linear(np.array([1.0]))).save(folder)
    baseline = LinearModel(LengthFeatures(), Linear(np.array([-1.0])), record={"backbone": "opposite"})
    baseline.save(folder / "baselines" / "opposite")
    return str(folder)


def test_scores_and_those_of_baselines_are_kept_and_read_again(model, tmp_path):
    made = obtain_scores(model, GROUPS, tmp_path / "out")
    assert type(made.model) is LinearModel
    np.testing.assert_allclose(made.scores.scores, LENGTHS)
    np.testing.assert_allclose(made.scores.baselines["opposite"].scores, -LENGTHS)
    assert made.scores.record["baselines"] == ["opposite"]
    assert made.scores.record["model"] == model
    again = obtain_scores(str(tmp_path / "out/scores.jsonl"), GROUPS)
    assert again.model is None
    np.testing.assert_array_equal(again.scores.scores, made.scores.scores)
    np.testing.assert_array_equal(again.scores.baselines["opposite"].scores, made.scores.baselines["opposite"].scores)
    assert repr(again.scores) == repr(made.scores)
    assert "baselines: opposite" in repr(again.scores)
    assert obtain_scores(model, GROUPS, baselines=False).scores.baselines == {}


def test_a_baseline_that_fails_is_left_out_and_counted(model, tmp_path, caplog):
    obtain_scores(model, GROUPS, tmp_path / "out")
    (tmp_path / "out/baselines/opposite.jsonl").write_text("broken\n")
    with caplog.at_level(logging.WARNING):
        scored = read_scored(str(tmp_path / "out/scores.jsonl"), GROUPS)
    assert (dict(scored.baselines), scored.baselines_left_out) == ({}, 1)
    assert "the baseline opposite is left out: " in caplog.text


def test_what_was_made_of_other_scores_goes(model, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/metrics.json").write_text("{}")
    obtain_scores(model, GROUPS, tmp_path / "out", overwrite=True)
    assert not (tmp_path / "out/metrics.json").exists()
    assert len(read_scores(tmp_path / "out/scores.jsonl")[0]) == 3


def test_each_source_has_a_folder_and_files_come_first(model, tmp_path):
    obtain_scores(model, GROUPS, tmp_path / "before")
    sources = {"A": model, "B": str(tmp_path / "before/scores.jsonl")}
    # Options are for the model; the file beside it needs none.
    runs = obtain_scores_of_each(sources, GROUPS, tmp_path / "out", ScoringOptions(batch_tokens=7))
    assert list(runs) == ["A", "B"]
    assert (runs["A"].model is None, runs["B"].model is None) == (False, True)
    assert (tmp_path / "out/a/scores.jsonl").is_file()
    assert not (tmp_path / "out/b").exists()
    with pytest.raises(PlauditError, match=r"scores\.jsonl: response 0 of group 'c' has no score"):
        obtain_scores_of_each(sources, [Group("c", "p", ("x",))], tmp_path / "none")
    assert not (tmp_path / "none/a").exists()


def test_refusals(model, tmp_path):
    with pytest.raises(NotFoundError, match=r"no scores file 'no\.jsonl'; write one with `plaudit score"):
        obtain_scores("no.jsonl", GROUPS)
    file = tmp_path / "scores.jsonl"
    file.write_text(json.dumps({"group": "b", "response": 0, "score": 1.0, "tokens": 1, "truncated": False}) + "\n")
    with pytest.raises(InvalidInputError, match="holds scores made before; --batch-tokens, --truncate-res"):
        obtain_scores(str(file), GROUPS, options=ScoringOptions(truncate_responses=True))
    with pytest.raises(PlauditError, match="is a file, not a folder"):
        obtain_scores(model, GROUPS, file / "folder")
