"""Optimisers by name: what transformers is told, what their moments take, what is refused."""

import pytest
import torch
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.errors import PlauditError
from plaudit.training import FineTuningSettings, PretrainingSettings, TrainingSettings
from plaudit.training.run.optimizer import OPTIMIZERS, check_optimizer, optimizer_arguments

QUICK = {
    "epochs": 1,
    "validation_share": 0.0,
    "groups_per_step": 16,
    "report_to": "none",
    "baselines": "none",
}


def test_what_transformers_is_told():
    assert optimizer_arguments("adamw") == {}
    assert optimizer_arguments("adamw-8bit") == {"optim": "adamw_8bit"}
    assert optimizer_arguments("paged-adamw-8bit") == {"optim": "paged_adamw_8bit"}


@pytest.mark.parametrize("settings", [TrainingSettings, PretrainingSettings, FineTuningSettings])
def test_every_training_has_the_setting(settings):
    assert settings(optimizer="adamw-8bit").optimizer == "adamw-8bit"
    with pytest.raises(PlauditError, match=r"trainer\.optim is not passed through; it is called optimizer here"):
        settings(trainer={"optim": "adamw_8bit"})


def test_without_a_gpu_there_is_nothing_to_page():
    with pytest.raises(PlauditError, match="there is no GPU; use adamw-8bit"):
        check_optimizer("paged-adamw-8bit")


def test_moments_of_eight_bits_take_what_the_table_says():
    """bitsandbytes' own state of a matrix that it quantises, counted."""
    bnb = pytest.importorskip("bitsandbytes")
    matrix = torch.nn.Parameter(torch.randn(256, 512))
    optimizer = bnb.optim.AdamW8bit([matrix])
    matrix.square().sum().backward()
    optimizer.step()
    state = optimizer.state[matrix]
    # The two maps from codes to numbers are of one size for every matrix.
    kept = sum(state[name].nbytes for name in ("state1", "state2", "absmax1", "absmax2"))
    assert kept == pytest.approx(OPTIMIZERS["adamw-8bit"].moment_bytes * matrix.numel(), rel=1e-3)


def test_a_run_steps_with_moments_of_eight_bits(tmp_path, monkeypatch):
    pytest.importorskip("bitsandbytes")
    import bitsandbytes as bnb

    steps = []
    step = bnb.optim.AdamW.step
    monkeypatch.setattr(bnb.optim.AdamW, "step", lambda self, *rest: (steps.append(self), step(self, *rest))[1])
    model = plaudit.train(
        toy_groups(64), tmp_path / "out", toy_backbone(tmp_path / "b"), optimizer="adamw-8bit", **QUICK
    )
    assert len(steps) == model.record["steps"]
