"""Averaged weights: by hand, in plain transformers, and runs that must not be averaged."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from toys import toy_backbone
from transformers import AutoModelForSequenceClassification

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, open_model
from plaudit.model.averaging import average_weights
from plaudit.model.combining import combine
from plaudit.model.folder.contents import HEADS_FILE
from plaudit.model.folder.write import _replace_folder
from plaudit.model.heads import Attribute, Outputs

GROUPS = [Group("a", "w1 w2 w3", ("good w4", "bad w5 w6", "w1")), Group("b", "w7", ("w1", "w2 w3 good bad"))]
HELPFUL = Attribute("helpful", 0.7, "value", low=1.0, high=5.0, centre=0.5, spread=0.25)
FUNNY = Attribute("funny", -0.3, "ordinal", low=1.0, high=3.0, levels=(1.0, 2.0, 3.0))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


def run(backbone, folder, seed, **options):
    """What a run of a seed might have made of a backbone: every weight moved a little."""
    model = RewardModel.from_backbone(backbone, seed=seed, **options)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.network.parameters():
            parameter.add_(torch.randn_like(parameter) / 20)
    model.save(folder)
    return folder


@pytest.fixture
def runs(backbone, tmp_path):
    return [run(backbone, tmp_path / f"run{seed}", seed) for seed in range(3)]


def edit(folder, file, **changes):
    path = folder / file
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def rewards(model):
    return [score.score for row in model.score(GROUPS) for score in row]


def test_every_weight_is_the_mean(runs, tmp_path):
    record = average_weights(runs, tmp_path / "mean")
    members = [load_file(folder / "model.safetensors") for folder in runs]
    mean = load_file(tmp_path / "mean" / "model.safetensors")
    assert mean.keys() == members[0].keys()
    for name, tensor in mean.items():
        expected = np.mean([member[name].double().numpy() for member in members], axis=0)
        assert tensor.dtype == torch.float32
        np.testing.assert_allclose(tensor.numpy(), expected, atol=1e-7)
    assert [member["seed"] for member in record["average_of"]] == [0, 1, 2]
    assert [member["model"] for member in record["average_of"]] == [str(folder) for folder in runs]
    assert "seed" not in record


def test_the_average_is_an_ordinary_model(runs, tmp_path):
    average_weights(runs, tmp_path / "mean")
    model = open_model(tmp_path / "mean")
    assert isinstance(model, RewardModel)
    plain = AutoModelForSequenceClassification.from_pretrained(tmp_path / "mean")
    found = [
        plain(torch.from_numpy(sequence)[None]).logits.item()
        for item in model.renderer.render(GROUPS)
        for sequence in item.sequences
    ]
    assert found == pytest.approx(rewards(model), abs=2e-6)
    assert all(score.spread is None for row in model.score(GROUPS) for score in row)


def test_the_average_of_a_model_and_its_twin_is_that_model(runs, tmp_path):
    RewardModel.from_pretrained(runs[0]).save(tmp_path / "twin")
    average_weights([runs[0], tmp_path / "twin"], tmp_path / "mean")
    assert rewards(open_model(tmp_path / "mean")) == pytest.approx(rewards(open_model(runs[0])), abs=1e-6)


def test_an_average_can_be_averaged_again(runs, tmp_path):
    average_weights(runs[:2], tmp_path / "two")
    average_weights([tmp_path / "two", runs[2]], tmp_path / "mean")
    members = [load_file(folder / "model.safetensors")["score.weight"] for folder in runs]
    mean = load_file(tmp_path / "mean" / "model.safetensors")["score.weight"]
    assert torch.allclose(mean, (members[0] + members[1]) / 4 + members[2] / 2, atol=1e-7)


def test_combine_opens_the_average_it_made(runs, tmp_path):
    opened = combine(runs, tmp_path / "mean", average=True)
    assert isinstance(opened, RewardModel)
    assert [member["model"] for member in opened.record["average_of"]] == list(map(str, runs))


def test_heads_and_what_was_fitted_to_the_ratings_are_averaged_too(backbone, tmp_path):
    shapes = [Outputs((replace(HELPFUL, centre=centre), FUNNY), heads=2) for centre in (0.4, 0.5)]
    members = [run(backbone, tmp_path / f"run{n}", n, outputs=outputs) for n, outputs in enumerate(shapes)]
    average_weights(members, tmp_path / "mean")
    heads = [load_file(folder / HEADS_FILE) for folder in (*members, tmp_path / "mean")]
    for name, tensor in heads[2].items():
        assert torch.allclose(tensor, (heads[0][name] + heads[1][name]) / 2, atol=1e-7)
    model = open_model(tmp_path / "mean")
    assert model.network.outputs.attributes[0].centre == pytest.approx(0.45)
    # The checkpoint's own head, which plain transformers reads, is the mean of the folded ones: the folded mean.
    assert torch.allclose(model.network.head.weight, model.network.reward_head.folded(), atol=1e-6)


def test_shards_are_averaged_one_by_one(runs, tmp_path):
    for folder in runs[:2]:
        model = AutoModelForSequenceClassification.from_pretrained(folder)
        (folder / "model.safetensors").unlink()
        model.save_pretrained(folder, max_shard_size="8KB")
        assert len(list(folder.glob("model-*.safetensors"))) > 1
    average_weights(runs[:2], tmp_path / "shards")
    one, other = (AutoModelForSequenceClassification.from_pretrained(folder).state_dict() for folder in runs[:2])
    found = AutoModelForSequenceClassification.from_pretrained(tmp_path / "shards").state_dict()
    assert all(torch.allclose(tensor, (one[name] + other[name]) / 2, atol=1e-7) for name, tensor in found.items())


def test_half_precision_stays_half_and_is_summed_in_full(runs, tmp_path):
    for folder in runs:
        tensors = load_file(folder / "model.safetensors")
        halves = {name: tensor.bfloat16() for name, tensor in tensors.items()}
        save_file(halves, folder / "model.safetensors", metadata={"format": "pt"})
    average_weights(runs, tmp_path / "mean")
    members = [load_file(folder / "model.safetensors")["score.weight"].double() for folder in runs]
    found = load_file(tmp_path / "mean" / "model.safetensors")["score.weight"]
    assert torch.equal(found, (sum(members) / 3).bfloat16())


def other_template(folder):
    edit(folder, "plaudit.json", template="0123456789abcdef")


def other_words(folder):
    path = folder / "tokenizer.json"
    path.write_text(path.read_text().replace('"bad"', '"awful"'))


def other_shape(folder):
    tensors = load_file(folder / "model.safetensors")
    tensors["score.weight"] = tensors["score.weight"][:, :8].contiguous()
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def fewer_weights(folder):
    tensors = load_file(folder / "model.safetensors")
    del tensors["score.weight"]
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (
            lambda f: edit(f, "plaudit.json", backbone="minilm-l6"),
            r"differ in their starting backbone \(.* against minilm-l6\)",
        ),
        (lambda f: edit(f, "plaudit.json", backbone=None), "does not say which backbone"),
        (lambda f: edit(f, "config.json", rms_norm_eps=0.5), r"architecture \(rms_norm_eps: 1e-06 against 0.5\)"),
        (lambda f: edit(f, "plaudit.json", outputs=Outputs(heads=2).to_dict()), r"outputs \(heads: 1 against 2\)"),
        (other_template, "chat template"),
        (other_words, "tokenizer"),
        (lambda f: edit(f, "plaudit.json", max_length=32), r"longest input \(64 against 32\)"),
        (lambda f: edit(f, "plaudit.json", plaudit="linear probe"), "holds a linear probe, which has no weights"),
        (lambda f: (f / "plaudit.json").unlink(), "has no plaudit.json"),
        (lambda f: (f / "config.json").unlink(), "config.json cannot be read"),
        (lambda f: (f / "tokenizer.json").write_text("{"), "the tokenizer in .* cannot be read"),
        (lambda f: (f / "model.safetensors").write_bytes(b"half"), "the weights in .* cannot be read"),
        (lambda f: (f / "model.safetensors").unlink(), "has no model"),
        (other_shape, "cannot average the weights score.weight"),
        (fewer_weights, "only one of them has score.weight"),
    ],
)
def test_runs_that_do_not_go_together_are_refused(runs, tmp_path, spoil, says):
    spoil(runs[1])
    with pytest.raises(PlauditError, match=says) as error:
        average_weights(runs[:2], tmp_path / "mean")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "mean").exists()
    assert not list(tmp_path.glob(".part-*"))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ((HELPFUL,), "outputs (attributes: helpful, funny against helpful)"),
        ((HELPFUL, replace(FUNNY, readout="value", levels=())), "outputs (attribute funny, readout: ordinal against v"),
        (
            (HELPFUL, replace(FUNNY, levels=(1.0, 3.0))),
            "outputs (attribute funny, levels: 1.0, 2.0, 3.0 against 1.0, 3",
        ),
    ],
)
def test_what_differs_in_the_outputs_is_said_in_words(runs, tmp_path, other, says):
    for folder, attributes in zip(runs, ((HELPFUL, FUNNY), other), strict=False):
        edit(folder, "plaudit.json", outputs=Outputs(attributes).to_dict())
    with pytest.raises(PlauditError) as error:
        average_weights(runs[:2], tmp_path / "mean")
    assert says in str(error.value)
    assert "{" not in str(error.value)


def test_one_backbone_by_two_names_is_one(backbone, runs, tmp_path, monkeypatch):
    monkeypatch.chdir(backbone.parent)
    edit(runs[1], "plaudit.json", backbone=backbone.name)
    average_weights(runs[:2], tmp_path / "mean")


def test_what_there_is_to_combine(runs, tmp_path):
    for models, says in [
        (runs[:1], "nothing to combine in 1 model"),
        ([runs[0], runs[0]], "is given twice"),
        ([runs[0], tmp_path / "nowhere"], "no model folder"),
    ]:
        with pytest.raises(PlauditError, match=says):
            average_weights(models, tmp_path / "mean")
    with pytest.raises(PlauditError, match="holds a trained model"):
        average_weights(runs[:2], runs[2])


def test_baselines_come_along_where_all_learned_from_the_same(runs, tmp_path):
    baseline = runs[0] / "baselines" / "length"
    baseline.mkdir(parents=True)
    (baseline / "plaudit.json").write_text("{}")
    for folder in runs:
        edit(folder, "plaudit.json", data="these")
    assert average_weights(runs[:2], tmp_path / "mean")["data"] == "these"
    assert (tmp_path / "mean" / "baselines" / "length" / "plaudit.json").is_file()
    edit(runs[1], "plaudit.json", data="other")
    assert "data" not in average_weights(runs[:2], tmp_path / "other")
    assert not (tmp_path / "other" / "baselines").exists()


def test_whole_numbers_must_be_the_same(runs, tmp_path):
    for numbers, folder in zip([(1, 2), (1, 2), (1, 3)], runs, strict=True):
        tensors = load_file(folder / "model.safetensors") | {"counts": torch.tensor(numbers)}
        save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    average_weights(runs[:2], tmp_path / "mean")
    assert load_file(tmp_path / "mean" / "model.safetensors")["counts"].tolist() == [1, 2]
    with pytest.raises(PlauditError, match="cannot average counts"):
        average_weights(runs, tmp_path / "other")


def test_a_full_disk_is_one_clear_error(runs, tmp_path, monkeypatch):
    def full(*arguments, **options):
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr("plaudit.model.averaging.save_file", full)
    with pytest.raises(PlauditError, match=r"cannot write .*No space left"):
        average_weights(runs, tmp_path / "mean")
    assert not (tmp_path / "mean").exists()
    assert not list(tmp_path.glob(".part-*"))


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(tmp_path, monkeypatch):
    old = tmp_path / "model"
    old.mkdir()
    (old / "notes.txt").write_text("old")
    new = tmp_path / "new"
    new.mkdir()
    rename = Path.rename

    def failing(self, target):
        if self == new:
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", failing)
    with pytest.raises(OSError, match="Input/output error"):
        _replace_folder(old, new)
    assert (old / "notes.txt").read_text() == "old"
    monkeypatch.undo()
    _replace_folder(old, new)
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert list(old.iterdir()) == []
