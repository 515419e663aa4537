"""What computes a model's attention: asked for when it is opened or trained, obeyed or refused, and recorded."""

import numpy as np
import pytest
from tiny import tiny_model_folder
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.model import RewardModel, open_model, settle_attention
from plaudit.storage import read_record

GROUPS = [
    Group("a", "why is the sky blue?", ("because light is scattered", "because", "天空")),
    Group("b", "why?", ("so",)),
]


def scores(model):
    return np.array([score.score for row in model.score(GROUPS) for score in row])


def test_an_attention_is_opened_by_name(tmp_path):
    folder = tiny_model_folder(tmp_path)
    models = {name: open_model(folder, attention=name) for name in ("auto", "segments", "varlen")}
    names = {name: model.run_record("scores")["attention"] for name, model in models.items()}
    assert names == {"auto": "segments", "segments": "segments", "varlen": "varlen"}
    for model in models.values():
        np.testing.assert_allclose(scores(model), scores(models["auto"]), rtol=1e-5)
    tokens = np.arange(10, 30)
    expected = models["auto"].network.prefix_features(tokens)
    assert models["varlen"].network.prefix_features(tokens).allclose(expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("family", "name", "says"),
    [
        ("mistral", "varlen", r"attention=varlen cannot be used here: it has no place for a window of 8 tokens; leave"),
        ("gemma2", "varlen", "it has no place for a"),
        ("llama", "flex", "FlexAttention does not support backward on CPU"),
        ("llama", "flash", "attention is 'flash'; it can be auto, varlen, flex, segments"),
        ("bloom", "varlen", "attention=varlen is of forests, and BloomForSequenceClassification cannot use them"),
        ("bloom", "flash", "attention is 'flash'"),
    ],
)
def test_what_cannot_be_obeyed_is_refused(tmp_path, family, name, says):
    with pytest.raises(InvalidInputError, match=says):
        open_model(tiny_model_folder(tmp_path, family), attention=name)


def test_a_window_that_no_sequence_fills_is_no_hindrance(tmp_path):
    folder = tiny_model_folder(tmp_path, "mistral", config={"sliding_window": 40})
    assert open_model(folder, attention="varlen", max_length=40).network.layout.attention_name == "varlen"
    with pytest.raises(InvalidInputError, match="a window of 40 tokens"):
        open_model(folder, attention="varlen", max_length=41)


def test_padded_batches_are_recorded_by_the_attention_of_transformers(tmp_path):
    model = open_model(tiny_model_folder(tmp_path, "bloom"))
    assert model.run_record("scores")["attention"] == "eager"


def test_a_copy_s_choice_serves_the_whole(tmp_path):
    model, copy = (RewardModel.from_pretrained(tiny_model_folder(tmp_path / name)) for name in "ab")
    settle_attention(copy.network, "varlen", learns=True)
    model.network.layout = copy.network.layout
    np.testing.assert_allclose(scores(model), scores(copy), rtol=1e-5)
    assert model.network.layout.attention_name == "varlen"


@pytest.mark.parametrize(("asked", "trainable"), [("varlen", "layers"), ("varlen", "last:1")])
def test_a_run_trains_with_it_and_records_it(tmp_path, asked, trainable, monkeypatch):
    monkeypatch.setattr("plaudit.model.cache.activations.cache_folder", lambda: tmp_path / "cache")
    settings = {"epochs": 1, "learning_rate": 0.01, "precision": "fp32", "report_to": "none", "baselines": "none"}
    settings["validation_share"] = 0.5
    runs = []
    for name in (asked, "segments"):
        model = plaudit.train(
            toy_groups(8), tmp_path / name, toy_backbone(tmp_path / f"for {name}", layers=2), attention=name,
            trainable=trainable, **settings,
        )  # fmt: skip
        runs.append(model.run_record("model")["validation"]["loss"])
        assert read_record(tmp_path / name)["attention"] == name
    assert runs[0] == pytest.approx(runs[1], rel=1e-4)
