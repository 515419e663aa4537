"""`open_model` and `RewardModel.from_pretrained` over all kinds of models: both open it, or one names the other."""

import inspect

import numpy as np
import pytest
from tiny import tiny_language_model_folder, tiny_model_folder

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import (
    Outputs,
    RewardModel,
    check_backbone,
    check_model,
    combine,
    make_linear_probe,
    open_model,
    resolve,
    save_linear_probe,
)
from plaudit.model.folder.open import OPTIONS
from plaudit.model.linear import LengthFeatures, Linear, LinearModel

GROUP = Group("", "why?", ("because of the air", "so"))


def trained(place):
    RewardModel.from_backbone(tiny_model_folder(place / "base"), max_length=50).save(place / "model")


def checkpoint(place):
    tiny_model_folder(place / "model")


def probe(place):
    base = tiny_language_model_folder(place / "base")
    weights = np.linspace(-1, 1, 64, dtype=np.float32)[None]
    save_linear_probe(make_linear_probe(str(base), Outputs(), weights, max_length=50), place / "model")


def ensemble(place):
    for seed in (0, 1):
        RewardModel.from_pretrained(tiny_model_folder(place / f"base{seed}", seed=seed)).save(place / f"member{seed}")
    combine([place / "member0", place / "member1"], place / "model")


def average(place):
    base = tiny_language_model_folder(place / "base")
    for seed in (0, 1):
        RewardModel.from_backbone(base, seed=seed).save(place / f"member{seed}")
    combine([place / "member0", place / "member1"], place / "model", average=True)


def bag_of_words(place):
    LinearModel(LengthFeatures(), Linear(np.array([1.0]))).save(place / "model")


def language_model(place):
    tiny_language_model_folder(place / "model")


def classifier(place):
    tiny_model_folder(place / "model", config={"num_labels": 2})


def empty(place):
    (place / "model").mkdir()


def nothing(place):
    pass


@pytest.fixture
def folder(tmp_path, request):
    request.param(tmp_path)
    return tmp_path / "model"


def rewards(model):
    return [score.score for score in model.score(GROUP)[0]]


@pytest.mark.parametrize("folder", [trained, checkpoint, probe, average], indirect=True)
def test_what_both_open(folder):
    check_model(folder)
    opened, loaded = open_model(folder), RewardModel.from_pretrained(folder)
    assert isinstance(opened, RewardModel)
    assert rewards(opened) == rewards(loaded)
    assert opened.renderer.max_length == loaded.renderer.max_length
    # Both take the same options.
    options = {"max_length": 40, "chat_template": "turns", "device": "cpu", "precision": "fp32"}
    opened, loaded = open_model(folder, **options), RewardModel.from_pretrained(folder, **options)
    assert rewards(opened) == rewards(loaded)
    assert opened.renderer.max_length == loaded.renderer.max_length == 40


@pytest.mark.parametrize("folder", [trained, probe], indirect=True)
def test_both_remember_the_context_of_training(folder):
    for load in (open_model, RewardModel.from_pretrained):
        assert load(folder).renderer.max_length == 50


@pytest.mark.parametrize(
    ("folder", "holds"), [(ensemble, "an ensemble"), (bag_of_words, "a linear model")], indirect=["folder"]
)
def test_what_only_one_opens_names_it(folder, holds):
    check_model(folder)
    assert len(rewards(open_model(folder))) == 2
    with pytest.raises(PlauditError) as error:
        RewardModel.from_pretrained(folder)
    assert str(error.value) == (
        f"{folder} holds {holds}, which is not one model with a backbone; open it with plaudit.open_model('{folder}')"
    )


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        (language_model, "is not a reward model: it holds LlamaForCausalLM; train one with"),
        (classifier, "is not a reward model: its head has 2 outputs, not 1; train one with"),
        (empty, "has no config.json, so it is no model folder; give one that `plaudit train` wrote"),
        (nothing, "no model folder '"),
    ],
    indirect=["folder"],
)
def test_what_neither_opens_both_refuse_alike(folder, says):
    lines = set()
    for load in (open_model, RewardModel.from_pretrained):
        with pytest.raises(PlauditError) as error:
            load(folder)
        lines.add(str(error.value))
    (line,) = lines
    assert says in line


@pytest.mark.parametrize("name", ["minilm-l6", "smollm2-135m", "frozen:minilm-l6"])
def test_a_backbone_by_name_is_no_trained_model(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for load in (open_model, RewardModel.from_pretrained, check_model):
        with pytest.raises(PlauditError) as error:
            load(name)
        assert str(error.value) == (
            f"{name} is a backbone, not a trained model; train one with `plaudit train DATA --backbone {name}`"
        )


def test_an_option_that_nothing_reads_is_refused_by_every_kind(tmp_path):
    bag_of_words(tmp_path)
    folder = tmp_path / "model"
    assert open_model(folder, precision="bf16").kind == "linear model"
    with pytest.raises(TypeError, match="has no option 'shape'; it has max_length, chat_template"):
        open_model(folder, shape="sigmoid")
    parameters = inspect.signature(RewardModel.from_pretrained).parameters
    assert set(OPTIONS) == {name for name, one in parameters.items() if one.kind is one.KEYWORD_ONLY}


def test_only_where_a_baseline_will_do_is_a_frozen_backbone_proposed():
    with pytest.raises(PlauditError) as error:
        resolve("smollm2-153m")
    assert "frozen:" not in str(error.value)
    with pytest.raises(PlauditError, match="frozen:BACKBONE"):
        check_backbone("bowe")


def test_a_hub_id_is_asked_for_by_both():
    for load in (open_model, RewardModel.from_pretrained):
        with pytest.raises(PlauditError, match="no folder 'nobody/nothing' here, and the hub cannot be asked for it"):
            load("nobody/nothing")
