"""Training on groups and tokens that stay on disk is training on those in memory, bit for bit."""

import json
import logging
import re
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from toys import toy_backbone, toy_groups
from transformers import Trainer, TrainerCallback

import plaudit
from plaudit.data import GroupStore, keep_groups, on_disk, write_groups
from plaudit.errors import PlauditError
from plaudit.groups import Group, Ranking, Rating
from plaudit.training.baselines import sampled
from plaudit.training.run import progress

OPTIONS = {
    "learning_rate": 0.01,
    "epochs": 2,
    "groups_per_step": 8,
    "evaluate_every": 0.4,
    "report_to": "none",
    "precision": "fp32",
    "baselines": "length",
}


def lines(text):
    """Progress lines by step."""
    return re.findall(r"^(step \d+/\d+: .*)$", text, re.MULTILINE)


def same(folder, other):
    """Whether two models have the same weights, bit for bit."""
    one, two = (load_file(place / "model.safetensors") for place in (folder, other))
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


class Interrupt(TrainerCallback):
    """Ends a run in the middle, as Ctrl-C does."""

    def on_step_end(self, args, state, control, **_):
        if state.global_step == 5:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def every_line(monkeypatch):
    """Which lines are logged does not depend on the clock."""
    monkeypatch.setattr(progress, "SECONDS", 0)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"), dropout=0.1)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PLAUDIT_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def with_ratings(groups):
    ratings = lambda group: tuple(  # noqa: E731
        Rating(n, 5.0 if "good" in text else 1.0 + n % 2, scale=(1, 5)) for n, text in enumerate(group.responses)
    )
    return [replace(group, ratings=ratings(group)) for group in groups]


# Some without a tool, and some of which nobody says anything but that two are alike.
CONVERSATIONS = [
    *(
        replace(group, prompt=({"role": "user", "content": group.prompt},), tools=({"name": "w1"},) if n % 5 else ())
        for n, group in enumerate(toy_groups(30))
    ),
    *(Group(f"u{n}", f"w{n}", ("w1", "w2"), (Ranking(((0, 1),)),)) for n in range(4)),
]

CASES = {
    "pairs": (toy_groups(44), {}),
    "hands": (toy_groups(20, responses=5), {"hand": 2, "heads": 2, "loss": "plackett-luce"}),
    "annotators": (toy_groups(30, annotator="ann"), {"annotators": True}),
    "ratings": (with_ratings(toy_groups(30)), {"mix": "overall=1"}),
    "conversations": (CONVERSATIONS, {"ties": "ignore"}),
    "head": (toy_groups(30), {"trainable": "head", "dropout": False}),
    "last layer": (toy_groups(30), {"trainable": "last:1", "dropout": False}),
}


@pytest.mark.parametrize(("groups", "changes"), CASES.values(), ids=CASES)
def test_the_model_the_curve_and_the_warnings_are_the_same(
    backbone, tmp_path, cache, monkeypatch, capsys, caplog, groups, changes
):
    options = {**OPTIONS, "epochs": 1, "dropout": True, **changes}
    told = []
    for folder, most in (("memory", 1 << 20), ("disk", 1), ("cached", 1)):
        monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", most)
        plaudit.train(groups, tmp_path / folder, backbone, **options)
        told.append((lines(capsys.readouterr().err), caplog.messages[:]))
        caplog.clear()
        assert (cache / "groups").exists() is (cache / "tokens").exists() is (most == 1)
    assert told[0] == told[1] == told[2] != ([], [])
    assert same(tmp_path / "memory", tmp_path / "disk")
    assert same(tmp_path / "memory", tmp_path / "cached")
    records = [json.loads((tmp_path / name / "plaudit.json").read_text()) for name in ("memory", "disk")]
    assert [{**record, "seconds": 0} for record in records[:1]] == [{**record, "seconds": 0} for record in records[1:]]


def test_from_the_command_line_too_and_another_seed_reads_the_same_tokens(
    backbone, tmp_path, cache, monkeypatch, caplog
):
    from typer.testing import CliRunner

    from plaudit.cli import app

    write_groups(toy_groups(44), tmp_path / "data.jsonl")
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    options = [f"--set={name}={value}" for name, value in {**OPTIONS, "epochs": 1}.items()]
    for seed in (0, 1):
        arguments = ["train", str(tmp_path / "data.jsonl"), "-o", str(tmp_path / f"m{seed}"), "-b", str(backbone)]
        with caplog.at_level(logging.INFO, "plaudit"):
            result = CliRunner().invoke(app, [*arguments, *options, "--seed", str(seed)])
        assert result.exit_code == 0, result.output
        assert ("rendered 44 of 44 groups" in result.stderr) is (seed == 0)
    assert sum("tokens read from" in message for message in caplog.messages) == 1
    assert [sum(path.is_dir() for path in (cache / kind).iterdir()) for kind in ("groups", "tokens")] == [1, 1]
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1 << 20)
    plaudit.train(toy_groups(44), tmp_path / "python", backbone, **OPTIONS | {"epochs": 1})
    assert same(tmp_path / "python", tmp_path / "m0")


def test_a_run_that_was_killed_goes_on_from_the_cache(backbone, tmp_path, cache, monkeypatch, capsys):
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    plaudit.train(toy_groups(44), tmp_path / "whole", backbone, **OPTIONS)
    before = lines(capsys.readouterr().err)
    groups = keep_groups(toy_groups(44))
    assert isinstance(groups, GroupStore)
    start = Trainer.train
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "train", lambda self, **how: self.add_callback(Interrupt()) or start(self, **how))
        plaudit.train(groups, tmp_path / "parts", backbone, **OPTIONS)
    capsys.readouterr()
    plaudit.train(groups, tmp_path / "parts", backbone, resume=True, **OPTIONS)
    after = [line for line in lines(capsys.readouterr().err) if "validation" in line]
    assert after == [line for line in before if "validation" in line][-len(after) :] != []
    assert same(tmp_path / "whole", tmp_path / "parts")


def test_validation_groups_of_their_own_stay_on_disk_too(backbone, tmp_path, cache, monkeypatch):
    options = {**OPTIONS, "epochs": 1, "validation_groups": toy_groups(12, seed=9)}
    plaudit.train(toy_groups(44), tmp_path / "memory", backbone, **options)
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    model = plaudit.train(toy_groups(44), tmp_path / "disk", backbone, **options)
    assert same(tmp_path / "memory", tmp_path / "disk")
    assert model.record["validation"]["groups"] == 12


def test_answers_that_become_the_same_tokens_are_refused_from_the_cache_too(backbone, tmp_path, cache, monkeypatch):
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    groups = [replace(group, responses=("unheard", "unseen")) for group in toy_groups(30)]
    said = []
    for _ in range(2):
        with pytest.raises(PlauditError, match="all 30 comparisons are of answers that differ but") as error:
            plaudit.train(groups, tmp_path / "model", backbone, **OPTIONS)
        said.append(str(error.value))
    assert said[0] == said[1]


def test_a_baseline_s_sample_is_the_same(tmp_path, cache, monkeypatch):
    groups = toy_groups(50, responses=3)
    monkeypatch.setattr(on_disk, "MOST_IN_MEMORY", 1)
    for most in (1, 30, 31, 1000):
        assert sampled(keep_groups(groups), most, seed=3) == sampled(groups, most, seed=3)
    assert len(sampled(groups, 31, seed=3)) == 10
