"""`plaudit explain`, run on a bag of words and a tiny decoder."""

import json
import re
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from tiny import tiny_model_folder
from toys import toy_groups

from plaudit.cli.highlight import highlighted, legend
from plaudit.data import write_groups
from plaudit.model.linear import Linear, LinearModel, WordFeatures
from plaudit.training import train

HOSTILE = "good \x1b[2J[red]w1[/red] \u202e w2"


@pytest.fixture(scope="module")
def bow(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bow")
    train(toy_groups(60), folder / "model", "bow")
    return folder / "model"


@pytest.fixture(scope="module")
def decoder(tmp_path_factory):
    return tiny_model_folder(tmp_path_factory.mktemp("decoder"), "llama")


@pytest.fixture
def wide(monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")


def test_a_prompt_and_two_responses(run, bow, wide):
    code, out, _ = run("explain", bow, "--prompt", "why", "-r", "good w1. bad w2.", "-r", "bad")
    assert code == 0
    assert "response 0: score " in out
    assert "good[+" in out
    assert "what each word contributed, exactly" in out
    assert "score 0 - score 1 = " in out
    assert "\x1b" not in out


def test_hostile_text_reaches_no_terminal(run, bow, wide):
    code, out, _ = run("explain", bow, "-p", HOSTILE, "-r", HOSTILE)
    assert code == 0
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "[red]" in out
    assert "\\u001b" in out


def test_json_is_one_object_in_the_agreed_shape(run, bow, tmp_path):
    file = tmp_path / "groups.jsonl"
    write_groups(toy_groups(3), file)
    code, out, _ = run("explain", bow, file, "--first", "2", "--json", "-o", tmp_path / "out.json")
    assert code == 0
    row = json.loads(out)
    assert row == json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [(e["group"], e["response"]) for e in row["explanations"]] == [("q0", 0), ("q0", 1), ("q1", 0), ("q1", 1)]
    for explanation in row["explanations"]:
        total = sum(token["attribution"] for token in explanation["tokens"])
        assert total == pytest.approx(explanation["score"] - explanation["baseline"])
    assert set(row["agreement"]) >= {"value", "low", "high", "n"}
    assert row["record"]["plaudit"] == "explanations"


def test_groups_from_stdin_and_a_decoder_with_check(run, decoder, wide):
    row = {"id": "q", "prompt": "why is the sky", "responses": ["the cat sat. the dog 天空 😀"]}
    code, out, _ = run("explain", decoder, "-", "--check", "--steps", "4", stdin=json.dumps(row))
    assert code == 0
    assert "reward here" in out
    assert "contributions against those with shuffled weights: rank correlation" in out
    assert "shuffled weights: near 0" in out
    assert "天" in out
    assert "😀" in out


def test_without_captum_a_note_says_what_to_install(run, decoder, monkeypatch, wide):
    monkeypatch.setitem(sys.modules, "captum", None)
    code, out, _ = run("explain", decoder, "-p", "why", "-r", "the cat. the dog")
    assert code == 0
    assert "how the reward changed at each piece (in one pass)" in out
    assert "pip install 'plaudit[explain]'" in out
    monkeypatch.setitem(sys.modules, "captum.attr", None)
    code, _, complaint = run("explain", decoder, "-p", "why", "-r", "the cat", "--method", "gradients")
    assert code == 2
    assert "pip install 'plaudit[explain]'" in complaint


def test_options_of_the_integral_are_refused_where_nothing_is_integrated(run, bow, decoder, monkeypatch):
    for option in (["--check"], ["--steps", "4"], ["--reference", "pad"]):
        said = f"{option[0]} is of integrated gradients"
        for model, more, remedy in (
            (decoder, ["--method", "ablation"], "add --method gradients"),
            (bow, [], "this model's contributions are exact without it"),
        ):
            code, out, complaint = run("explain", model, "-p", "why", "-r", "the cat", *option, *more)
            assert (code, out, complaint.count("\n")) == (2, "", 1)
            assert said in complaint
            assert remedy in complaint
    monkeypatch.setitem(sys.modules, "captum", None)
    assert "pip install 'plaudit[explain]'" in run("explain", decoder, "-p", "why", "-r", "the cat", "--check")[2]


def test_small_rewards_keep_their_digits(run, tmp_path, wide):
    # The one term stands once, and counts its weight.
    model = LinearModel(WordFeatures(("good",), np.array([1.0])), Linear(np.array([0.000123])))
    model.save(tmp_path / "model")
    code, out, _ = run("explain", tmp_path / "model", "-p", "why", "-r", "It is good. So?")
    assert code == 0
    assert "response 0: score +0.000123" in out
    rows = [line.split()[-3:] for line in out.splitlines() if '"' in line]
    assert rows[1:] == [["+0.000123"] * 3, ["+0.000000", "+0.000000", "+0.000123"]]


def test_the_python_of_the_docs_runs_as_printed(bow, tmp_path, monkeypatch, capsys):
    docs = Path(__file__).parents[2] / "docs" / "explaining.md"
    (code,) = re.findall(r"```python\n(.*?)```", docs.read_text(encoding="utf-8"), re.DOTALL)
    shutil.copytree(bow, tmp_path / "my-model")
    monkeypatch.chdir(tmp_path)
    exec(compile(code, str(docs), "exec"), {})
    assert "'sentences'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either a file"),
        (("-p", "why"), "--prompt needs at least one --response"),
        (("-p", "why", "-r", "x", "--method", "magic"), "no method 'magic'"),
        (("-p", "why", "-r", "x", "--unit", "page"), "no unit 'page'"),
    ],
)
def test_mistakes_are_one_line(run, bow, arguments, said):
    code, out, complaint = run("explain", bow, *arguments)
    assert (code, out) == (2, "")
    assert said in complaint
    assert complaint.count("\n") == 1


def styles(text):
    return [(text.plain[span.start : span.end], span.style) for span in text.spans]


def test_colours_say_sign_and_size_and_give_background_and_ink():
    text = highlighted(["up", " down", " so"], [1.0, -0.3, 0.01], 1.0, colour=True, full=False)
    assert text.plain == "up down so"
    up, down = styles(text)
    assert up == ("up", "#ffffff on #1c5f9f")
    assert down == (" down", "#000000 on #f7bf86")
    console = Console(force_terminal=True, color_system="truecolor", width=80)
    with console.capture() as shown:
        console.print(text)
    assert "38;2;255;255;255;48;2;28;95;159m" in shown.get()
    assert legend(0.5, colour=True).plain.split() == [
        "-0.5",
        "-0.38",
        "-0.25",
        "-0.12",
        "0",
        "+0.12",
        "+0.25",
        "+0.38",
        "+0.5",
    ]


def test_dull_stretches_of_a_long_response_are_folded_and_summed():
    values = [0.001] * 1000
    values[500] = 5.0
    texts = [f" w{number}" for number in range(1000)]
    text = highlighted(texts, values, 5.0, colour=False, full=False).plain
    assert " w500[+5]" in text
    assert " w999" in text
    assert " w250" not in text
    # Kept: 13 at each end, 25 around the strong one, and those around the first 15 of the equal ones, 27 in all with
    # the beginning. Folded: from 27 to 488, and from 513 to 987.
    assert "[… 461 pieces, together +0.461 …]" in text
    assert "[… 474 pieces, together +0.474 …]" in text
    assert highlighted(texts, values, 5.0, colour=False, full=True).plain.count("w") == 1000


def test_a_number_stands_at_the_end_of_its_own_word():
    text = highlighted(["just ", "one.\n\n", "More"], [-0.5, 1.0, 0.0], 1.0, colour=False, full=False)
    assert text.plain == "just[-0.5] one.[+1]\n\nMore"


def test_nothing_to_paint_is_nothing():
    assert highlighted([], [], 0.0, colour=True, full=False).plain == ""
    assert highlighted(["a"], [None], 0.0, colour=True, full=False).plain == "a"
