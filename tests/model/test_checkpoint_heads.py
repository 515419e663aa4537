"""Heads that checkpoints bring: kept, taken over, or left out and named."""

import json
import logging
import re

import pytest
import torch
import transformers
from safetensors.torch import load_file, save_file
from tiny import VOCABULARY, tiny_config, tiny_language_model_folder, tiny_model_folder, tiny_tokenizer
from transformers import AutoModelForSequenceClassification

from plaudit.errors import PlauditError
from plaudit.groups import Group
from plaudit.model import RewardModel, check_vocabulary, open_model, open_renderer

GROUP = Group("", "why?", ("because of the air", "so"))
H = 64


@pytest.fixture
def backbone(caplog):
    """Open a backbone: its head's weights, and what was said."""

    def open_it(folder):
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="plaudit"):
            model = RewardModel.from_backbone(folder)
        return model.network.head.weight.detach(), [record.message for record in caplog.records]

    return open_it


def with_weights(folder, weights, file="model.safetensors"):
    stored = load_file(folder / file) if (folder / file).is_file() else {}
    save_file({**stored, **weights}, folder / file, metadata={"format": "pt"})
    return folder


def is_new(weight):
    """Drawn from N(0, 1/(H+1)²), hence within five deviations; the tests' own heads are far larger."""
    return weight.abs().max().item() < 5 / (H + 1)


ROW = torch.linspace(-1, 1, H)[None]


@pytest.mark.parametrize(
    "family", ["llama", "gpt2", "gpt-neox", "bert", "roberta", "electra", "modernbert", "deberta-v2"]
)
@pytest.mark.parametrize(
    "auto", ["AutoModelForCausalLM", "AutoModelForMaskedLM", "AutoModelForPreTraining", "AutoModel"]
)
def test_what_every_backbone_brings_is_no_news(tmp_path, backbone, family, auto):
    try:
        model = getattr(transformers, auto).from_config(tiny_config(family))
    except ValueError:
        pytest.skip(f"{family} has no {auto}")
    model.save_pretrained(tmp_path)
    tiny_tokenizer(family).save_pretrained(tmp_path)
    weight, said = backbone(tmp_path)
    assert is_new(weight)
    assert [line for line in said if "forests" not in line] == []


@pytest.mark.parametrize(("family", "name"), [("llama", "score"), ("bert", "classifier")])
def test_a_head_of_two_outputs_is_left_out_and_named(tmp_path, backbone, family, name):
    folder = tiny_model_folder(tmp_path, family, config={"num_labels": 2})
    weight, said = backbone(folder)
    assert is_new(weight)
    assert said == [f"{folder} has weights that are left out: {name}.weight (2 outputs); a new reward head starts"]


@pytest.mark.parametrize(
    ("family", "kind"),
    [
        *((family, "TokenClassification") for family in ("llama", "gpt-neox", "bert", "modernbert")),
        *((family, "QuestionAnswering") for family in ("gpt-neox", "bert", "modernbert")),
    ],
)
def test_heads_that_judge_tokens_are_left_out(tmp_path, backbone, family, kind):
    model = getattr(transformers, f"AutoModelFor{kind}").from_config(tiny_config(family))
    with torch.no_grad():
        for weight in model.parameters():
            if weight.shape == (1, H):
                weight.copy_(ROW)
    model.save_pretrained(tmp_path)
    tiny_tokenizer(family).save_pretrained(tmp_path)
    weight, said = backbone(tmp_path)
    assert is_new(weight)
    (line,) = said
    assert line.startswith(f"{tmp_path} has weights that are left out: ")
    assert any(name in line for name in ("score.weight", "classifier.weight", "qa_outputs.weight"))
    assert line.endswith("; a new reward head starts")


NAMES = ["v_head.summary", "value_head", "v_head", "reward_head", "score_head", "rm_head", "model.reward_head"]


@pytest.mark.parametrize("name", NAMES)
def test_a_head_by_another_name_is_taken_over(tmp_path, backbone, name):
    folder = tiny_language_model_folder(tmp_path)
    with_weights(folder, {f"{name}.weight": ROW, f"{name}.bias": torch.ones(1)})
    weight, said = backbone(folder)
    assert torch.equal(weight, ROW)
    assert said == [f"{folder} calls its head otherwise: {name}.weight is taken as the reward head"]


def test_a_taken_head_scores_the_last_token(tmp_path):
    """The reward is the head's row times the last hidden state of the language model, end of text included."""
    folder = tiny_language_model_folder(tmp_path, chat_template=False, pad_is_eos=True, config={"pad_token_id": 2})
    with_weights(folder, {"v_head.summary.weight": ROW})
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    plain = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    ids = tokenizer("why?\n\nso<eos>", return_tensors="pt")
    with torch.no_grad():
        state = plain.model(**ids).last_hidden_state[0, -1]
    (score,) = RewardModel.from_backbone(folder).score(Group("", "why?", ("so",)))[0]
    assert score.score == pytest.approx((ROW[0] @ state).item(), rel=1e-4)


def test_a_head_in_a_file_of_its_own_is_taken_over(tmp_path, backbone):
    folder = tiny_language_model_folder(tmp_path)
    with_weights(folder, {"v_head.summary.weight": ROW, "v_head.summary.bias": torch.ones(1)}, "value_head.safetensors")
    weight, said = backbone(folder)
    assert torch.equal(weight, ROW)
    assert "v_head.summary.weight is taken as the reward head" in said[0]


@pytest.mark.parametrize(
    ("family", "weights", "named"),
    [
        # Two outputs, a layer before it, two heads, a name that says nothing, an encoder: what they mean is not plain.
        ("llama", {"v_head.weight": torch.ones(2, H)}, "v_head.weight"),
        (
            "llama",
            {"v_head.weight": ROW, "v_head.dense.weight": torch.ones(H, H)},
            "v_head.weight, v_head.dense.weight",
        ),
        ("llama", {"v_head.weight": ROW, "reward_head.weight": -ROW}, "reward_head.weight, v_head.weight"),
        ("llama", {"quality.weight": ROW, "quality.bias": torch.ones(1)}, "quality.weight"),
        ("bert", {"v_head.weight": ROW}, "v_head.weight"),
    ],
)
def test_a_head_of_unclear_meaning_is_left_out_and_named(tmp_path, backbone, family, weights, named):
    if family == "llama":
        folder = tiny_language_model_folder(tmp_path)
    else:
        transformers.AutoModel.from_config(tiny_config(family)).save_pretrained(tmp_path)
        tiny_tokenizer(family).save_pretrained(tmp_path)
        folder = tmp_path
    weight, said = backbone(with_weights(folder, weights))
    assert is_new(weight)
    (line,) = said
    assert line.endswith("; a new reward head starts")
    assert set(line.split(": ")[1].split(";")[0].split(", ")) == set(named.split(", "))


def test_a_kept_head_says_what_else_is_left_out(tmp_path, backbone):
    folder = with_weights(tiny_model_folder(tmp_path), {"v_head.weight": ROW})
    kept = AutoModelForSequenceClassification.from_pretrained(folder).score.weight
    weight, said = backbone(folder)
    assert torch.equal(weight, kept)
    assert said == [f"{folder} has weights that are left out: v_head.weight; its reward head is kept"]


def test_many_weights_are_named_in_one_short_line(tmp_path, backbone):
    folder = with_weights(tiny_language_model_folder(tmp_path), {f"vision.{i}.weight": torch.ones(2) for i in range(9)})
    _, said = backbone(folder)
    assert said == [
        f"{folder} has weights that are left out: vision.0.weight, vision.1.weight, vision.2.weight, vision.3.weight, "
        "5 more; a new reward head starts"
    ]


def test_a_reward_model_whose_head_is_called_otherwise_is_named(tmp_path):
    folder = with_weights(tiny_language_model_folder(tmp_path), {"v_head.summary.weight": ROW})
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "architectures": ["LlamaForSequenceClassification"]}))
    for load in (RewardModel.from_pretrained, open_model):
        with pytest.raises(
            PlauditError, match=r"it has no reward head \(score.weight\), but v_head.summary.weight; train"
        ):
            load(folder)


# A tokenizer of another model.


@pytest.mark.parametrize("special", [True, False])
def test_a_tokenizer_with_more_tokens_than_the_embedding(tmp_path, special):
    folder = tiny_model_folder(tmp_path)
    tokenizer = tiny_tokenizer()
    more = [f"<|extra{i}|>" for i in range(VOCABULARY)]
    tokenizer.add_tokens(more, special_tokens=special)
    tokenizer.save_pretrained(folder)
    beyond = [token for token in more if tokenizer.convert_tokens_to_ids(token) >= VOCABULARY]
    says = rf"no embedding of: '{re.escape(beyond[0])}' \({VOCABULARY}\).*; the embedding has {VOCABULARY} rows"
    for load in (RewardModel.from_pretrained, RewardModel.from_backbone, open_model, open_renderer):
        with pytest.raises(PlauditError, match=says):
            load(folder)


def test_a_padding_token_beyond_the_embedding_gets_a_row(tmp_path):
    folder = tiny_language_model_folder(tmp_path)
    tokenizer = tiny_tokenizer()
    spare = VOCABULARY - len(tokenizer)
    tokenizer.add_tokens([f"<|extra{i}|>" for i in range(spare)])
    tokenizer.add_special_tokens({"pad_token": "<|padding|>"})
    assert tokenizer.pad_token_id == VOCABULARY
    tokenizer.save_pretrained(folder)
    model = RewardModel.from_backbone(folder)
    assert model.network.model.get_input_embeddings().num_embeddings == VOCABULARY + 1
    check_vocabulary("it", model.network.model, model.tokenizer)
