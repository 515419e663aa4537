"""Pretraining, whole and in its parts: what is read, cut, batched, masked and measured, and that the result serves."""

import gzip
import io
import json
import math
import sys

import numpy as np
import pytest
import torch
from interrupting import interrupted
from safetensors.torch import load_file
from tiny import tiny_config, tiny_language_model_folder, tiny_tokenizer
from toys import toy_groups
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from plaudit import RewardModel, train
from plaudit.data import load_groups, write_groups
from plaudit.errors import DataError, PlauditError
from plaudit.statistics.intervals import mean
from plaudit.training.language_model.batches import IGNORED, Batches, TokenBlock, split_into_blocks
from plaudit.training.language_model.documents import Document, read_texts
from plaudit.training.language_model.from_scratch import small_model, train_tokenizer
from plaudit.training.language_model.perplexity import perplexity, token_losses
from plaudit.training.language_model.pretraining import pretrain
from plaudit.training.run.split import hold_out_validation

WORDS = ["river", "stone", "bird", "cloud", "tree", "light", "sound", "wind"]
SMALL = {"vocabulary": 270, "layers": 1, "hidden": 16, "heads": 2, "block": 32, "report_to": "none"}


def prose(count, seed=0):
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice(WORDS, draw.integers(5, 20))) for _ in range(count)]


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n\n".join(prose(60)))
    return path


def texts_of(source):
    return [document.text for document in read_texts(source).documents]


def test_blank_lines_stand_between_documents(tmp_path):
    (tmp_path / "a.txt").write_text("\ufeffone\nline two\n\n \n\nsecond\n\none\nline two\n")
    read = read_texts(tmp_path / "a.txt")
    assert [document.text for document in read.documents] == ["one\nline two", "second"]
    assert (read.repeated, read.empty) == (1, 0)
    assert read.documents[1].source.endswith("a.txt:6")


def test_rows_groups_gzip_and_folders(tmp_path):
    with gzip.open(tmp_path / "b.jsonl.gz", "wt") as stream:
        stream.write('{"text": "row one"}\n{"text": " "}\n')
    group = {"prompt": "p", "responses": ["r", "s"], "rankings": [{"tiers": [[0], [1]]}]}
    (tmp_path / "c.jsonl").write_text(json.dumps(group) + "\n")
    (tmp_path / "d.txt").write_text("plain")
    read = read_texts(tmp_path)
    assert [document.text for document in read.documents] == ["plain", "row one", "p\n\nr", "p\n\ns"]
    assert read.empty == 1
    assert read.documents[2].source == read.documents[3].source


@pytest.mark.parametrize(
    ("stdin", "texts"),
    [
        ("one\n\ntwo\n", ["one", "two"]),
        ('{"text": "row"}\n', ["row"]),
        ('{"prompt": "p", "chosen": "r", "rejected": "s"}\n', ["p\n\nr", "p\n\ns"]),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_stdin(monkeypatch, stdin, texts, pack):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(pack(stdin.encode()))))
    assert texts_of("-") == texts


@pytest.mark.parametrize("read", [read_texts, load_groups])
def test_several_processes_cannot_share_stdin(monkeypatch, read):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(PlauditError, match="several processes cannot share stdin; write it to a file"):
        read("-")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.txt", b" \n\n", "there is no text"),
        ("a.txt", b"ok\n\xff\n", "a.txt:2: the line is not UTF-8"),
        ("a.jsonl", b'{"text": "x"}\n{"txt": "y"}\n', 'a.jsonl:2: the row has no "text"'),
        ("a.jsonl", b"", "a.jsonl: the file is empty"),
        ("a.txt", gzip.compress(b"words " * 99, mtime=0)[:20], "it cannot be read"),
    ],
)
def test_what_is_no_text(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=says):
        read_texts(tmp_path / name)


@pytest.fixture(scope="module")
def tokenizers():
    return {causal: train_tokenizer(prose(60), 270, block=32, causal=causal) for causal in (True, False)}


@pytest.mark.parametrize("causal", [True, False])
def test_pieces_hold_every_token_of_their_document_and_no_other(tokenizers, causal):
    tokenizer = tokenizers[causal]
    documents = [Document(text, source) for text, source in zip(prose(5, seed=1), "aabcd", strict=True)]
    blocks = split_into_blocks(documents, tokenizer, block=16, causal=causal)
    assert max(len(block.tokens) for block in blocks) <= 16
    assert sorted({block.source_id for block in blocks}) == [0, 1, 2, 3]
    decoded = "".join(tokenizer.decode(p.tokens, skip_special_tokens=True) for p in blocks)
    assert decoded == "".join(document.text for document in documents)
    ends = [block.tokens[-1] for block in blocks]
    if causal:
        assert ends.count(tokenizer.eos_token_id) == 5
    else:
        assert set(ends) == {tokenizer.sep_token_id}
        assert {block.tokens[0] for block in blocks} == {tokenizer.cls_token_id}


def test_special_tokens_spelled_out_are_letters(tokenizers):
    (block,) = split_into_blocks([Document("<|end|>x", "a")], tokenizers[True], block=32, causal=True)
    assert (block.tokens == tokenizers[True].eos_token_id).sum() == 1
    assert block.tokens[-1] == tokenizers[True].eos_token_id


def test_every_epoch_holds_every_piece_within_the_budget(tokenizers):
    blocks = split_into_blocks(
        [Document(t, str(i)) for i, t in enumerate(prose(90))], tokenizers[True], block=32, causal=True
    )
    batches = Batches(blocks, tokenizers[True], budget=100, seed=3, epochs=2)
    rows = [batches.rows(index) for index in range(len(batches))]
    assert sorted(row for batch in rows for row in batch) == sorted([*range(len(blocks))] * 2)
    sizes = [batches[index]["input_ids"].shape for index in range(len(batches))]
    assert all(height * width <= 100 or height == 1 for height, width in sizes)
    again = Batches(blocks, tokenizers[True], budget=100, seed=3, epochs=2)
    assert [again.rows(index) for index in range(len(again))] == rows
    other = Batches(blocks, tokenizers[True], budget=100, seed=4, epochs=2)
    assert [other.rows(index) for index in range(len(other))] != rows


def test_a_prompt_or_padding_is_not_predicted(tokenizers):
    blocks = [TokenBlock(np.array([5, 6, 7]), 0, prompt_length=2), TokenBlock(np.array([8]), 1)]
    batch = Batches(blocks, tokenizers[True], budget=100, seed=0)[0]
    assert sorted(batch["labels"].tolist()) == [[IGNORED, IGNORED, 7], [8, IGNORED, IGNORED]]
    assert sorted(batch["attention_mask"].tolist()) == [[1, 0, 0], [1, 1, 1]]


def test_masks_are_drawn_by_seed_and_spare_special_tokens(tokenizers):
    tokenizer = tokenizers[False]
    blocks = split_into_blocks(
        [Document(t, str(i)) for i, t in enumerate(prose(90))], tokenizer, block=32, causal=False
    )
    batches = Batches(blocks, tokenizer, budget=1 << 20, seed=3, masked=0.15)
    batch = batches[0]
    assert torch.equal(batch["labels"], batches[0]["labels"])
    asked = batch["labels"] != IGNORED
    words = sum(len(block.tokens) - 2 for block in blocks)
    # Of n draws at 0.15 the share stays within five standard deviations.
    assert abs(asked.sum() / words - 0.15) < 5 * math.sqrt(0.15 * 0.85 / words)
    assert not set(batch["labels"][asked].tolist()) & set(tokenizer.all_special_ids)
    masked = (batch["input_ids"][asked] == tokenizer.mask_token_id).float().mean()
    assert abs(masked - 0.8) < 5 * math.sqrt(0.8 * 0.2 / int(asked.sum()))


def test_a_batch_too_short_for_a_mask_is_drawn_until_it_has_one(tokenizers):
    blocks = split_into_blocks([Document("a", str(i)) for i in range(20)], tokenizers[False], block=32, causal=False)
    batches = Batches(blocks, tokenizers[False], budget=1, seed=0, masked=0.05)
    assert all((batches[index]["labels"] != IGNORED).any() for index in range(len(batches)))


def test_perplexity_of_documents_by_hand():
    # exp(mean) with losses 2 and 6 over 2 and 2 tokens: exp(8 / 4). Residuals -2 and 2 around 2 a token:
    # sqrt(2 / 1 * 8) / 4 = 1 standard error on the log scale, and t(0.975, 1) is 12.7062.
    measured = perplexity(np.array([2.0, 6.0]), np.array([2, 2]))
    assert measured.value == pytest.approx(math.exp(2))
    assert measured.high == pytest.approx(math.exp(2 + 12.7062), rel=1e-4)
    assert (measured.documents, measured.tokens) == (2, 4)
    assert perplexity(np.array([2.0]), np.array([2])).low is None


def test_the_interval_is_near_the_clustered_one_of_evaluation():
    draw = np.random.default_rng(0)
    tokens = draw.integers(40, 60, 200)
    losses = np.array([draw.normal(2 + draw.normal(0, 0.3), 1, n).sum() for n in tokens])
    measured = perplexity(losses, tokens)
    other = mean(losses / tokens, tokens.astype(float), np.arange(200))
    assert math.log(measured.low) == pytest.approx(other.low, abs=0.01)
    assert math.log(measured.high) == pytest.approx(other.high, abs=0.01)


def test_a_token_s_loss_is_what_transformers_computes_row_by_row(tokenizers):
    tokenizer = tokenizers[True]
    model = small_model(tokenizer, layers=1, hidden=16, heads=2, block=32, causal=True, seed=0).eval()
    blocks = split_into_blocks([Document(t, str(i)) for i, t in enumerate(prose(7))], tokenizer, block=32, causal=True)
    losses, tokens = token_losses(model, Batches(blocks, tokenizer, budget=100, seed=0))
    expected = np.zeros(7)
    for block in blocks:
        row = torch.from_numpy(block.tokens)[None]
        expected[block.source_id] += float(model(input_ids=row, labels=row).loss.detach()) * (len(block.tokens) - 1)
    assert losses == pytest.approx(expected, rel=1e-4)
    assert tokens.sum() == sum(len(block.tokens) - 1 for block in blocks)


def _shuffle(count):
    return np.random.default_rng(1).permutation(count).tolist()


def test_documents_of_one_source_stay_on_one_side():
    train_items, validation = hold_out_validation(range(40), [str(i // 2) for i in range(40)], 0.2, _shuffle)
    assert len(validation) == 8
    assert sorted(train_items + validation) == list(range(40))
    assert not {i // 2 for i in train_items} & {i // 2 for i in validation}
    assert hold_out_validation(range(5), list("abcde"), 0.2, _shuffle) == ([0, 1, 2, 3, 4], [])


@pytest.mark.parametrize(
    ("vocabulary", "says"),
    [(5000, r"supports a vocabulary of [\d,]+, not 5,000.*--vocabulary \d+"), (200, "at least 258: 256 bytes and 2")],
)
def test_vocabularies_that_cannot_be(vocabulary, says):
    with pytest.raises(PlauditError, match=says):
        train_tokenizer(prose(60), vocabulary, block=32, causal=True)


def test_rotary_heads_need_even_widths(tokenizers):
    with pytest.raises(PlauditError, match="hidden must be a multiple of twice the heads"):
        small_model(tokenizers[True], layers=1, hidden=16, heads=3, block=32, causal=True, seed=0)


@pytest.mark.parametrize(
    ("objective", "auto"), [("next-token", AutoModelForCausalLM), ("masked", AutoModelForMaskedLM)]
)
def test_what_was_pretrained_predicts_better_and_serves_as_a_backbone(corpus, tmp_path, objective, auto):
    out = tmp_path / "backbone"
    record = pretrain(corpus, out, objective=objective, epochs=8, batch_tokens=256, learning_rate=0.01, **SMALL)
    factor = record["validation"]["factor"]
    assert factor["high"] < 1
    assert record["validation"]["before"]["value"] * factor["value"] == pytest.approx(
        record["validation"]["after"]["value"]
    )
    assert json.loads((out / "plaudit.json").read_text()) == record
    assert "Validation perplexity" in (out / "README.md").read_text()
    assert not (out / "checkpoints").exists()
    _, info = auto.from_pretrained(out, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"]

    trained = train(toy_groups(12), tmp_path / "reward", out, epochs=1, report_to="none", max_length=32)
    trained.save(tmp_path / "again")
    scores = RewardModel.from_pretrained(tmp_path / "again").score(toy_groups(2))
    assert trained.network.layout.packed
    assert [s.score for row in scores for s in row] == pytest.approx(
        [s.score for row in trained.score(toy_groups(2)) for s in row]
    )


def test_a_resumed_run_ends_as_an_uninterrupted_one(corpus, tmp_path):
    options = {**SMALL, "epochs": 4, "batch_tokens": 256, "validation_share": 0.0}
    pretrain(corpus, tmp_path / "whole", **options)
    with interrupted():
        pretrain(corpus, tmp_path / "cut", **options)
    with pytest.raises(PlauditError, match="an unfinished run"):
        pretrain(corpus, tmp_path / "cut", **options)
    with pytest.raises(PlauditError, match="its settings was epochs=4, now 5"):
        pretrain(corpus, tmp_path / "cut", resume=True, **{**options, "epochs": 5})
    pretrain(corpus, tmp_path / "cut", resume=True, **options)
    whole, resumed = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "cut"))
    for name in whole:
        torch.testing.assert_close(whole[name], resumed[name])
    with pytest.raises(PlauditError, match="--overwrite"):
        pretrain(corpus, tmp_path / "cut", **options)
    pretrain(corpus, tmp_path / "cut", overwrite=True, **{**options, "epochs": 1})


def test_a_backbone_is_trained_on_with_its_own_objective(corpus, tmp_path):
    decoder = tiny_language_model_folder(tmp_path / "decoder", "qwen2")
    record = pretrain(corpus, tmp_path / "on", decoder, epochs=1, batch_tokens=512, report_to="none")
    assert (record["objective"], record["backbone"]) == ("next-token", str(decoder))
    before, after = (load_file(path / "model.safetensors") for path in (decoder, tmp_path / "on"))
    assert before.keys() == after.keys()
    with pytest.raises(PlauditError, match="is made for next-token, not masked"):
        pretrain(corpus, tmp_path / "on", decoder, objective="masked", overwrite=True)
    with pytest.raises(PlauditError, match=r"block is 999, but the context of .* holds 256 tokens"):
        pretrain(corpus, tmp_path / "on", decoder, block=999, overwrite=True)


def test_an_encoder_keeps_its_pooler(corpus, tmp_path, caplog):
    torch.manual_seed(0)
    AutoModel.from_config(tiny_config("bert")).save_pretrained(tmp_path / "bert")
    tiny_tokenizer("bert").save_pretrained(tmp_path / "bert")
    record = pretrain(corpus, tmp_path / "on", tmp_path / "bert", epochs=1, batch_tokens=512, report_to="none")
    assert record["objective"] == "masked"
    assert "comes without its language-model head" in caplog.text
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("bert", "on"))
    assert torch.equal(before["pooler.dense.weight"], after["bert.pooler.dense.weight"])
    name = "encoder.layer.0.output.dense.weight"
    assert not torch.equal(before[name], after[f"bert.{name}"])
    ready = RewardModel.from_backbone(tmp_path / "on")
    assert torch.equal(ready.network.model.bert.pooler.dense.weight.cpu(), before["pooler.dense.weight"])


def test_too_little_text(tmp_path):
    (tmp_path / "a.txt").write_text("one two\n\none two three")
    with pytest.raises(PlauditError, match="less than one block of 64"):
        pretrain(
            tmp_path / "a.txt", tmp_path / "out", **{**SMALL, "vocabulary": 258, "block": 64, "validation_share": 0.0}
        )


def test_groups_are_documents(tmp_path):
    write_groups(toy_groups(40), tmp_path / "groups.jsonl")
    record = pretrain(tmp_path / "groups.jsonl", tmp_path / "out", epochs=1, **SMALL)
    assert record["documents"] == 2 * 36
    assert record["validation"]["after"]["documents"] == 4
