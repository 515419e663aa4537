"""The demo from end to end on a tiny random encoder: the files it leaves, its figures, and what it prints."""

import json

import pytest
import typer
from typer.testing import CliRunner

from plaudit.cli import demo as cli
from plaudit.data import load_groups
from plaudit.demo import Demo, preference_set, run_demo
from plaudit.demo.run import Recovery, split_demo
from plaudit.errors import PlauditError

app = typer.Typer()
app.command()(cli.demo_command)


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    """A one-layer BERT that reads words, with a vocabulary of the set's 500 most frequent."""
    from collections import Counter

    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    counts = Counter(word for group in preference_set(questions=1) for text in group.responses for word in text.split())
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *(word for word, _ in counts.most_common(500))]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    folder = tmp_path_factory.mktemp("backbone")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32
    )
    BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def demo(backbone, tmp_path_factory) -> Demo:
    return run_demo(tmp_path_factory.mktemp("run") / "demo", backbone, questions=1, epochs=1, report_to="none")


def test_it_measures_what_was_held_out(demo):
    sets = split_demo(preference_set(questions=1))
    for name, recovery in demo.recovery.items():
        assert isinstance(recovery, Recovery)
        assert recovery.truth.counts["groups"] == len(sets[name])
        assert recovery.truth.clusters == "topic"
        assert set(recovery.ceiling) == {"", "en", "zh"} == {"", *recovery.truth.subsets}
        assert 0.5 < recovery.ceiling[""] < 1


def test_the_files_it_leaves_give_the_same_figures(demo):
    from plaudit.evaluation import evaluate
    from plaudit.model import RewardModel

    model = RewardModel.from_pretrained(demo.folder / "model")
    for name, recovery in demo.recovery.items():
        groups = load_groups(demo.folder / f"{name}-truth.jsonl")
        again = evaluate(groups, [[s.score for s in g] for g in model.score(groups)], clusters="topic")
        assert again.overall["accuracy"].value == recovery.truth.overall["accuracy"].value
    record = json.loads((demo.folder / "model" / "plaudit.json").read_text())
    assert record["groups"] == len(load_groups(demo.folder / "train.jsonl"))


def test_what_the_default_backbone_cannot_read_is_said_before_it_is_warned_of(backbone, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise InterruptedError

    monkeypatch.setattr("plaudit.training.train", stop)
    said = {}
    for name in ("minilm-l6", backbone):
        lines = said.setdefault(name, [])
        with pytest.raises(InterruptedError):
            run_demo(tmp_path / f"demo-{len(said)}", name, questions=1, log=lines.append)
    assert "knows few characters" in said["minilm-l6"][-1]
    assert not any("few characters" in line for line in said[backbone])


def test_a_second_demo_replaces_the_first_and_a_model_of_ones_own_is_left_alone(demo, backbone, tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "plaudit.json").write_text("{}")
    with pytest.raises(PlauditError, match="the folder is not empty: it holds model"):
        run_demo(tmp_path, backbone, questions=1)
    assert (tmp_path / "model" / "plaudit.json").read_text() == "{}"


def test_the_command_prints_measurements_beside_their_baselines_and_ranks(demo, monkeypatch):
    monkeypatch.setattr("plaudit.demo.run_demo", lambda *_, **__: demo)
    result = CliRunner().invoke(app, ["--prompt", "Why?", "--response", "Because.", "--response", "No idea."])
    assert result.exit_code == 0, result.output
    best = demo.model.rank("Why?", ["Because.", "No idea."])[0]
    assert f"1. {best.score:+.2f}  {['Because.', 'No idea.'][best.response]}" in result.output
    value = demo.recovery["new-topics"].truth.overall["accuracy"].value
    for words in ("new topics", "longer wins", "ceiling", "Chance is 50%", f"{value:.1%}", "plaudit train"):
        assert words in result.output


def test_without_a_question_it_ranks_four_answers_to_its_own(demo, monkeypatch):
    monkeypatch.setattr("plaudit.demo.run_demo", lambda *_, **__: demo)
    output = CliRunner().invoke(app, []).output
    assert cli.QUESTION in output
    assert all(f"  {place}. " in output for place in (1, 2, 3, 4))


@pytest.mark.parametrize("arguments", [["--prompt", "Why?"], ["-p", "Why?", "-r", "a"], ["-r", "a", "-r", "b"]])
def test_half_a_question_is_refused_before_anything_is_trained(arguments, tmp_path):
    result = CliRunner().invoke(app, [*arguments, "-o", str(tmp_path / "demo")])
    assert isinstance(result.exception, PlauditError)
    assert not (tmp_path / "demo").exists()
