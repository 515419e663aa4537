"""A saved folder in sentence-transformers' CrossEncoder: the raw reward, of the tokens that it is given."""

import json
import logging

import numpy as np
import pytest
import torch
from tiny import tiny_model_folder

from plaudit.groups import Group
from plaudit.model import RewardModel

pytest.importorskip("sentence_transformers")

RESPONSES = ("because light is scattered by the air", "so", "天空为什么是蓝色的")
GROUP = Group("", "why is the sky blue?", RESPONSES)
PAIRS = [(GROUP.prompt, response) for response in RESPONSES]
CONVERSATIONS = [
    [{"role": "user", "content": GROUP.prompt}, {"role": "assistant", "content": response}] for response in RESPONSES
]


@pytest.fixture
def both(tmp_path):
    """The model as ours, and as sentence-transformers opens what it saved."""

    def save_and_open(family, template=None, **tokenizer):
        from sentence_transformers import CrossEncoder

        folder = tiny_model_folder(tmp_path / "in", family, **tokenizer)
        model = RewardModel.from_backbone(folder, chat_template=template)
        model.save(tmp_path / "out")
        logging.getLogger("sentence_transformers").setLevel(logging.ERROR)
        return model, CrossEncoder(str(tmp_path / "out"), device="cpu")

    return save_and_open


def rewards(model):
    return [score.score for score in model.score(GROUP)[0]]


@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("bert", {}),
        ("roberta", {}),
        ("modernbert", {}),
        ("deberta-v2", {}),
        # The built-in template reads a pair as a question and its answer.
        ("llama", {"chat_template": False, "template": "turns"}),
    ],
)
def test_a_pair_has_its_raw_reward(both, family, options):
    model, cross_encoder = both(family, **options)
    np.testing.assert_allclose(cross_encoder.predict(PAIRS), rewards(model), rtol=1e-4)


def test_a_conversation_has_its_raw_reward(both):
    model, cross_encoder = both("llama")
    np.testing.assert_allclose(cross_encoder.predict(CONVERSATIONS), rewards(model), rtol=1e-4)


@pytest.mark.parametrize(("family", "options"), [("llama", {}), ("llama", {"chat_template": False}), ("gpt2", {})])
def test_any_pair_has_the_raw_reward_of_the_tokens_it_becomes(both, family, options):
    model, cross_encoder = both(family, **options)
    encoded = cross_encoder[0].preprocess(PAIRS)
    lengths = encoded["attention_mask"].sum(1)
    # Padded at the right: what is real stands first.
    sequences = [row[:length].numpy() for row, length in zip(encoded["input_ids"], lengths, strict=True)]
    with torch.no_grad():
        expected = model.network([model.network.grow([sequence]) for sequence in sequences]).flatten().numpy()
    np.testing.assert_allclose(cross_encoder.predict(PAIRS), expected, rtol=1e-4)


def test_the_saved_tokenizer_pads_at_the_right(tmp_path):
    folder = tiny_model_folder(tmp_path / "in")
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "padding_side": "left"}))
    for number, load in enumerate((RewardModel.from_backbone, RewardModel.from_pretrained)):
        load(folder).save(tmp_path / str(number))
        saved = json.loads((tmp_path / str(number) / "tokenizer_config.json").read_text())
        assert saved["padding_side"] == "right"
