"""`plaudit eval` from the outside: what it prints, what it writes, and how it refuses."""

import json

import pytest
import typer
from typer.testing import CliRunner

from plaudit.cli.eval import eval_command
from plaudit.data.scores import Score, read_scores, write_scores
from plaudit.errors import PlauditError

app = typer.Typer()
app.command()(eval_command)

# Two prompts in two subsets; in each the first of two responses is better, by two of three annotators in the first.
ROWS = [
    {
        "id": "q1",
        "prompt": "one",
        "responses": ["good answer", "bad"],
        "rankings": [
            {"tiers": [[0], [1]], "annotator": "a"},
            {"tiers": [[0], [1]], "annotator": "b"},
            {"tiers": [[1], [0]], "annotator": "c"},
        ],
        "subset": "first [x]",
        "meta": {"topic": "t"},
    },
    {
        "id": "q2",
        "prompt": "two",
        "responses": ["ok", "worse"],
        "rankings": [{"tiers": [[0], [1]]}],
        "subset": "second",
    },
]
SCORES = [
    Score("q1", 0, 2.0, 5, False),
    Score("q1", 1, 1.0, 4, True),
    Score("q2", 0, 0.5, 4, False),
    Score("q2", 1, 0.0, 4, False),
]


@pytest.fixture
def files(tmp_path):
    data, scores = tmp_path / "data.jsonl", tmp_path / "made.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    write_scores(SCORES, scores, {"seed": 7})
    return str(scores), str(data)


def run(*arguments, **options):
    result = CliRunner().invoke(app, list(map(str, arguments)), **options)
    if isinstance(result.exception, PlauditError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def of_scores(metrics):
    """What needs no model, only the scores it gave."""
    return {name: value for name, value in metrics.items() if name not in ("probes", "invariance")}


def test_json_is_one_object_and_nothing_else(files):
    found = json.loads(run(*files, "--json"))
    assert next(iter(found)) == "accuracy"
    # q1: right for a and b, wrong for c; q2 right.
    assert found["accuracy"]["value"] == 0.75
    assert found["accuracy"]["n"] == 4
    assert found["length_accuracy"]["value"] == 0.5  # q1 as the model; q2's better response is shorter
    assert found["human_accuracy"]["value"] == pytest.approx((0.5 + 0.5 + 0) / 3)
    assert found["counts"]["truncated"] == 1
    assert found["record"] == {"seed": 7}


def test_the_majority_is_measured_and_the_people_stay(files):
    found = json.loads(run(*files, "--json", "--majority"))
    assert (found["accuracy"]["value"], found["accuracy"]["n"]) == (1.0, 2)
    assert found["human_accuracy"]["n"] == 3


def test_the_table_for_people(files):
    printed = run(*files)
    for words in (
        "accuracy",
        "75.0%",
        "[",
        "chance",
        "the longer response wins",
        "first [x]",
        "responses cut before scoring: 1",
    ):
        assert words in " ".join(printed.split())
    assert "clustered by prompt (2)" in printed
    assert "It cannot be told from a coin: right in 75.0%" in " ".join(printed.split())


def test_scores_come_from_stdin(files, tmp_path):
    scores, data = files
    with open(scores, encoding="utf-8") as stream:  # noqa: PTH123
        assert json.loads(run("-", data, "--json", input=stream.read()))["accuracy"]["value"] == 0.75


def test_metrics_are_written_beside_scores_that_stay_as_they_are(files, tmp_path):
    data = files[1]
    write_scores([*SCORES, Score("other", 0, 1.0, 2, False)], tmp_path / "scores.jsonl")
    printed = run(tmp_path / "scores.jsonl", data, "-o", tmp_path, "--overwrite", "--json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == json.loads(printed)
    assert json.loads(printed)["counts"]["scores_of_other_groups"] == 1
    assert len(read_scores(tmp_path / "scores.jsonl")[0]) == 5


def test_bad_rows_go_to_rejects_and_are_counted(files, tmp_path):
    scores, data = files
    with open(data, "a", encoding="utf-8") as stream:  # noqa: PTH123
        stream.write("not json\n")
    with pytest.raises(PlauditError, match=r"data\.jsonl:3"):
        run(scores, data)
    assert json.loads(run(scores, data, "--rejects", tmp_path / "bad.jsonl", "--json"))["counts"]["rejected_rows"] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--clusters", "debate"], "has no field 'debate'"),
        (["--batch-tokens", "64"], "need a model"),
        (["--truncate-responses"], "need a model"),
    ],
)
def test_refusals(files, options, says):
    with pytest.raises(PlauditError, match=says):
        run(*files, *options)


def test_stdin_cannot_be_both():
    with pytest.raises(PlauditError, match="cannot both come from stdin"):
        run("-", "-")


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory):
    """A real checkpoint: a random Llama of 16 dimensions with a reward head, over words."""
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForSequenceClassification, PreTrainedTokenizerFast

    words = ["<pad>", "<eos>", "<unk>", "one", "two", "good", "answer", "bad", "ok", "worse"]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    folder = tmp_path_factory.mktemp("model")
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>", model_max_length=64
    ).save_pretrained(folder)
    torch.manual_seed(0)
    LlamaForSequenceClassification(
        LlamaConfig(
            vocab_size=len(words),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
            num_labels=1,
            pad_token_id=0,
            eos_token_id=1,
            bos_token_id=None,
        )
    ).save_pretrained(folder)
    return folder


def test_score_once_measure_again(files, tiny_model, tmp_path):
    _, data = files
    first = json.loads(run(tiny_model, data, "-o", tmp_path / "out", "--json", "--batch-tokens", "32"))
    scores, record = read_scores(tmp_path / "out" / "scores.jsonl")
    assert [(s.group, s.response) for s in scores] == [(s.group, s.response) for s in SCORES]
    assert len({s.score for s in scores}) == 4
    assert record["pooled_token"] == "last"
    assert {"template", "dtype", "versions", "scored_data", "model"} <= record.keys()
    again = json.loads(run(tmp_path / "out" / "scores.jsonl", data, "--json"))
    assert again == of_scores(first)


class Longer:
    """A baseline: the reward is the length."""

    def stream(self, groups, **options):
        for group in groups:
            yield [Score(group.id, i, float(len(r)), 1, False) for i, r in enumerate(group.responses)]


class Broken:
    def stream(self, groups, **options):
        raise PlauditError("its features are gone")
        yield


@pytest.fixture
def baselines(monkeypatch):
    monkeypatch.setattr(
        "plaudit.model.baselines.load_baselines", lambda folder: {"by:length": Longer(), "bow": Broken()}
    )


def test_baselines_are_shown_without_being_asked_for(files, tiny_model, baselines, tmp_path, caplog):
    data = files[1]
    first = json.loads(run(tiny_model, data, "-o", tmp_path / "out", "--json"))
    assert list(first["baselines"]) == ["by:length"]
    assert first["baselines"]["by:length"]["accuracy"] == first["length_accuracy"]
    assert first["baselines"]["by:length"]["lead"] == first["lead_over_length"]
    assert first["counts"]["baselines_left_out"] == 1
    assert "the baseline bow is left out: its features are gone" in caplog.text
    # Their scores are written too: measured again, without a model, the figures are the same.
    scores = tmp_path / "out" / "scores.jsonl"
    assert json.loads(run(scores, data, "--json")) == of_scores(first)
    printed = run(scores, data)
    assert "lead over by:length" in printed
    assert "What it learned beyond by:length cannot be seen here: its lead is" in " ".join(printed.split())


def test_ratings_in_their_units(tmp_path):
    data, scores = tmp_path / "rated.jsonl", tmp_path / "made.jsonl"
    rating = {"response": 0, "attribute": "help [x]", "scale": [1, 5]}
    rows = [
        {"id": f"q{i}", "prompt": f"p{i}", "responses": ["a" * (i % 3 + 1)], "ratings": [rating | {"value": 1 + i % 4}]}
        for i in range(8)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    # The model learned on [0, 4] and is right on every response; the record says so.
    made = [Score(f"q{i}", 0, 0.1 * i, 3, False, {"help [x]": float(i % 4)}) for i in range(8)]
    attributes = [{"name": "help [x]", "low": 0, "high": 4, "readout": "value"}]
    write_scores(made, scores, {"outputs": {"attributes": attributes}})
    found = json.loads(run(scores, data, "--json"))
    assert found["accuracy"]["value"] is None
    assert found["ratings"]["help [x]"]["mae"]["value"] == 0
    assert found["ratings"]["help [x]"]["spearman"]["value"] == pytest.approx(1)
    printed = run(scores, data)
    for words in (
        "ratings: help [x]",
        "mean absolute error",
        "of the best constant",
        "Kendall",
        "8 ratings in 8 groups",
    ):
        assert words in printed
    assert "lead over that rule" not in printed


def test_a_row_stands_under_what_it_is_a_row_of(tmp_path):
    """A reward without units has neither error, for one reason; what the best constant reaches is known for both."""
    data, scores = tmp_path / "rated.jsonl", tmp_path / "made.jsonl"
    rows = [
        {"id": f"q{i}", "prompt": f"p{i}", "responses": ["a"], "ratings": [{"response": 0, "value": i % 4}]}
        for i in range(8)
    ]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    write_scores([Score(f"q{i}", 0, 0.1 * i, 3, False) for i in range(8)], scores, {})
    lines = run(scores, data).splitlines()
    for parent in ("mean absolute error", "root mean squared error"):
        place = next(number for number, line in enumerate(lines) if line.startswith(parent))
        assert "undefined" in lines[place]
        # The reason may take several lines; the next label is the constant's.
        below = next(line for line in lines[place + 1 :] if line[:20].strip())
        assert below.startswith("  of the best constant")


def test_a_model_with_a_spread(files, tmp_path):
    write_scores([Score(s.group, s.response, s.score, 3, False, spread=0.5) for s in SCORES], tmp_path / "s.jsonl")
    assert json.loads(run(tmp_path / "s.jsonl", files[1], "--json"))["selective_accuracy"]["value"] is not None
    assert "selective accuracy (coverage one half)" in run(tmp_path / "s.jsonl", files[1])


def test_options_that_cannot_be_are_refused_before_a_model_is_looked_for(files):
    with pytest.raises(PlauditError, match="has no field 'debate'"):
        run("no-such-model", files[1], "--clusters", "debate")
    with pytest.raises(PlauditError, match="10 bootstrap rounds"):
        run("no-such-model", files[1], "--bootstrap", "10")
    with pytest.raises(PlauditError, match="no model folder 'no-such-model'"):
        run("no-such-model", files[1])
