"""What a run passes through to transformers' trainer, and what of it transformers refuses."""

import pytest
import torch
from transformers import TrainingArguments

from plaudit.errors import PlauditError
from plaudit.training import PretrainingSettings, TrainingSettings
from plaudit.training.run.training_run import Schedule, TrainingRun

SCHEDULE = Schedule(steps=100, evaluate_every=20, learning_rate=0.001, validated=True)


def arguments_of(tmp_path, **settings):
    settings = TrainingSettings(report_to="none", precision="fp32", **settings)
    run = TrainingRun(tmp_path, settings, {}, resume=False, overwrite=False)
    return run.arguments(TrainingArguments, SCHEDULE, max_steps=100)


def test_what_is_not_ours_is_passed_through(tmp_path):
    arguments = arguments_of(
        tmp_path, trainer={"lr_scheduler_type": "cosine", "save_total_limit": 5, "run_name": "one"}
    )
    assert arguments.lr_scheduler_type == "cosine"
    assert (arguments.save_total_limit, arguments.run_name) == (5, "one")


def test_what_a_run_decides_without_being_asked(tmp_path):
    arguments = arguments_of(tmp_path)
    assert (arguments.learning_rate, arguments.warmup_steps, arguments.eval_steps) == (0.001, 10, 20)
    assert (arguments.lr_scheduler_type, arguments.save_total_limit) == ("linear", 2)
    assert arguments.load_best_model_at_end


def test_what_transformers_refuses_is_one_line(tmp_path):
    with pytest.raises(PlauditError, match=r"transformers refuses trainer\.lr_scheduler_type: ") as caught:
        arguments_of(tmp_path, trainer={"lr_scheduler_type": "zigzag"})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("variable", "says"),
    [
        ("ACCELERATE_USE_DEEPSPEED", "DeepSpeed takes an optimiser step after every forest"),
        ("ACCELERATE_USE_FSDP", "plaudit shards by itself; start with torchrun"),
    ],
)
@pytest.mark.parametrize("settings", [TrainingSettings(), PretrainingSettings()], ids=["train", "pretrain"])
def test_another_tool_s_sharding_is_refused_in_a_line(tmp_path, monkeypatch, variable, says, settings):
    monkeypatch.setenv(variable, "true")
    run = TrainingRun(tmp_path / "new", settings, {}, resume=False, overwrite=False)
    with pytest.raises(PlauditError, match=says) as caught:
        run.open()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (MemoryError(), r"memory ran out \(no more is known\); let less be computed at once"),
        (RuntimeError("CUDA out of memory.\nTried to allocate 2 GiB"), r"memory ran out \(CUDA out of memory. Tried"),
        (torch.distributed.DistBackendError("ncclRemoteError"), "another process of this run has ended"),
    ],
)
def test_what_ends_a_process_from_outside_is_a_line(tmp_path, error, says):
    run = TrainingRun(tmp_path / "new", TrainingSettings(), {}, resume=False, overwrite=False)
    with pytest.raises(PlauditError, match=says + ".*; nothing was saved yet$") as caught, run.whole_or_gone():
        raise error
    assert "\n" not in str(caught.value)


def test_a_defect_stays_one(tmp_path):
    run = TrainingRun(tmp_path / "new", TrainingSettings(), {}, resume=False, overwrite=False)
    with pytest.raises(RuntimeError, match="shapes"), run.whole_or_gone():
        raise RuntimeError("shapes do not match")
