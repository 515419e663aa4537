"""Forests as large as a GPU has room for. There is no GPU here: what it has free is told."""

import pytest
import torch
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.model import RewardModel, freeze, settle_attention
from plaudit.training import TrainingSettings
from plaudit.training.planning import room
from plaudit.training.planning.footprint import measure_costs
from plaudit.training.planning.memory import USABLE, memory_of
from plaudit.training.planning.workload import Amount
from plaudit.training.run.training_run import TrainingRun

QUICK = {"epochs": 1, "validation_share": 0.0, "precision": "fp32", "report_to": "none", "baselines": "none"}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """The `batch_tokens` of a run of a toy whose GPU has so many bytes free."""

    def of(free, attention="varlen", **settings):
        model = RewardModel.from_backbone(toy_backbone(tmp_path / "backbone"))
        freeze(model.network, "layers")
        settle_attention(model.network, attention)
        monkeypatch.setattr(room, "free_memory", lambda device: free)
        run = TrainingRun(tmp_path / "run", TrainingSettings(**QUICK, **settings), {}, resume=False, overwrite=False)
        room.settle_batch_tokens(run, model.network)
        return run.settings.batch_tokens, model.network

    return of


def test_one_step_more_would_not_fit(chosen):
    free = 60_000_000
    tokens, network = chosen(free)
    settings = TrainingSettings(**QUICK)
    costs = measure_costs(network.config, network.outputs, settings, bf16=False)

    def beside_the_weights(size):
        forest = Amount(trees=1, responses=2, tokens=size, whole=size, pairs=0, copied=0)
        memory = memory_of(costs, settings, forest, layers=network.config.num_hidden_layers, bf16=False)
        return memory.total - memory.weights

    assert tokens % 1024 == 0
    # A response keeps some bytes of its own, less than a token.
    assert beside_the_weights(tokens) <= USABLE * free + 1e4
    assert beside_the_weights(tokens + 1024) > USABLE * free


def test_more_room_is_larger_forests_up_to_a_limit(chosen):
    sizes = [chosen(free)[0] for free in (30_000_000, 60_000_000, 10**12)]
    assert sizes == sorted(set(sizes)) and sizes[-1] == 65536


@pytest.mark.parametrize(
    ("free", "options", "tokens"),
    [
        (None, {}, None),
        (10**12, {"batch_tokens": 77}, 77),
        (10**12, {"attention": "segments"}, None),
        # Nothing fits: the run begins as a CPU's would, and fails or not by itself.
        (1000, {}, None),
    ],
    ids=["cpu", "asked for", "segments", "no room"],
)
def test_the_default_stays(chosen, free, options, tokens):
    assert chosen(free, **options)[0] == tokens
    assert TrainingSettings().forward_tokens == 2048


def test_a_run_learns_the_same_in_the_forests_it_chooses(tmp_path, monkeypatch):
    backbone, groups = toy_backbone(tmp_path / "backbone"), toy_groups(20, responses=3)
    settings = {**QUICK, "attention": "varlen", "learning_rate": 0.01}
    alone = plaudit.train(groups, tmp_path / "one", backbone, batch_tokens=60, **settings)
    monkeypatch.setattr(room, "free_memory", lambda device: 10**9)
    sizes = []
    features = type(alone.network).features
    monkeypatch.setattr(
        type(alone.network), "features", lambda self, trees: sizes.append(sum(map(len, trees))) or features(self, trees)
    )
    free = plaudit.train(groups, tmp_path / "two", backbone, **settings)
    assert max(sizes) > 60
    for one, two in zip(alone.network.parameters(), free.network.parameters(), strict=True):
        assert torch.allclose(one, two, atol=1e-4)
