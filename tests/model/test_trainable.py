"""Which parameters learn, and that LoRA leaves nothing of itself in the saved folder."""

import json
import sys
import warnings

import pytest
import torch
from tiny import DECODERS, ENCODERS, tiny_model_folder
from transformers import AutoModelForSequenceClassification

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, freeze

GROUP = Group("", "why?", ("because of the air", "so"))


@pytest.fixture
def network(tmp_path):
    return RewardModel.from_pretrained(tiny_model_folder(tmp_path)).network


def learning(network):
    return {name for name, parameter in network.model.named_parameters() if parameter.requires_grad}


def test_all(network):
    freeze(network, "all")
    assert learning(network) == {name for name, _ in network.model.named_parameters()}


@pytest.mark.parametrize(("family", "tables"), [("llama", 1), ("gpt2", 2), ("bert", 3)])
def test_layers_are_all_but_the_embedding_tables(tmp_path, family, tables):
    # Llama embeds tokens; GPT-2 tokens and positions; BERT tokens, positions and segments.
    network = RewardModel.from_pretrained(tiny_model_folder(tmp_path, family)).network
    freeze(network, "layers")
    frozen = {name for name, _ in network.model.named_parameters()} - learning(network) - {"classifier.bias"}
    assert len(frozen) == tables
    assert all(name.split(".")[-2].startswith(("embed", "wte", "wpe")) or "_embeddings." in name for name in frozen)


def test_head(network):
    freeze(network, "head")
    assert learning(network) == {"score.weight"}


def test_last_layers_and_what_follows_them(network):
    freeze(network, "last:1")
    names = learning(network)
    assert {name for name in names if not name.startswith("model.layers.1.")} == {"score.weight", "model.norm.weight"}
    layer = {name for name, _ in network.model.named_parameters() if name.startswith("model.layers.1.")}
    assert layer <= names
    freeze(network, "last:2")
    assert "model.layers.0.mlp.up_proj.weight" in learning(network)
    assert "model.embed_tokens.weight" not in learning(network)


@pytest.mark.parametrize(
    ("family", "after"),
    [
        # A pooler and a head's dense layer are computed after the layers; the head's bias moves no comparison.
        ("bert", {"bert.pooler.dense.weight", "bert.pooler.dense.bias", "classifier.weight"}),
        ("roberta", {"classifier.dense.weight", "classifier.dense.bias", "classifier.out_proj.weight"}),
        ("modernbert", {"model.final_norm.weight", "head.dense.weight", "head.norm.weight", "classifier.weight"}),
        ("gpt2", {"transformer.ln_f.weight", "transformer.ln_f.bias", "score.weight"}),
    ],
)
def test_what_follows_the_layers(tmp_path, family, after):
    network = RewardModel.from_pretrained(tiny_model_folder(tmp_path, family)).network
    freeze(network, "last:1")
    assert {name for name in learning(network) if ".1." not in name} == after
    assert not [name for name in learning(network) if ".0." in name]


@pytest.mark.parametrize("wrong", ["none", "last", "last:0", "last:-1", "lora:0", "lora:x", "head ", "", "last:3"])
def test_what_cannot_be_asked(network, wrong):
    with pytest.raises(
        PlauditError, match=r"the backbone has 2 layers" if wrong == "last:3" else "it can be all, layers"
    ):
        freeze(network, wrong)


def scores(model):
    return torch.tensor([s.score for s in model.score(GROUP)[0]], dtype=torch.float64)


def assert_close(found, expected):
    """To 1e-4 of the scores' root mean square: merging adapters rounds every weight once more."""
    assert (found - expected).abs().max() <= 1e-4 * expected.square().mean().sqrt()


def train_a_little(model):
    """Two steps of gradient descent that widen the gap of the two responses."""
    items = list(model.renderer.render([GROUP]))
    parameters = [p for p in model.network.parameters() if p.requires_grad]
    assert parameters
    for _ in range(2):
        first, second = model.network(model.trees(items)).flatten()
        for parameter, gradient in zip(parameters, torch.autograd.grad(first - second, parameters), strict=True):
            parameter.data += 0.02 * gradient / (gradient.norm() + 1e-12)


@pytest.mark.parametrize("family", [*DECODERS, *ENCODERS])
def test_lora_learns_and_is_merged_on_saving(tmp_path, family):
    pytest.importorskip("peft")
    folder = tiny_model_folder(tmp_path / "in", family)
    model = RewardModel.from_pretrained(folder)
    plain = dict(AutoModelForSequenceClassification.from_pretrained(folder).named_parameters())
    before = scores(model)
    freeze(model.network, "lora:4")
    names = learning(model.network)
    # The head and pairs of adapters of rank 4, inside the layers; adapters start as nothing.
    adapters = {name for name in names if "lora_" in name}
    assert {n.replace("modules_to_save.default.", "") for n in names - adapters} <= {
        "score.weight",
        "classifier.weight",
        "classifier.out_proj.weight",
    }
    assert len(names - adapters) == 1
    assert adapters
    assert all(4 in dict(model.network.model.named_parameters())[name].shape for name in adapters)
    assert_close(scores(model), before)
    train_a_little(model)
    trained = scores(model)
    assert trained[0] - trained[1] > before[0] - before[1]
    model.save(tmp_path / "out")
    assert_close(scores(model), trained)
    # Plain transformers finds every weight under its own name, and nothing else.
    assert not (tmp_path / "out" / "adapter_config.json").exists()
    _, info = AutoModelForSequenceClassification.from_pretrained(tmp_path / "out", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    loaded = RewardModel.from_pretrained(tmp_path / "out")
    assert_close(scores(loaded), trained)
    changed = {n for n, p in loaded.network.model.named_parameters() if not torch.equal(p, plain[n])}
    assert changed
    assert not [name for name in changed if "embed" in name]
    assert "peft" not in json.loads((tmp_path / "out" / "config.json").read_text())


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert"])
def test_lora_shows_no_warning_of_its_libraries(tmp_path, family, recwarn):
    pytest.importorskip("peft")
    network = RewardModel.from_pretrained(tiny_model_folder(tmp_path, family)).network
    warnings.simplefilter("always")
    recwarn.clear()
    freeze(network, "lora")
    assert [str(warning.message) for warning in recwarn if warning.category is not DeprecationWarning] == []


def test_only_what_learns_changes(tmp_path):
    folder = tiny_model_folder(tmp_path)
    model = RewardModel.from_pretrained(folder)
    before = {name: p.clone() for name, p in model.network.model.named_parameters()}
    freeze(model.network, "last:1")
    train_a_little(model)
    changed = {name for name, p in model.network.model.named_parameters() if not torch.equal(p, before[name])}
    assert changed == learning(model.network)


def test_lora_without_peft(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(PlauditError, match=r"needs the `lora` extra: pip install 'plaudit\[lora\]'"):
        freeze(network, "lora")
