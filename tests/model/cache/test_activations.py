"""Kept states of frozen layers: the features and gradients of a network that computes every layer, and when not to."""

import importlib
import logging

import numpy as np
import pytest
import torch
from tiny import DECODERS, ENCODERS, tiny_language_model_folder, tiny_model_folder
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.model import RewardModel, freeze
from plaudit.model.cache import activations as module
from plaudit.model.cache.activations import CachedLayout, cached_layout
from plaudit.model.layouts.forest import ForestLayout
from plaudit.model.trainable import layers

# `plaudit.training` has a function of the module's name.
train_module = importlib.import_module("plaudit.training.reward_model")
SETTINGS = {
    "trainable": "last:1",
    "learning_rate": 0.01,
    "epochs": 2,
    "hand": 3,
    "groups_per_step": 4,
    "evaluate_every": 1,
    "validation_share": 0.2,
    "precision": "fp32",
    "report_to": "none",
    "baselines": "none",
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache" / "states"


@pytest.fixture
def model(tmp_path):
    return frozen(RewardModel.from_backbone(toy_backbone(tmp_path / "backbone", layers=3)))


def frozen(model, trainable="last:1"):
    freeze(model.network, trainable)
    return model


def rendered(model, count=5, **groups):
    return list(model.renderer.render(toy_groups(count, responses=4, **groups)))


def read_by_hands(model, items):
    """Features of hands of three of each group's responses, in one forest, and the gradients of all parameters."""
    network = model.network
    trees = [network.grow(item.sequences[1:], item.types and item.types[1:]) for item in items]
    network.zero_grad()
    features = network.features(trees)
    features.square().mean().backward()
    return features.detach(), {n: p.grad.clone() for n, p in network.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("family", [*DECODERS, *ENCODERS])
def test_features_and_gradients_are_those_of_all_layers(family, tmp_path):
    make = tiny_language_model_folder if family in DECODERS else tiny_model_folder
    model = frozen(RewardModel.from_backbone(make(tmp_path / family, family, config={"pad_token_id": 1})))
    network, items = model.network, rendered(model)
    calls = count_calls(network)
    plain, gradients = read_by_hands(model, items)
    assert calls
    # A budget that splits trees: the file must not care how its rows were computed.
    network.layout = cached_layout(model, items, 64)
    assert isinstance(network.layout, CachedLayout)
    calls.clear()
    kept, own = read_by_hands(model, items)
    assert calls == []
    assert torch.allclose(kept, plain, rtol=0, atol=1e-5 * float(plain.abs().max()))
    assert gradients.keys() == own.keys()
    assert all(p.grad is None for layer in list(layers(network))[:-1] for p in layer.parameters())
    assert any(p.grad.abs().max() > 0 for p in layers(network)[-1].parameters())
    for name, gradient in gradients.items():
        assert torch.allclose(own[name], gradient, rtol=0, atol=1e-5 * max(1.0, float(gradient.abs().max()))), name


def count_calls(network):
    """One entry whenever the lowest layer computes, told by the first module inside it."""
    calls = []
    next(layers(network)[0].children()).register_forward_hook(lambda *_: calls.append(1))
    return calls


@pytest.fixture
def computed_in_training(monkeypatch):
    """`count_calls` of all runs of `plaudit.train`, from when the states are known."""
    runs = []

    def counted(model, *given, **options):
        kept = cached_layout(model, *given, **options)
        runs.append(count_calls(model.network))
        return kept

    monkeypatch.setattr(train_module, "cached_layout", counted)
    return runs


@pytest.mark.parametrize("more", [{}, {"gradient_checkpointing": True}], ids=["plain", "checkpointing"])
def test_a_run_ends_with_the_same_weights_and_the_next_reads_the_file(
    more, tmp_path, monkeypatch, computed_in_training, cache
):
    backbone, groups = toy_backbone(tmp_path / "backbone", layers=3), toy_groups(20, responses=5)
    first = plaudit.train(groups, tmp_path / "first", backbone, **SETTINGS, **more)
    assert type(first.network.layout) is ForestLayout
    # Another seed learns from other groups, in another order, and reads the same file.
    (file,) = cache.iterdir()
    written = file.stat().st_mtime_ns
    plaudit.train(groups, tmp_path / "second", backbone, **SETTINGS, **more, seed=1)
    assert list(cache.iterdir()) == [file]
    assert file.stat().st_mtime_ns == written
    assert computed_in_training == [[], []]
    monkeypatch.setattr(train_module, "cached_layout", lambda *_, **__: None)
    plain = plaudit.train(groups, tmp_path / "plain", backbone, **SETTINGS, **more)
    start = RewardModel.from_backbone(backbone)
    for (name, kept), other in zip(first.network.named_parameters(), plain.network.parameters(), strict=True):
        assert torch.allclose(kept, other, rtol=0, atol=1e-5), name
        learned = not torch.equal(kept, start.network.get_parameter(name))
        assert learned == ("layers.2." in name or name in ("model.model.norm.weight", "model.score.weight")), name
    assert abs(first.record["validation"]["loss"] - plain.record["validation"]["loss"]) < 1e-5


def test_responses_that_are_not_known_are_computed(model):
    items = rendered(model)
    network = model.network
    plain = network.features(model.trees(rendered(model, seed=1)))
    network.layout = cached_layout(model, items, 512)
    assert torch.equal(network.features(model.trees(rendered(model, seed=1))), plain)


def test_other_lower_weights_depths_and_groupings_share_no_file(model, cache):
    items = rendered(model)
    cached_layout(model, items, 512)
    with torch.no_grad():
        layers(model.network)[2].mlp.up_proj.weight.add_(1)
    cached_layout(model, items[::-1], 64)
    assert len(list(cache.iterdir())) == 1  # what learns, the order and the budget do not count
    with torch.no_grad():
        layers(model.network)[1].mlp.up_proj.weight.add_(1)
    cached_layout(model, items, 512)
    cached_layout(frozen(model, "last:2"), items, 512)
    cached_layout(model, items[1:], 512)
    assert len(list(cache.iterdir())) == 4


def test_a_file_holds_a_trunk_once(model, cache):
    items = rendered(model)
    cached_layout(model, items, 512)
    (file,) = cache.iterdir()
    assert np.load(file, mmap_mode="r").shape == (sum(map(len, model.trees(items))), 16)
    assert sum(map(len, model.trees(items))) < sum(len(sequence) for item in items for sequence in item.sequences)


def fallback(caplog, model, **options):
    with caplog.at_level(logging.INFO, "plaudit"):
        assert cached_layout(model, rendered(model), 512, **options) is None
    (line,) = [record.getMessage() for record in caplog.records if "computed in every pass" in record.getMessage()]
    return line


def test_dropout_is_computed_anew(caplog, model):
    assert "dropout" in fallback(caplog, model, dropout=True)


def test_a_file_too_large_is_not_written(caplog, model, monkeypatch, cache):
    monkeypatch.setattr(module, "_MOST_BYTES", 100)
    assert "GB" in fallback(caplog, model)
    assert not cache.exists()


def test_nothing_is_kept_where_every_layer_learns(caplog, model):
    assert "0 of 3 layers" in fallback(caplog, frozen(model, "last:3"))


def test_padded_models_compute(caplog, tmp_path):
    model = frozen(RewardModel.from_backbone(tiny_model_folder(tmp_path / "falcon", "falcon")))
    assert "cannot use forests" in fallback(caplog, model)


def test_architectures_that_the_check_breaks_compute(caplog, model, monkeypatch):
    def fail(*_):
        raise KeyError("hidden_states")

    monkeypatch.setattr(module, "_entering", fail)
    assert "KeyError: 'hidden_states'" in fallback(caplog, model)
    assert type(model.network.layout) is ForestLayout


def test_states_that_change_between_two_forwards_are_not_kept(caplog, model):
    drift = iter(range(100))
    layers(model.network)[1].register_forward_hook(lambda layer, given, states: states + next(drift))
    assert "features differ" in fallback(caplog, model)
