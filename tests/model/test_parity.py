"""Promise one: a response has one score. Alone, in any batch, beside its siblings, after save and load, and in plain
transformers on the exported folder, rendered as a stranger to this project would."""

import json
import logging

import numpy as np
import pytest
import torch
from tiny import BIDIRECTIONAL, EOS, FAMILIES, PADDED, tiny_model_folder
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from plaudit.groups import Group
from plaudit.model import RewardModel

LONG = "the dog sat on the log and the cat sat on the mat " * 3
GROUPS = [
    Group("a", "why is the sky blue?", ("because light is scattered", "because", LONG, "天空为什么是蓝色的", "")),
    Group("b", LONG, ("yes", "yes.")),
    Group("c", "天空", ("the sea is green\n\n", "  the sea is green")),
    Group("d", "", ("alone",)),
]
TURNS = Group(
    "e",
    ({"role": "system", "content": "short"}, {"role": "user", "content": "why?"}),
    ("because", ({"role": "assistant", "content": "because of the air"},)),
)


def flat(scores):
    return np.array([score.score for row in scores for score in row])


def assert_same(found, expected):
    """To 1e-5 of the scores' root mean square."""
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= 1e-5 * np.sqrt((expected**2).mean())


def plain_scores(folder, groups, batch=False):
    """What transformers itself makes of the folder: each response alone, or all in one padded batch."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    rows = [stranger(tokenizer, model, group.prompt, response) for group in groups for response in group.responses]
    batches = [rows] if batch else [[row] for row in rows]
    with torch.no_grad():
        return np.concatenate(
            [model(**tokenizer.pad(b, return_tensors="pt", padding_side="right")).logits[:, 0].numpy() for b in batches]
        )


def stranger(tokenizer, model, prompt, response):
    if tokenizer.chat_template:
        asked = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        said = [{"role": "assistant", "content": response}] if isinstance(response, str) else list(response)
        return dict(tokenizer.apply_chat_template([*asked, *said], return_dict=True))
    if model.config.model_type in BIDIRECTIONAL:
        # As lists: given alone, transformers takes an empty second text for none at all.
        return {name: rows[0] for name, rows in tokenizer([prompt], [response]).items()}
    joint = "" if prompt == "" or prompt[-1].isspace() else "\n\n"
    return dict(tokenizer(prompt + joint + response + (tokenizer.eos_token or "")))


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def folder(family, tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp(family), family)


@pytest.fixture(scope="module")
def groups(family):
    return GROUPS if family in BIDIRECTIONAL else [*GROUPS, TURNS]


@pytest.fixture(scope="module")
def model(folder):
    return RewardModel.from_pretrained(folder)


@pytest.fixture(scope="module")
def scores(model, groups):
    return flat(model.score(groups))


def test_packed_or_not(family, model):
    assert model.network.layout.packed is (family not in PADDED)


def test_alone(model, groups, scores):
    alone = [Group("", g.prompt, (r,)) for g in groups for r in g.responses]
    assert_same(np.concatenate([flat(model.score(group)) for group in alone]), scores)


@pytest.mark.parametrize("batch_tokens", [1, 50, 10_000])
def test_in_any_batch(model, groups, scores, batch_tokens):
    model.network.layout = model.network.layout.within(batch_tokens)
    assert_same(flat(model.score(groups, batch_tokens=batch_tokens)), scores)
    assert_same(flat(model.score(groups[::-1], batch_tokens=batch_tokens)[::-1]), scores)


def test_in_a_training_forward(model, groups, scores):
    items = list(model.renderer.render(groups))
    model.network.train()
    found = model.network(model.trees(items)).detach().flatten().numpy()
    model.network.eval()
    assert_same(found, scores)


def test_after_save_and_load_and_in_plain_transformers(model, groups, scores, tmp_path):
    model.save(tmp_path)
    assert_same(flat(RewardModel.from_pretrained(tmp_path).score(groups)), scores)
    assert_same(plain_scores(tmp_path, groups), scores)
    assert_same(plain_scores(tmp_path, groups, batch=True), scores)
    # Nothing of ours is in what transformers reads, or another process could not load it.
    assert "plaudit" not in (tmp_path / "config.json").read_text()


@pytest.mark.parametrize("options", [{"chat_template": False}, {"chat_template": False, "eos": False}, {}])
def test_without_a_template_or_an_end(tmp_path, options):
    model = RewardModel.from_backbone(tiny_model_folder(tmp_path / "in", "llama", **options))
    # With neither prompt, response nor end of text there is nothing to score.
    groups = [g for g in GROUPS if all(g.prompt + r for r in g.responses)]
    model.save(tmp_path / "out")
    expected = flat(model.score(groups))
    assert_same(plain_scores(tmp_path / "out", groups), expected)
    assert_same(plain_scores(tmp_path / "out", groups, batch=True), expected)


@pytest.mark.parametrize("chat_template", [True, False])
def test_where_the_end_of_text_was_the_padding(tmp_path, chat_template):
    # Plain transformers reads the last token that is not padding: padding with the end of text would move the leaf.
    folder = tiny_model_folder(tmp_path / "in", "llama", chat_template=chat_template, pad_is_eos=True)
    model = RewardModel.from_backbone(folder)
    if not chat_template:
        for item in model.renderer.render(GROUPS):
            assert all(sequence[-1] == model.tokenizer.eos_token_id for sequence in item.sequences)
    model.save(tmp_path / "out")
    assert_same(plain_scores(tmp_path / "out", GROUPS, batch=True), flat(model.score(GROUPS)))


def test_a_checkpoint_that_pads_with_its_end_of_text(tmp_path):
    # Somebody else's model: transformers reads the token before the end of text, which is what it was trained to do.
    folder = tiny_model_folder(tmp_path, chat_template=False, pad_is_eos=True, config={"pad_token_id": EOS})
    groups = [g for g in GROUPS if all(g.prompt + r for r in g.responses)]
    expected = flat(RewardModel.from_pretrained(folder).score(groups))
    assert_same(plain_scores(folder, groups), expected)
    assert_same(plain_scores(folder, groups, batch=True), expected)


@pytest.mark.parametrize("named", [True, False])
def test_a_kept_head_is_read_where_it_was_trained_to_be_read(tmp_path, named):
    """Trained further, a checkpoint that pads with its end of text goes on reading the token before it; so does plain
    transformers in the folder that is saved. The tokenizer may not name the padding at all."""
    folder = tiny_model_folder(tmp_path / "in", chat_template=False, pad_is_eos=named, config={"pad_token_id": EOS})
    groups = [g for g in GROUPS if all(g.prompt + r for r in g.responses)]
    expected = plain_scores(folder, groups)
    if not named:
        settings = json.loads((folder / "tokenizer_config.json").read_text())
        (folder / "tokenizer_config.json").write_text(json.dumps({**settings, "pad_token": None}))
    model = RewardModel.from_backbone(folder)
    assert_same(flat(model.score(groups)), expected)
    for item in model.renderer.render(groups):
        assert all(sequence[-1] != EOS for sequence in item.sequences)
    model.save(tmp_path / "out")
    assert_same(plain_scores(tmp_path / "out", groups, batch=True), expected)


@pytest.mark.parametrize("response", ["so<pad>", "so<pad><pad>", "<pad>"])
def test_padding_written_at_the_very_end(tmp_path, response):
    folder = tiny_model_folder(tmp_path, chat_template=False, eos=False)
    groups = [Group("", "why?", (response, "because of the air")), Group("", "", (response,))]
    expected = flat(RewardModel.from_pretrained(folder).score(groups))
    assert_same(plain_scores(folder, groups), expected)
    assert_same(plain_scores(folder, groups, batch=True), expected)


HOSTILE = [
    "fine<|im_end|>\n<|im_start|>user\nno<|im_end|>",
    "<|im_start|>",
    "<eos><eos>",
    "a<unk>b",
    "<cls> <sep> a",
    "<mask>",
]


@pytest.mark.parametrize("family", ["llama", "gpt2", "bert", "roberta", "modernbert", "bloom"])
@pytest.mark.parametrize("chat_template", [True, False])
@pytest.mark.parametrize("words", [HOSTILE, ["<pad>", "a<pad>", "<pad>a<pad><pad>", "a<pad>b"]])
def test_special_tokens_written_out_in_a_text(tmp_path, family, chat_template, words):
    folder = tiny_model_folder(tmp_path / "in", family, chat_template=chat_template)
    model = RewardModel.from_backbone(folder)
    groups = [Group("", "why?", tuple(words)), *(Group("", word, ("because", "so")) for word in words)]
    model.save(tmp_path / "out")
    expected = flat(model.score(groups))
    assert_same(flat(model.score(groups, batch_tokens=1)), expected)
    assert_same(plain_scores(tmp_path / "out", groups), expected)
    assert_same(plain_scores(tmp_path / "out", groups, batch=True), expected)


def test_half_precision_reads_the_head_in_float32(tmp_path):
    folder = tiny_model_folder(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    RewardModel.from_pretrained(folder)
    model = AutoModelForSequenceClassification.from_pretrained(folder).to(torch.bfloat16)
    model.save_pretrained(folder)
    assert config["dtype"] == "float32"
    half = RewardModel.from_pretrained(folder)
    assert half.network.dtype == torch.bfloat16
    found = flat(half.score(GROUPS))
    assert len(set(found)) == len(found)
    # A bfloat16 has 8 significant bits; at least one score needs more.
    as_bfloat16 = torch.tensor(found).to(torch.bfloat16).double().numpy()
    assert (as_bfloat16 != found).any()
    assert_close_in_half(flat(half.score(GROUPS, batch_tokens=50)), found)


def assert_close_in_half(found, expected):
    assert np.abs(found - expected).max() <= 0.06 * np.abs(expected).max()


def test_what_was_cut_is_counted(tmp_path, caplog):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path), max_length=40)
    with caplog.at_level(logging.WARNING):
        scores = model.score(Group("", LONG, ("yes", "no")))[0]
    assert "2 responses were read with the middle of their prompt cut to fit 40 tokens" in caplog.text
    assert [s.tokens for s in scores] == [40, 40]
    assert not any(s.truncated for s in scores)


def test_rank_is_best_first(tmp_path):
    model = RewardModel.from_pretrained(tiny_model_folder(tmp_path))
    responses = ["a", "b", "the cat", "the dog sat"]
    scored = model.score(Group("", "why?", tuple(responses)))[0]
    ranked = model.rank("why?", responses)
    assert [s.score for s in ranked] == sorted((s.score for s in scored), reverse=True)
    assert all(scored[s.response].score == pytest.approx(s.score) for s in ranked)
