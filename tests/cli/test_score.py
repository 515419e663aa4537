"""`plaudit score` and `plaudit rank` from the outside: lines, order, streams, terminals and refusals."""

import gzip
import json
import os
import pty
import subprocess
import sys

import pytest
import torch
from tiny import CHATML, tiny_model_folder
from toys import toy_backbone
from transformers import AutoModelForSequenceClassification

from plaudit import RewardModel, load_groups
from plaudit.groups import Group

ROWS = [
    {"id": "q1", "prompt": "w1 w2", "responses": ["w3", "good w4", "w5 w6 w7"]},
    {"id": "q2", "prompt": "w8", "responses": ["bad", "w9"]},
]
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("model"), head=True))


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("backbone")))


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data.jsonl").write_text(LINES)
    return str(tmp_path / "data.jsonl")


def rows(text):
    return [json.loads(line) for line in text.splitlines()]


def test_score_lines_are_those_of_the_design(run, model, data):
    code, printed, complaints = run("score", model, data)
    assert (code, complaints) == (0, "")
    record, *scores = rows(printed)
    assert record["plaudit"] == "scores"
    assert {"model", "template", "pooled_token", "dtype", "truncation", "versions"} <= record["record"].keys()
    assert [(s["group"], s["response"]) for s in scores] == [("q1", 0), ("q1", 1), ("q1", 2), ("q2", 0), ("q2", 1)]
    expected = [score for row in RewardModel.from_pretrained(model).score(load_groups(data)) for score in row]
    assert [s["score"] for s in scores] == pytest.approx([s.score for s in expected], abs=1e-6)
    # w1 w2, an empty line, w3, the end of the text: words and <eos>.
    assert scores[0] == {**scores[0], "tokens": 4, "truncated": False}


@pytest.mark.parametrize("source", ["stdin", "gz", "folder", "small batches"])
def test_the_same_lines_from_any_source(run, model, data, tmp_path, source):
    _, expected, _ = run("score", model, data)
    options, stdin = [], ""
    if source == "stdin":
        data, stdin = "-", LINES
    elif source == "gz":
        data = tmp_path / "data.jsonl.gz"
        data.write_bytes(gzip.compress(LINES.encode()))
    elif source == "folder":
        (tmp_path / "folder").mkdir()
        for number, line in enumerate(LINES.splitlines()):
            (tmp_path / "folder" / f"{number}.jsonl").write_text(line + "\n")
        data = tmp_path / "folder"
    else:
        options = ["--batch-tokens", "5"]
    code, printed, _ = run("score", model, data, *options, stdin=stdin)
    assert code == 0
    for one, other in zip(rows(printed)[1:], rows(expected)[1:], strict=True):
        assert one == {**other, "score": pytest.approx(other["score"], abs=1e-6)}


def test_output_to_a_file(run, model, data, tmp_path):
    _, expected, _ = run("score", model, data)
    for name, read in (("scores.jsonl", open), ("scores.jsonl.gz", gzip.open)):
        assert run("score", model, data, "-o", tmp_path / name)[:2] == (0, "")
        with read(tmp_path / name, "rt", encoding="utf-8") as stream:
            assert stream.read() == expected


def test_rank_is_best_first_and_keeps_the_indices(run, model, data):
    _, scored, _ = run("score", model, data)
    code, printed, _ = run("rank", model, data)
    assert code == 0
    by_group = {}
    for row in rows(scored)[1:]:
        by_group.setdefault(row["group"], []).append(row)
    ordered = [sorted(group, key=lambda row: -row["score"]) for group in by_group.values()]
    expected = [{**row, "rank": place} for group in ordered for place, row in enumerate(group, 1)]
    assert rows(printed)[1:] == expected


ROWS = [
    {"id": "r1", "prompt": "w1 w2", "responses": ["w3", "good w4", "w3"], "model": "m", "tags": ["x"]},
    {"id": "r2", "question": "w1 w2", "response": "w3"},
    {"prompt": "w1 w2", "completions": ["w5"]},
    {"id": "r1", "messages": [{"role": "user", "content": "w1 w2"}], "answers": ["w6"]},
    {"prompt": "w1 w2", "outputs": ["w7"]},
]


def test_every_response_of_every_row_has_its_line(run, tmp_path):
    """Rows with one prompt stay apart, repeated responses stay, and each row keeps its id and its own fields."""
    folder = tiny_model_folder(tmp_path / "chat")
    code, printed, _ = run("score", folder, "-", "--text", stdin="".join(json.dumps(row) + "\n" for row in ROWS))
    assert code == 0
    lines = rows(printed)[1:]
    unnamed = lines[4]["group"]
    assert [(line["group"], line["response"], line["text"]) for line in lines] == [
        ("r1", 0, "w3"), ("r1", 1, "good w4"), ("r1", 2, "w3"), ("r2", 0, "w3"),
        (unnamed, 0, "w5"), ("r1", 0, "w6"), (f"{unnamed}-2", 0, "w7"),
    ]  # fmt: skip
    assert [line.get("meta") for line in lines] == [{"model": "m", "tags": ["x"]}] * 3 + [None] * 4
    # Equal tokens are computed once, so that rounding tells nothing apart.
    assert lines[0]["score"] == lines[2]["score"] == lines[3]["score"]


def test_equal_answers_share_a_rank_and_the_record_can_be_left_out(run, model):
    stdin = json.dumps({"id": "q", "prompt": "w1 w2", "responses": ["w3", "good w4", "w3"]}) + "\n"
    code, printed, _ = run("rank", model, "-", "--no-record", stdin=stdin)
    assert code == 0
    lines = rows(printed)
    assert sorted(line["rank"] for line in lines) in ([1, 1, 3], [1, 2, 2])
    assert {line["rank"] for line in lines if line["response"] != 1} == {
        lines[0]["rank"] if lines[0]["response"] != 1 else 2
    }


def test_a_bad_row_can_be_set_aside(run, model, tmp_path):
    stdin = '{"prompt": "w1", "responses": ["w2"]}\n{"prompt": "w1"}\n'
    code, printed, complaints = run("score", model, "-", stdin=stdin)
    assert code == 2 and "stdin:2: " in complaints
    code, printed, said = run("score", model, "-", "--rejects", tmp_path / "bad.jsonl", stdin=stdin)
    assert "1 row set aside in" in said
    assert code == 0 and len(rows(printed)) == 2
    assert json.loads((tmp_path / "bad.jsonl").read_text())["where"] == "stdin:2"


def test_scores_stream_while_rows_come_in(model):
    from plaudit.scoring import ScoringOptions, score_rows

    read = 0

    def endless():
        nonlocal read
        for read in range(1, 10**6):
            yield Group(str(read), "w1 w2", ("w3 " * 40,))

    scores = score_rows(RewardModel.from_pretrained(model), endless(), ScoringOptions(batch_tokens=512))
    assert next(scores)[0].group == "1"
    assert read < 10**4


def test_rank_a_prompt_and_responses(run, model):
    code, printed, _ = run("rank", model, "--prompt", "w1 w2", "-r", "w3", "-r", "good w4", "-r", "w5 w6 w7")
    assert code == 0
    expected = RewardModel.from_pretrained(model).rank("w1 w2", ["w3", "good w4", "w5 w6 w7"])
    assert [row["response"] for row in rows(printed)[1:]] == [score.response for score in expected]


def test_what_is_cut_is_marked(run, model, tmp_path, caplog):
    (tmp_path / "long.jsonl").write_text(
        json.dumps({"id": "r", "prompt": "w1", "responses": ["w2", "w3 " * 90]})
        + "\n"
        + json.dumps({"id": "p", "prompt": "w1 " * 90, "responses": ["w2"]})
        + "\n"
    )
    code, _, complaints = run("score", model, tmp_path / "long.jsonl")
    assert code == 2
    assert "response 1 of group 'r'" in complaints
    assert "--truncate-responses" in complaints
    code, printed, _ = run("score", model, tmp_path / "long.jsonl", "--truncate-responses")
    assert code == 0
    assert [(s["truncated"], s["tokens"]) for s in rows(printed)[1:]] == [(False, 3), (True, 64), (False, 64)]
    assert "2 responses were read with the middle of their prompt cut to fit 64 tokens" in caplog.text


def test_conversations_go_through_the_chat_template(run, tmp_path):
    folder = tiny_model_folder(tmp_path / "model")
    turns = [{"role": "user", "content": "why"}]
    row = {"id": "q", "prompt": turns, "responses": [[{"role": "assistant", "content": "because"}]]}
    plain = {"id": "q", "prompt": "why", "responses": ["because"]}
    code, printed, _ = run("score", folder, "-", stdin=json.dumps(row) + "\n")
    assert code == 0
    given, expected = (rows(out)[1] for out in (printed, run("score", folder, "-", stdin=json.dumps(plain) + "\n")[1]))
    # The same tokens, and yet another text.
    assert given.pop("hash") != expected.pop("hash")
    assert given == expected


def test_half_a_surrogate_pair_is_read_as_the_replacement_character(run, model, tmp_path):
    odd = r'{"id": "\ud83d", "prompt": "w1 \udc00", "responses": ["w2", "\ud800 w3"]}'
    code, printed, complaints = run("score", model, "-", stdin=odd + "\n")
    assert (code, complaints) == (0, "")
    assert [row["group"] for row in rows(printed)[1:]] == ["\ud83d"] * 2
    even = {"id": "q", "prompt": "w1 \ufffd", "responses": ["w2", "\ufffd w3"]}
    expected = RewardModel.from_pretrained(model).rank(even["prompt"], even["responses"])
    assert {row["response"]: row["score"] for row in rows(printed)[1:]} == {s.response: s.score for s in expected}


REFUSED = {
    "no model": (["score", "no-such-folder", "-"], "no model folder 'no-such-folder'"),
    "no file": (["score", "MODEL", "no-such-file.jsonl"], "no-such-file.jsonl"),
    "nothing": (["rank", "MODEL"], "give either a file"),
    "both": (["rank", "MODEL", "-", "--prompt", "w1"], "give either a file"),
    "no response": (["rank", "MODEL", "--prompt", "w1"], "--prompt needs at least one --response"),
    "not JSON": (["score", "MODEL", "-"], "stdin: it is neither JSON lines"),
    "conversation": (["score", "MODEL", "TURNS"], "no chat template"),
    "unwritable": (["score", "MODEL", "DATA", "-o", "/dev/null/x"], "/dev/null/x"),
    "backbone": (["score", "BACKBONE", "DATA"], "is not a reward model"),
    "format": (["score", "MODEL", "DATA", "-f", "nonsense"], "nonsense"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line_and_exit_2(run, model, backbone, data, tmp_path, case):
    arguments, says = REFUSED[case]
    turns = [{"role": role, "content": "w1"} for role in ("user", "assistant", "user")]
    (tmp_path / "turns.jsonl").write_text(json.dumps({"prompt": turns, "responses": ["w2", "w3"]}) + "\n")
    names = {"MODEL": model, "DATA": data, "TURNS": tmp_path / "turns.jsonl", "BACKBONE": backbone}
    code, _, complaints = run(*(names.get(a, a) for a in arguments), stdin="not json\n")
    assert code == 2
    assert says in complaints
    assert complaints.startswith("plaudit: error: ")
    assert complaints.count("\n") == 1


def test_a_terminal_gets_a_list_and_no_escapes(model):
    # An escape sequence, its one-character form, a bell, a line break and a right-to-left override.
    hostile = ["good \x1b[31mred", "w1 \x9b31m", "w2 \x07\nw3", "w4 \u202egnp.exe", "w5 天空"]
    main_end, their_end = pty.openpty()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "plaudit.cli", "rank", model, "--prompt", "w1 \x1b]0;title\x07"),
            *(argument for response in hostile for argument in ("-r", response)),
        ],
        stdout=their_end,
        stderr=subprocess.PIPE,
    )
    os.close(their_end)
    shown = b""
    while True:
        try:
            shown += os.read(main_end, 4096)
        except OSError:  # How Linux says that the other end is closed.
            break
    os.close(main_end)
    assert process.wait() == 0, process.stderr.read()
    process.stderr.close()
    text = shown.decode()
    lines = text.replace("\r\n", "\n").splitlines()
    assert len(lines) == 6
    assert lines[0] == r'"w1 \u001b]0;title\u0007"'
    assert all(character.isprintable() for line in lines for character in line)
    assert r"\u009b31m" in text
    assert r"w2 \u0007\nw3" in text
    assert "天空" in text
    places = [line.split(". ")[0].strip() for line in lines[1:]]
    scores = [float(line.split()[1]) for line in lines[1:]]
    assert places == list("12345")
    assert scores == sorted(scores, reverse=True)


def test_a_reader_that_goes_away(model, tmp_path):
    many = [json.dumps({"id": f"q{n}", "prompt": f"w{n}", "responses": ["w2", "w3"]}) for n in range(2000)]
    (tmp_path / "many.jsonl").write_text("\n".join(many) + "\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "plaudit.cli", "score", model, str(tmp_path / "many.jsonl")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = json.loads(process.stdout.readline())
    process.stdout.close()
    complaints = process.stderr.read()
    process.stderr.close()
    assert first["plaudit"] == "scores"
    assert process.wait() != 0
    assert complaints == ""


STRIPPING = CHATML.replace("{{ message['content'] }}", "{{ message['content'].split('</think>')[-1] }}")
THOUGHTS = {"id": "t", "prompt": "1 + 1", "responses": ["<think>add</think>2", "<think>guess</think>2"]}


@pytest.mark.parametrize("verb", ["score", "rank"])
def test_answers_that_a_template_makes_the_same_are_scored_and_refused(run, tmp_path, verb):
    folder = tiny_model_folder(tmp_path / "model", chat_template=STRIPPING)
    code, printed, complaints = run(verb, folder, "-", "--no-record", stdin=json.dumps(THOUGHTS))
    assert code == 2
    assert len(rows(printed)) == 2
    assert "the chat template leaves out the reasoning (<think>) (first in group 't')" in complaints


def test_some_answers_that_become_the_same_are_warned_of(run, tmp_path, caplog):
    folder = tiny_model_folder(tmp_path / "model", chat_template=STRIPPING)
    lines = "\n".join(map(json.dumps, [THOUGHTS, {"id": "other", "prompt": "w8", "responses": ["bad", "w9"]}]))
    code, printed, complaints = run("score", folder, "-", "--no-record", stdin=lines)
    assert (code, len(rows(printed))) == (0, 4), complaints
    assert "1 of 2 comparisons are of answers that differ but become the same tokens" in caplog.text


def test_scores_that_are_no_numbers(run, tmp_path, data, caplog):
    folder = tiny_model_folder(tmp_path / "model")
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.score.weight.fill_(float("nan"))
    model.save_pretrained(folder)
    code, printed, complaints = run("score", folder, data, "--no-record")
    assert (code, len(rows(printed))) == (2, 5)
    assert "none of 5 scores is a number" in complaints
    assert "--precision fp32" in complaints


def test_precision_of_the_weights(run, tmp_path, data):
    folder = tiny_model_folder(tmp_path / "model")
    dtypes = [
        rows(run("score", folder, data, *option)[1])[0]["record"]["dtype"] for option in ([], ["--precision", "bf16"])
    ]
    assert dtypes == ["float32", "bfloat16"]
