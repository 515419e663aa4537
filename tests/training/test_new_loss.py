"""A new loss is one file: a function and a row in the table, and a run can be asked for it by name."""

import sys
import types

import pytest
import torch
from toys import accuracy, toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.losses import RANKING_LOSSES
from plaudit.training import TrainingSettings

ONE_FILE = '''
import torch

from plaudit.losses import RANKING_LOSSES, RankingLoss


def exponential(gap, tie):
    """exp(-gap), as in RankBoost (Freund et al. 2003); a tie says nothing."""
    return torch.where(tie, 0.0, torch.exp(-gap))


RANKING_LOSSES.register("exponential", RankingLoss(function=exponential, unit="comparisons"))
'''


@pytest.fixture
def exponential(monkeypatch):
    monkeypatch.setattr(RANKING_LOSSES, "_entries", dict(RANKING_LOSSES))
    module = types.ModuleType("exponential_loss")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(ONE_FILE, module.__dict__)
    return module.exponential


def test_a_run_learns_by_a_loss_of_ones_own(exponential, tmp_path):
    backbone = toy_backbone(tmp_path / "backbone")
    options = {"learning_rate": 0.01, "groups_per_step": 16, "report_to": "none", "baselines": "none"}
    model = plaudit.train(toy_groups(160), tmp_path / "out", backbone, loss="exponential", **options)
    assert accuracy(model, toy_groups(60, seed=9)) > 0.9
    assert exponential(torch.tensor([0.0]), torch.tensor([False])) == 1


def test_it_takes_no_setting_that_it_does_not_name(exponential):
    with pytest.raises(PlauditError, match="the loss exponential has no margin"):
        TrainingSettings(loss="exponential", margin=1.0)


def test_without_its_file_there_is_no_such_loss():
    with pytest.raises(PlauditError, match="loss is 'exponential'; it must be one of bradley-terry"):
        TrainingSettings(loss="exponential")
