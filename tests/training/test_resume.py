"""A run's folder: interrupted, killed, resumed, full, taken."""

import errno
import json
import os
import re
import signal
import time
from functools import partial
from pathlib import Path

import forking
import pytest
import torch
from toys import toy_backbone, toy_groups
from transformers import Trainer, TrainerCallback

import plaudit
from plaudit.data import write_groups
from plaudit.errors import PlauditError
from plaudit.training.run.folder import whole_checkpoints

GROUPS = toy_groups(44, annotator="ann")
# 40 learned from in steps of 8: 5 steps a pass, 15 in all, a checkpoint and a look every 2.
OPTIONS = {
    "learning_rate": 0.01,
    "epochs": 3,
    "groups_per_step": 8,
    "evaluate_every": 0.4,
    "report_to": "none",
    "precision": "fp32",
}


class StopAfter(TrainerCallback):
    """Fails a run in the middle, in a place of one's choosing."""

    def __init__(self, step: int, error: BaseException) -> None:
        self.step, self.error = step, error

    def on_step_end(self, args, state, control, **_):
        if state.global_step == self.step:
            raise self.error


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"), dropout=0.1)


def train(folder, backbone, groups=GROUPS, **changes):
    options = {"resume": False, "overwrite": False, **OPTIONS, **changes}
    return plaudit.train(groups, folder, backbone, **options)


def interrupted(monkeypatch, folder, backbone, step, error=None, **changes):
    """A run that ends in an error after `step` steps."""
    error = error or KeyboardInterrupt()
    start = Trainer.train

    def failing(self, *arguments, **options):
        self.add_callback(StopAfter(step, error))
        return start(self, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "train", failing)
        with pytest.raises((type(error), PlauditError)) as caught:
            train(folder, backbone, **changes)
    return caught.value


def weights(folder):
    from safetensors.torch import load_file

    return load_file(Path(folder) / "model.safetensors")


def same(one, other):
    assert one.keys() == other.keys()
    return all(torch.equal(one[name], other[name]) for name in one)


def lines(text):
    """Progress lines by step: what was logged, and each look at the held-out set."""
    return re.findall(r"^(step \d+/\d+: .*)$", text, re.MULTILINE)


@pytest.fixture(scope="module")
def uninterrupted(backbone, tmp_path_factory):
    folder = tmp_path_factory.mktemp("uninterrupted")
    train(folder, backbone)
    return folder


CHANGES = {
    "plain": {},
    "dropout": {"dropout": True},
    "lora": {"trainable": "lora:4"},
    "frozen": {"trainable": "head"},
    "heads": {"heads": 3},
    "whole rankings": {"loss": "plackett-luce"},
    "annotators": {"annotators": True},
}


@pytest.mark.parametrize("changes", CHANGES.values(), ids=CHANGES)
def test_a_resumed_run_ends_as_an_uninterrupted_one(backbone, tmp_path, monkeypatch, capsys, changes):
    changes = {**changes, "patience": 0}
    train(tmp_path / "whole", backbone, **changes)
    before = lines(capsys.readouterr().err)
    interrupted(monkeypatch, tmp_path / "parts", backbone, 5, **changes)
    assert [path.name for path in whole_checkpoints(tmp_path / "parts")][-1] == "checkpoint-4"
    capsys.readouterr()
    train(tmp_path / "parts", backbone, resume=True, **changes)
    after = [line for line in lines(capsys.readouterr().err) if "validation" in line]
    assert after == [line for line in before if "validation" in line][-len(after) :]
    assert len(after) == 6
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_patience_is_remembered_over_a_resume(backbone, tmp_path, monkeypatch):
    from plaudit.groups import Group, Ranking

    contrary = [
        Group(g.id, g.prompt, g.responses, tuple(Ranking(r.tiers[::-1]) for r in g.rankings))
        for g in toy_groups(12, seed=9)
    ]
    options = {"validation_groups": contrary, "patience": 3, "epochs": 6}
    train(tmp_path / "whole", backbone, **options)
    interrupted(monkeypatch, tmp_path / "parts", backbone, 5, **options)
    train(tmp_path / "parts", backbone, resume=True, **options)
    records = [json.loads((tmp_path / name / "plaudit.json").read_text()) for name in ("whole", "parts")]
    assert records[0]["steps"] == records[1]["steps"] < 33
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "parts"))


def test_a_half_written_checkpoint_is_passed_over(backbone, tmp_path, monkeypatch, uninterrupted):
    for damage in ("trainer_state.json is missing", "trainer_state.json is cut"):
        folder = tmp_path / damage.replace(" ", "-")
        interrupted(monkeypatch, folder, backbone, 7)
        newest = whole_checkpoints(folder)[-1]
        state = newest / "trainer_state.json"
        if "missing" in damage:
            state.unlink()
        else:
            state.write_bytes(state.read_bytes()[:100])
        (newest / "model.safetensors").write_bytes(b"torn")
        assert newest not in whole_checkpoints(folder)
        train(folder, backbone, resume=True)
        assert same(weights(folder), weights(uninterrupted))


def test_a_run_is_resumed_from_elsewhere(backbone, tmp_path, monkeypatch, uninterrupted):
    interrupted(monkeypatch, tmp_path / "here", backbone, 13)
    (tmp_path / "here").rename(tmp_path / "there")
    train(tmp_path / "there", backbone, resume=True)
    assert same(weights(tmp_path / "there"), weights(uninterrupted))
    assert not (tmp_path / "here").exists()


CHANGED = {
    "data": ({"groups": toy_groups(43)}, r"its data was '\w+', now '\w+'"),
    "held-out data": ({"validation_groups": toy_groups(5)}, r"its validation_data was None, now '\w+'"),
    "settings": ({"epochs": 4, "seed": 2}, "its settings was epochs=3, now 4; seed=0, now 2; resume with what it was"),
}


def test_a_run_resumes_only_as_what_it_was(backbone, tmp_path, monkeypatch):
    interrupted(monkeypatch, tmp_path, backbone, 5)
    for changes, says in CHANGED.values():
        with pytest.raises(PlauditError, match=says) as caught:
            train(tmp_path, backbone, resume=True, **changes)
        assert "\n" not in str(caught.value)
    with pytest.raises(PlauditError, match="its backbone was"):
        train(tmp_path, toy_backbone(tmp_path / "other"), resume=True)
    # What only bounds memory or shows curves may change.
    train(tmp_path, backbone, resume=True, batch_tokens=64)


def test_finished_runs_and_taken_folders(backbone, tmp_path, monkeypatch, uninterrupted, caplog):
    with pytest.raises(PlauditError, match="is finished; there is nothing to resume"):
        train(uninterrupted, backbone, resume=True)
    with pytest.raises(PlauditError, match="holds a trained model; choose another folder, or replace it with --over"):
        train(uninterrupted, backbone)
    interrupted(monkeypatch, tmp_path, backbone, 5)
    with pytest.raises(PlauditError, match=r"holds an unfinished run \(go on with --resume\)"):
        train(tmp_path, backbone)
    train(tmp_path, backbone, overwrite=True, epochs=1)
    assert json.loads((tmp_path / "plaudit.json").read_text())["steps"] == 5
    caplog.clear()
    train(tmp_path / "new", backbone, resume=True, epochs=1)
    assert "holds no whole checkpoint; the run starts from the beginning" in caplog.text


def test_what_else_stands_in_the_folder_is_left_alone(backbone, tmp_path):
    mine = tmp_path / "checkpoints" / "of-my-own.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    (tmp_path / "notes.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(PlauditError, match="no model folder: it holds checkpoints"):
            train(tmp_path, backbone, epochs=1, overwrite=overwrite)
    assert mine.read_text() == (tmp_path / "notes.txt").read_text() == "mine"
    assert [path.name for path in mine.parent.iterdir()] == ["of-my-own.txt"]


def test_a_folder_that_cannot_be_written(backbone, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(PlauditError, match=r"it cannot be written: .* is a file, not a folder"):
        train(tmp_path / "file", backbone)
    assert (tmp_path / "file").read_text() == ""


def test_a_disk_that_is_full_at_a_checkpoint(backbone, tmp_path, monkeypatch, uninterrupted):
    save = Trainer._save_optimizer_and_scheduler
    full = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def failing(self, output_dir):
        if self.state.global_step == 6:
            raise full
        save(self, output_dir)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_save_optimizer_and_scheduler", failing)
        with pytest.raises(PlauditError, match=r"No space left on device.*make room and go on with --resume") as caught:
            train(tmp_path, backbone)
    assert "\n" not in str(caught.value)
    assert [path.name for path in whole_checkpoints(tmp_path)] == ["checkpoint-2", "checkpoint-4"]
    train(tmp_path, backbone, resume=True)
    assert same(weights(tmp_path), weights(uninterrupted))


def test_a_disk_that_is_full_when_torch_writes(backbone, tmp_path, monkeypatch):
    # What torch.save raises on a full disk is no OSError.
    error = RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 704 vs 598: file write failed")
    raised = interrupted(monkeypatch, tmp_path, backbone, 5, error)
    assert isinstance(raised, PlauditError)
    assert "make room and go on with --resume" in str(raised)


def test_another_error_is_not_taken_for_a_full_disk(backbone, tmp_path, monkeypatch):
    raised = interrupted(monkeypatch, tmp_path, backbone, 5, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not isinstance(raised, PlauditError)


def test_a_file_that_fails_is_told_with_how_to_go_on(backbone, tmp_path, monkeypatch):
    raised = interrupted(monkeypatch, tmp_path, backbone, 5, PermissionError(errno.EACCES, "Permission denied", "x"))
    assert str(raised) == "the run stopped at step 5 ([Errno 13] Permission denied: 'x'); go on with --resume"


def test_an_interrupt_while_the_model_is_saved_says_how_to_go_on(
    backbone, tmp_path, monkeypatch, caplog, uninterrupted
):
    def interrupt(self, *_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("transformers.LlamaForSequenceClassification.save_pretrained", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, backbone)
    assert caplog.messages[-1] == "interrupted while the model was saved; go on with --resume"
    train(tmp_path, backbone, resume=True)
    assert same(weights(tmp_path), weights(uninterrupted))


def test_a_disk_that_is_full_at_the_end_leaves_the_old_model(backbone, tmp_path, monkeypatch):
    train(tmp_path, backbone, epochs=1)
    before = weights(tmp_path)

    def full(self, *_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("transformers.LlamaForSequenceClassification.save_pretrained", full)
        with pytest.raises(PlauditError, match=r"No space left on device.*what was there before is unchanged"):
            train(tmp_path, backbone, overwrite=True, epochs=2)
    assert same(weights(tmp_path), before)
    assert not list(tmp_path.glob(".part-*"))
    # The training is not lost: its last checkpoint is there.
    train(tmp_path, backbone, resume=True, epochs=2)
    assert json.loads((tmp_path / "plaudit.json").read_text())["steps"] == 10


# --- from outside -----------------------------------------------------------------------------------------------

# Long enough to be killed in the middle.
LONG = {"epochs": 12, "patience": 0}


@pytest.fixture
def command(backbone, tmp_path):
    write_groups(GROUPS, tmp_path / "data.jsonl")
    settings = [f"--set={name}={value}" for name, value in {**OPTIONS, **LONG}.items()]
    return ["train", tmp_path / "data.jsonl", "-o", tmp_path / "out", "--backbone", backbone, *settings]


class WaitAtTheEnd(TrainerCallback):
    def on_step_begin(self, args, state, control, **_):
        if state.global_step == state.max_steps - 1:
            time.sleep(600)


def waiting_at_the_end(call):
    """A run in a process of its own, which whoever ends it late finds before its last step."""
    start = Trainer.train

    def waiting(self, *arguments, **options):
        self.add_callback(WaitAtTheEnd())
        return start(self, *arguments, **options)

    Trainer.train = waiting
    call()


def running(command, folder, count):
    """Start a run, and wait until it has a whole checkpoint of step `count` or a later one."""
    call = partial(waiting_at_the_end, forking.command(*command))
    process = forking.start(call, folder.parent / "log", folder.parent / "log")
    while process.is_alive() and not any(
        int(path.name.rpartition("-")[2]) >= count for path in whole_checkpoints(folder)
    ):
        time.sleep(0.002)
    return process


def test_killed_and_resumed(command, backbone, tmp_path):
    process = running(command, tmp_path / "out", 4)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "out" / "plaudit.json").exists()
    finished = forking.run(*command, "--resume")
    assert finished.returncode == 0, finished.stderr
    assert "Traceback" not in finished.stderr
    train(tmp_path / "whole", backbone, **LONG)
    assert same(weights(tmp_path / "out"), weights(tmp_path / "whole"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c(command, tmp_path, number):
    process = running(command, tmp_path / "out", 2)
    os.kill(process.pid, number)
    process.join()
    said = (tmp_path / "log").read_text()
    assert process.exitcode == 130, said
    assert "Traceback" not in said
    last = said.strip().splitlines()[-1]
    assert re.fullmatch(r"plaudit: interrupted.*", last), said
    assert "--resume" in said
    assert whole_checkpoints(tmp_path / "out")
