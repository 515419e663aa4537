"""Features of a frozen backbone: computed once, kept in files, shared between lists of responses."""

import numpy as np
import pytest
from toys import toy_backbone, toy_groups

from plaudit.model import RewardModel
from plaudit.model.cache import features as module
from plaudit.model.cache.features import cached_features, shared_features


@pytest.fixture
def model(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "cache")
    return RewardModel.from_backbone(toy_backbone(tmp_path / "backbone"))


@pytest.fixture
def items(model):
    return list(model.renderer.render(toy_groups(6)))


@pytest.fixture
def forwards(model, monkeypatch):
    """How often the backbone was asked."""
    asked = []
    compute = model.features
    monkeypatch.setattr(model, "features", lambda *given: asked.append(len(given[0])) or compute(*given))
    return asked


def test_a_list_is_computed_once(model, items, forwards):
    first = cached_features(model, items, 512)
    assert np.array_equal(first, cached_features(model, items, 512))
    assert np.array_equal(first, model.features(items, 512))
    assert forwards == [6, 6]  # the second by the line above, past the cache


def test_shared_features_serve_every_part_of_a_list(model, items, forwards):
    with shared_features():
        whole = cached_features(model, items, 512)
        part = cached_features(model, [items[4], items[1]], 512)
        assert forwards == [6]
        assert np.array_equal(part, whole[[8, 9, 2, 3]])
    cached_features(model, items[:2], 512)
    assert forwards == [6, 2]


def test_another_backbone_shares_nothing(model, items, forwards):
    with shared_features():
        cached_features(model, items, 512)
        next(model.network.model.model.parameters()).data.add_(0.5)
        cached_features(model, items[:1], 512)
    assert forwards == [6, 1]
