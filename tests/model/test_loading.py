"""Backbones in, reward models out: the new head, the padding, and every folder that is neither."""

import json
import logging
import math
import shutil

import pytest
import torch
from tiny import (
    DECODERS,
    EOS,
    PAD,
    VOCABULARY,
    decoder_tokenizer,
    encoder_tokenizer,
    tiny_config,
    tiny_language_model_folder,
    tiny_model_folder,
)
from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer

from plaudit.errors import NotFoundError, PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, open_model
from plaudit.model.architecture import find_head
from plaudit.storage import RECORD_FILE

GROUP = Group("", "why?", ("because of the air", "so"))


def refusal(load, *arguments, **options):
    with pytest.raises(PlauditError) as error:
        load(*arguments, **options)
    text = str(error.value)
    assert "\n" not in text
    return text


# The head.


def test_the_head_starts_small_and_by_its_seed(tmp_path):
    folder = tiny_language_model_folder(tmp_path, config={"hidden_size": 1024, "num_hidden_layers": 1})
    first, again, other = (RewardModel.from_backbone(folder, seed=s).network.head for s in (3, 3, 4))
    assert torch.equal(first.weight, again.weight)
    assert not torch.equal(first.weight, other.weight)
    assert first.bias is None
    # 1024 draws: the sample deviation is within 5/√2048 = 11% of 1/(H + 1), five standard errors.
    assert first.weight.std().item() == pytest.approx(1 / 1025, rel=0.11)
    # Hidden states of a final RMS norm have mean square 1, so scores spread by √H/(H + 1); 5 deviations at most.
    scores = [s.score for s in RewardModel.from_backbone(folder).score(GROUP)[0]]
    assert max(map(abs, scores)) < 5 * math.sqrt(1024) / 1025


def test_an_encoders_head_has_no_opinion_of_its_own(tmp_path):
    model = AutoModelForSequenceClassification.from_config(tiny_config("bert"))
    model.bert.save_pretrained(tmp_path)
    encoder_tokenizer().save_pretrained(tmp_path)
    head = RewardModel.from_backbone(tmp_path).network.head
    assert head.bias.tolist() == [0.0]


def test_a_head_that_is_there_is_kept(tmp_path):
    folder = tiny_model_folder(tmp_path)
    kept = AutoModelForSequenceClassification.from_pretrained(folder).score.weight
    assert torch.equal(RewardModel.from_backbone(folder, seed=5).network.head.weight, kept)


def test_the_output_is_named(tmp_path):
    config = RewardModel.from_backbone(tiny_language_model_folder(tmp_path)).network.config
    assert (config.problem_type, config.id2label, config.num_labels) == ("regression", {0: "reward"}, 1)


@pytest.mark.parametrize("family", [name for name in DECODERS if name not in ("gemma3",)])
def test_a_language_model_becomes_a_reward_model(tmp_path, family):
    folder = tiny_language_model_folder(tmp_path / "lm", family)
    model = RewardModel.from_backbone(folder)
    model.save(tmp_path / "rm")
    (kind,) = AutoConfig.from_pretrained(tmp_path / "rm").architectures
    assert kind.endswith("ForSequenceClassification")
    found = [s.score for s in RewardModel.from_pretrained(tmp_path / "rm").score(GROUP)[0]]
    assert found == pytest.approx([s.score for s in model.score(GROUP)[0]], rel=1e-5)


# The padding.


@pytest.mark.parametrize(
    ("tokenizer", "token"),
    [
        # What is there and free stays, and no row is added.
        ({}, "<pad>"),
        ({"chat_template": False}, "<pad>"),
        # Padding with the end of text: the vocabulary's own padding token is chosen.
        ({"pad_is_eos": True}, "<pad>"),
        ({"pad_is_eos": True, "chat_template": False}, "<pad>"),
    ],
)
def test_the_padding_is_a_token_of_its_own(tmp_path, tokenizer, token):
    model = RewardModel.from_backbone(tiny_language_model_folder(tmp_path, **tokenizer))
    assert model.tokenizer.pad_token == token
    assert model.network.config.pad_token_id == model.tokenizer.pad_token_id == PAD
    assert model.network.model.get_input_embeddings().num_embeddings == VOCABULARY


@pytest.mark.parametrize(("rows", "grown"), [(0, 1), (1, 0), (40, 0)])
def test_a_padding_token_is_added_where_there_is_none(tmp_path, rows, grown):
    tokenizer = decoder_tokenizer(chat_template=False)
    tokenizer.pad_token = None
    # A tokenizer whose vocabulary names nothing after padding.
    state = json.loads(tokenizer.backend_tokenizer.to_str().replace("<pad>", "<filler>"))
    tokenizer._tokenizer = type(tokenizer.backend_tokenizer).from_str(json.dumps(state))
    size = len(tokenizer) + rows
    folder = tiny_language_model_folder(tmp_path / "in", config={"vocab_size": size, "pad_token_id": None})
    tokenizer.save_pretrained(folder)
    model = RewardModel.from_backbone(folder)
    assert model.tokenizer.pad_token_id == len(tokenizer)
    assert model.tokenizer.pad_token_id not in (EOS, None)
    assert model.network.config.pad_token_id == model.tokenizer.pad_token_id
    assert model.network.model.get_input_embeddings().num_embeddings == size + grown
    # Nobody reads the new row, and no draw decides what it is.
    assert not model.network.model.get_input_embeddings().weight[size:].any()
    model.save(tmp_path / "out")
    assert AutoTokenizer.from_pretrained(tmp_path / "out").pad_token == "<|pad|>"
    found = RewardModel.from_pretrained(tmp_path / "out").score(GROUP)[0]
    assert [s.score for s in found] == pytest.approx([s.score for s in model.score(GROUP)[0]], rel=1e-5)


# The context.


def test_the_context_is_the_smaller_of_model_and_tokenizer(tmp_path):
    assert RewardModel.from_pretrained(tiny_model_folder(tmp_path / "a", max_length=100)).renderer.max_length == 100
    assert RewardModel.from_pretrained(tiny_model_folder(tmp_path / "b", max_length=9999)).renderer.max_length == 256
    # RoBERTa has 258 positions and starts counting at 2.
    assert RewardModel.from_pretrained(tiny_model_folder(tmp_path / "c", "roberta")).renderer.max_length == 256


def test_the_full_context_can_be_read(tmp_path):
    for family in ("roberta", "bert", "gpt2", "opt"):
        folder = tiny_model_folder(tmp_path / family, family, chat_template=False, max_length=9999)
        model = RewardModel.from_pretrained(folder)
        (score,) = model.score(Group("", "why? " * 400, ("because",)))[0]
        assert score.tokens == 256


def test_a_context_longer_than_the_backbones_is_refused(tmp_path):
    text = refusal(RewardModel.from_pretrained, tiny_model_folder(tmp_path), max_length=1000)
    assert "max_length is 1000" in text
    assert "256" in text


def test_the_context_of_training_is_remembered(tmp_path):
    RewardModel.from_backbone(tiny_model_folder(tmp_path / "a"), max_length=60).save(tmp_path / "b")
    assert RewardModel.from_pretrained(tmp_path / "b").renderer.max_length == 60
    assert RewardModel.from_pretrained(tmp_path / "b", max_length=50).renderer.max_length == 50


def test_a_template_of_ones_own(tmp_path):
    folder = tiny_model_folder(tmp_path / "in", chat_template=False)
    model = RewardModel.from_backbone(folder, chat_template="turns")
    model.save(tmp_path / "out")
    loaded = RewardModel.from_pretrained(tmp_path / "out")
    assert loaded.tokenizer.chat_template == model.tokenizer.chat_template
    assert "{% for message in messages %}" in loaded.tokenizer.chat_template


# What is no reward model.


def test_a_language_model_is_no_reward_model(tmp_path):
    text = refusal(RewardModel.from_pretrained, tiny_language_model_folder(tmp_path))
    assert "is not a reward model: it holds LlamaForCausalLM" in text
    assert "plaudit train" in text


def test_a_classifier_of_two_classes_is_no_reward_model(tmp_path):
    folder = tiny_model_folder(tmp_path, config={"num_labels": 2})
    assert "its head has 2 outputs, not 1" in refusal(RewardModel.from_pretrained, folder)


@pytest.mark.parametrize("family", ["llama", "bert", "roberta"])
def test_a_classifier_of_two_classes_as_backbone_gets_a_new_head(tmp_path, family):
    folder = tiny_model_folder(tmp_path, family, config={"num_labels": 2})
    model = RewardModel.from_backbone(folder)
    again = RewardModel.from_backbone(folder)
    assert model.network.head.out_features == 1
    assert torch.equal(model.network.head.weight, again.network.head.weight)
    assert model.network.head.weight.abs().max() < 5 / 65  # N(0, 1/65²), not somebody's weights


def test_a_head_without_weights(tmp_path):
    folder = tiny_language_model_folder(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    config.update(architectures=["LlamaForSequenceClassification"])
    (folder / "config.json").write_text(json.dumps(config))
    assert "it has no reward head" in refusal(RewardModel.from_pretrained, folder)


@pytest.mark.parametrize("name", ["absent", "some/deep/folder", "/absent", "./absent/model"])
def test_no_folder(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    text = refusal(RewardModel.from_pretrained, name)
    assert "no model folder" in text
    assert name in text


@pytest.mark.parametrize("name", ["scores.jsonl", "some/data.jsonl.gz"])
def test_a_file_is_no_model(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some").mkdir()
    (tmp_path / name).write_text("{}\n")
    for load in (RewardModel.from_pretrained, open_model):
        said = f"{name!r} is a file (of data or scores?), not a model; give a model's folder here"
        assert refusal(load, name) == said


def test_a_hub_id_that_cannot_be_had():
    for load in (RewardModel.from_pretrained, RewardModel.from_backbone):
        assert "nobody/nothing" in refusal(load, "nobody/nothing")


BROKEN = {
    "config.json is no JSON": lambda f: (f / "config.json").write_text("{"),
    "config.json is a list": lambda f: (f / "config.json").write_text("[]"),
    "config.json is empty": lambda f: (f / "config.json").write_text("{}"),
    "config.json is binary": lambda f: (f / "config.json").write_bytes(b"\xff\xfe\x00"),
    "unknown architecture": lambda f: (f / "config.json").write_text('{"model_type": "nothing"}'),
    "config.json of another size": lambda f: edit(f / "config.json", hidden_size=128),
    "a setting of a wrong type": lambda f: edit(f / "config.json", num_attention_heads="four"),
    "no config": lambda f: (f / "config.json").unlink(),
    "no weights": lambda f: (f / "model.safetensors").unlink(),
    "a layer more than weights": lambda f: edit(f / "config.json", num_hidden_layers=3),
    "weights cut short": lambda f: (f / "model.safetensors").write_bytes((f / "model.safetensors").read_bytes()[:5000]),
    "weights of nothing": lambda f: (f / "model.safetensors").write_bytes(b""),
    "weights that are text": lambda f: (f / "model.safetensors").write_text(
        "version https://git-lfs.github.com/spec/v1"
    ),
    "no tokenizer": lambda f: [path.unlink() for path in f.glob("tokenizer*")],
    "tokenizer.json is no JSON": lambda f: (f / "tokenizer.json").write_text("{"),
    "tokenizer.json is empty": lambda f: (f / "tokenizer.json").write_text("{}"),
    "plaudit.json is no JSON": lambda f: (f / RECORD_FILE).write_text("{"),
    "plaudit.json is a list": lambda f: (f / RECORD_FILE).write_text("[1]"),
    "plaudit.json is binary": lambda f: (f / RECORD_FILE).write_bytes(b"\xff\xfe\x00"),
    "plaudit.json has a wrong length": lambda f: (f / RECORD_FILE).write_text('{"max_length": "long"}'),
    "plaudit.json has a length of -1": lambda f: (f / RECORD_FILE).write_text('{"max_length": -1}'),
}


def edit(path, **settings):
    path.write_text(json.dumps({**json.loads(path.read_text()), **settings}))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_folder_is_one_line(whole, tmp_path, what):
    folder = tmp_path / "broken"
    shutil.copytree(whole, folder)
    BROKEN[what](folder)
    text = refusal(RewardModel.from_pretrained, folder)
    assert "max_length is -1" in text if what.endswith("-1") else str(folder) in text
    if not what.startswith("plaudit.json"):
        assert str(folder) in refusal(RewardModel.from_backbone, folder)


def test_pickled_weights_are_not_read(whole, tmp_path):
    folder = tmp_path / "pickled"
    shutil.copytree(whole, folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    (folder / "model.safetensors").unlink()
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    assert str(folder) in refusal(RewardModel.from_pretrained, folder)


def test_the_fallback_is_said_once(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, logger="plaudit"):
        model = RewardModel.from_pretrained(tiny_model_folder(tmp_path, "bloom"))
        model.score(GROUP)
    (record,) = [r for r in caplog.records if r.name.startswith("plaudit")]
    assert "cannot use forests" in record.message
    assert "padded batches are used" in record.message


def test_a_model_without_a_linear_head():
    assert "no linear head called score or classifier" in refusal(find_head, torch.nn.Identity())


def test_a_mistyped_packaged_backbone_is_named():
    with pytest.raises(NotFoundError, match="there is no backbone 'minilm-l5'; did you mean minilm-l6"):
        RewardModel.from_backbone("minilm-l5")
