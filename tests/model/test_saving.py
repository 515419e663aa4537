"""Saving replaces a model whole or not at all."""

import json
import os
import resource
import signal
import sys
from pathlib import Path

import pytest
import torch
from forking import start
from tiny import tiny_model_folder

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel
from plaudit.model.folder.write import staged
from plaudit.storage import RECORD_FILE

GROUP = Group("", "why?", ("because of the air", "so"))


def scores(model):
    return [s.score for s in model.score(GROUP)[0]]


@pytest.fixture
def saved(tmp_path):
    """A folder with one model, and another model to save over it."""
    RewardModel.from_pretrained(tiny_model_folder(tmp_path / "one")).save(tmp_path / "model")
    other = RewardModel.from_pretrained(tiny_model_folder(tmp_path / "two", seed=1))
    return tmp_path / "model", other


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_a_folder_holds(saved):
    folder, model = saved
    model.save(folder, card="# A card\n", overwrite=True)
    assert (folder / "README.md").read_text() == "# A card\n"
    record = json.loads((folder / RECORD_FILE).read_text())
    assert record["plaudit"] == "model"
    assert record["pooled_token"] == "last"
    assert (record["max_length"], record["dtype"]) == (256, "float32")
    assert len(record["template"]) == 16
    assert {"python", "torch", "transformers", "plaudit"} <= set(record["versions"])
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForSequenceClassification"]
    assert (folder / "model.safetensors").is_file()
    assert (folder / "chat_template.jinja").is_file()
    assert not list(folder.glob("*.bin"))
    assert not list(folder.glob(".part-*"))


def test_a_folder_is_replaced(saved):
    folder, other = saved
    before = scores(RewardModel.from_pretrained(folder))
    other.save(folder, overwrite=True)
    after = scores(RewardModel.from_pretrained(folder))
    assert after == pytest.approx(scores(other), rel=1e-5)
    assert after != pytest.approx(before, rel=1e-2)


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
@pytest.mark.parametrize("where", ["the model", "the tokenizer", "the record"])
def test_a_failure_leaves_the_old_model_whole(saved, monkeypatch, failure, where):
    folder, other = saved
    before = files(folder)

    def fail(*_, **__):
        raise failure

    def half(save):
        def write(target, *rest, **more):
            save(target, *rest, **more)
            raise failure

        return write

    if where == "the record":
        monkeypatch.setattr(Path, "write_text", fail)
    else:
        writer = other.network.model if where == "the model" else other.tokenizer
        monkeypatch.setattr(writer, "save_pretrained", half(writer.save_pretrained))
    expected = KeyboardInterrupt if isinstance(failure, KeyboardInterrupt) else PlauditError
    with pytest.raises(expected) as error:
        other.save(folder, overwrite=True)
    if expected is PlauditError:
        assert "No space left on device" in str(error.value)
        assert "unchanged" in str(error.value)
    monkeypatch.undo()
    assert files(folder) == before
    # And the model that could not be saved there can be saved elsewhere.
    other.save(folder.parent / "elsewhere")
    assert scores(RewardModel.from_pretrained(folder.parent / "elsewhere")) == pytest.approx(scores(other), rel=1e-5)


def test_a_full_disk(saved, tmp_path):
    # A real one as far as the process can tell: no file may grow past 20 kB, and the weights are larger.
    folder, _ = saved
    before = files(folder)

    def save():
        model = RewardModel.from_pretrained(folder.parent / "two")
        # Bytecode that was cut at the limit would be read by whoever imports that module next.
        sys.dont_write_bytecode = True
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
        try:
            model.save(folder, overwrite=True)
        except PlauditError as error:
            sys.exit(f"refused: {error}")

    process = start(save, tmp_path / "out", tmp_path / "error")
    process.join()
    assert process.exitcode == 1
    (line,) = [line for line in (tmp_path / "error").read_text().splitlines() if line.startswith("refused: ")]
    assert "what was there before is unchanged" in line
    assert "too large" in line
    assert files(folder) == before


def test_a_file_in_the_way(saved):
    folder, other = saved
    with pytest.raises(PlauditError, match=r"it cannot be written: .* is a file"):
        other.save(folder / "config.json")
    with pytest.raises(PlauditError, match=r"it cannot be written: .* is a file"):
        other.save(folder / "config.json" / "deeper")


def test_stale_shards_are_removed_and_other_files_stay(saved):
    folder, other = saved
    for name in (
        "model-00001-of-00002.safetensors",
        "model-00002-of-00002.safetensors",
        "model.safetensors.index.json",
    ):
        (folder / name).write_text("old")
    (folder / "notes.txt").write_text("mine")
    other.save(folder, overwrite=True)
    assert sorted(path.name for path in folder.glob("model*")) == ["model.safetensors"]
    assert (folder / "notes.txt").read_text() == "mine"
    assert scores(RewardModel.from_pretrained(folder)) == pytest.approx(scores(other), rel=1e-5)


def test_a_new_folder_may_be_deep(saved):
    folder, other = saved
    other.save(folder / "a" / "b")
    assert (folder / "a" / "b" / "config.json").is_file()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_renames(tmp_path, monkeypatch, number):
    """Ctrl-C or SIGTERM between two renames: all are made, then it arrives."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    renamed = []
    replace = Path.replace

    def interrupted(self, target):
        renamed.append(replace(self, target).name)
        if len(renamed) == 1:
            os.kill(os.getpid(), number)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt), staged(tmp_path) as staging:
        for name in "abc":
            (staging / name).write_text(name)
    signal.signal(signal.SIGTERM, before)
    assert renamed == ["a", "b", "c"]
    assert sorted(files(tmp_path)) == ["a", "b", "c"]


def test_models_are_as_readable_as_any_new_file(saved):
    folder, other = saved
    other.save(folder, overwrite=True)
    (folder / "new").write_text("")
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {(folder / "new").stat().st_mode & 0o777}


def test_a_second_process_says_that_it_does_not_save(saved, monkeypatch):
    """transformers writes no weights there, and no word of it."""
    folder, other = saved
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda *_: 1)
    with pytest.raises(PlauditError, match=r"process 1 of several cannot save to .*; save in the first"):
        other.save(folder / "elsewhere")
    assert not (folder / "elsewhere").exists()
