"""What a model folder holds when another model took its place, and when a run came to nothing."""

from pathlib import Path

import pytest
from toys import toy_backbone, toy_groups
from transformers import Trainer

import plaudit
from plaudit.errors import InvalidInputError

GROUPS = toy_groups(24)
QUICK = {"epochs": 1, "report_to": "none", "precision": "fp32"}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def train(folder, backbone, **changes):
    # A plain model has no use for settings of gradient steps, and refuses them.
    quick = QUICK if Path(backbone).exists() else {}
    return plaudit.train(GROUPS, folder, backbone, **{**quick, **changes})


@pytest.mark.parametrize("first", ["bow", "network", "ensemble"])
@pytest.mark.parametrize("second", ["bow", "network", "frozen", "ensemble"])
def test_exactly_the_new_model_is_left(backbone, tmp_path, first, second):
    members = [tmp_path / "one", tmp_path / "two"]
    if "ensemble" in (first, second):
        for seed, member in enumerate(members):
            train(member, backbone, seed=seed, baselines="length")

    def make(kind, folder, overwrite):
        if kind == "ensemble":
            plaudit.combine(members, folder, overwrite=overwrite)
            return
        name = {"network": backbone, "frozen": f"frozen:{backbone}"}.get(kind, kind)
        baselines = {"baselines": "length,bow"} if folder.name == "taken" and not overwrite else {"baselines": "length"}
        train(folder, name, overwrite=overwrite, **(baselines if kind == "network" else {}))

    make(second, tmp_path / "new", False)
    make(first, tmp_path / "taken", False)
    # Curves of the earlier run, of whatever writer.
    (tmp_path / "taken" / "logs" / "old").mkdir(parents=True)
    (tmp_path / "taken" / "logs" / "old" / "events").write_text("of the first")
    make(second, tmp_path / "taken", True)
    assert names(tmp_path / "taken") == names(tmp_path / "new")


def test_an_unfinished_run_over_a_model_leaves_the_model_whole(backbone, tmp_path, monkeypatch):
    train(tmp_path / "model", "bow")
    before = {path: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    def stopped(self, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(Trainer, "train", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "model", backbone, overwrite=True)
    assert {path: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before


@pytest.mark.parametrize("error", [RuntimeError("no such shape"), KeyboardInterrupt()])
def test_a_run_that_fails_before_a_checkpoint_leaves_nothing(backbone, tmp_path, monkeypatch, error):
    def failing(self, **options):
        (tmp_path / "deep" / "model" / "logs").mkdir()
        (tmp_path / "deep" / "model" / "logs" / "events").write_text("a curve")
        raise error

    monkeypatch.setattr(Trainer, "train", failing)
    with pytest.raises(type(error)):
        train(tmp_path / "deep" / "model", backbone)
    assert list(tmp_path.iterdir()) == []


def test_a_model_is_not_trained_over_what_it_is_made_of(backbone, tmp_path):
    train(tmp_path / "model", backbone)
    before = names(tmp_path / "model")
    for name in (tmp_path / "model", f"frozen:{tmp_path / 'model'}"):
        with pytest.raises(InvalidInputError, match="would be replaced by what is made of it"):
            train(tmp_path / "model", name, overwrite=True)
    with pytest.raises(InvalidInputError, match="would be replaced by what is made of it"):
        plaudit.combine([tmp_path / "model", backbone], tmp_path / "model", overwrite=True)
    assert names(tmp_path / "model") == before
