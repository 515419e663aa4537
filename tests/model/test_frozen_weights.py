"""Frozen weights in fewer bits, what is saved of them, and the precision that a model is opened in."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from tiny import tiny_model_folder
from toys import toy_backbone, toy_groups

import plaudit
from plaudit.errors import InvalidInputError
from plaudit.model import RewardModel, freeze, frozen_in, loading
from plaudit.training import TrainingSettings
from plaudit.training.wishes import check_together

QUICK = {
    "epochs": 1,
    "validation_share": 0.0,
    "groups_per_step": 16,
    "report_to": "none",
    "baselines": "none",
}
UNSEEN = toy_groups(40, seed=9)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("backbone"))


def scores_of(model, groups=UNSEEN):
    return np.array([score.score for row in model.score(groups) for score in row])


CASES = {
    "LoRA on 4 bits": ({"trainable": "lora:4", "weights": "4bit"}, "bfloat16"),
    "LoRA on bf16, saved wide": ({"trainable": "lora:4", "weights": "bf16", "save_precision": "fp32"}, "float32"),
    "a head on 4 bits": ({"trainable": "head", "weights": "4bit"}, "bfloat16"),
    "saved in bf16": ({"save_precision": "bf16"}, "bfloat16"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_returned_scores_as_what_is_saved(backbone, tmp_path, case):
    changes, dtype = CASES[case]
    model = plaudit.train(toy_groups(64), tmp_path, backbone, **{**QUICK, **changes})
    saved = RewardModel.from_pretrained(tmp_path)
    assert np.array_equal(scores_of(model), scores_of(saved))
    record, config = (json.loads((tmp_path / name).read_text()) for name in ("plaudit.json", "config.json"))
    assert record["dtype"] == config["dtype"] == dtype
    assert "quantization_config" not in config
    assert {str(weight.dtype) for weight in load_file(tmp_path / "model.safetensors").values()} == {f"torch.{dtype}"}


@pytest.mark.parametrize("weights", ["bf16", "4bit"])
def test_the_saved_model_is_the_one_that_learned(tmp_path, weights):
    """Merged in fp32, a model gives what it gave with its adapters beside the frozen weights, up to the rounding of
    bf16 activations; 4-bit weights are computed in fp32 on a CPU, and lose nothing."""
    folder = tiny_model_folder(tmp_path / "tiny", "llama")
    with frozen_in(weights):
        model = RewardModel.from_backbone(folder)
    freeze(model.network, "lora:4")
    torch.manual_seed(0)
    for name, parameter in model.network.named_parameters():
        if "lora_B" in name:
            parameter.data.normal_(0, 0.1)
    assert all(p.dtype == torch.float32 for p in model.network.parameters() if p.requires_grad)
    groups = [plaudit.Group("q", "why is the sky blue", ("because light is scattered", "the cat sat", "the sea"))]
    before = scores_of(model, groups)
    model.save(tmp_path / "merged", precision="fp32")
    plain = RewardModel.from_backbone(folder)
    assert np.abs(scores_of(plain, groups) - before).max() > 0.05
    after = scores_of(RewardModel.from_pretrained(tmp_path / "merged"), groups)
    assert np.abs(after - before).max() < (1e-5 if weights == "4bit" else 0.03) * np.abs(before).max()


@pytest.mark.parametrize("trainable", ["layers", "all", "last:1"])
def test_weights_that_learn_are_not_narrowed(trainable):
    with pytest.raises(InvalidInputError, match=f"weights=4bit is of frozen weights, and trainable={trainable}"):
        check_together(TrainingSettings(trainable=trainable, weights="4bit"))


@pytest.mark.parametrize("family", ["llama", "roberta", "deberta-v2"])
def test_a_gpu_scores_in_bf16_unless_told_otherwise(tmp_path, monkeypatch, family):
    """`_multiplies_in_bf16` stands for a GPU here; the head stays in float32, and rotary frequencies as they were."""
    folder = tiny_model_folder(tmp_path / family, family)
    wide = RewardModel.from_pretrained(folder)
    assert wide.network.dtype == torch.float32
    monkeypatch.setattr(loading, "_multiplies_in_bf16", lambda device: True)
    model = RewardModel.from_pretrained(folder)
    assert model.network.dtype == torch.bfloat16
    assert model.network.head.weight.dtype == torch.float32
    assert torch.equal(model.network.head.weight, wide.network.head.weight)
    floating = {name: b.dtype for name, b in model.network.named_buffers() if b.is_floating_point()}
    assert set(floating.values()) <= {torch.float32}
    assert model.run_record("scores")["dtype"] == "bfloat16"
    assert scores_of(model) == pytest.approx(scores_of(wide), abs=0.1 * np.abs(scores_of(wide)).max())
    assert RewardModel.from_pretrained(folder, precision="fp32").network.dtype == torch.float32
