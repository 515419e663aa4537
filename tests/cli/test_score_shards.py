"""`plaudit score --shards` from the outside, and the verbs that read what it wrote."""

import json

import numpy as np
import pytest

from plaudit.data import write_groups
from plaudit.groups import Group, Ranking
from plaudit.model.linear.features import LengthFeatures
from plaudit.model.linear.model import Linear, LinearModel


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    groups = [
        Group(f"q{n}", f"p{n}", ("x" * (n + 1), "y" * 9), (Ranking(((n % 2,), (1 - n % 2,))),)) for n in range(30)
    ]
    write_groups(groups, "data.jsonl")
    LinearModel(LengthFeatures(), Linear(np.array([1.0]))).save("model")
    return tmp_path


def test_a_run_a_second_one_and_one_that_goes_on(run, place):
    command = ("score", "model", "data.jsonl", "--shards", 4, "-o", "out")
    code, printed, said = run(*command)
    assert (code, printed) == (0, "")
    assert said.startswith("4 shards scored: 60 responses in ") and said.endswith("; 4 of 4 shards are in out\n")
    assert run(*command) == (0, "", "4 of 4 shards are in out; none was left to score here\n")
    (place / "out" / "scores-00002-of-00004.parquet").unlink()
    code, _, said = run("eval", "out", "data.jsonl")
    assert (code, "1 of 4 shards are missing; `plaudit score ... --shards` once more" in said) == (2, True)
    code, _, said = run(*command)
    assert (code, said.startswith("1 shard scored: ")) == (0, True)
    code, _, said = run(*command[:3], "--shards", 5, "-o", "out")
    assert (code, said.count("\n")) == (2, 1)
    assert "out: its shards were made for 4 shards, not 5; name another folder" in said
    code, _, said = run(*command[:3], "--shards", 5, "-o", "out", "--overwrite")
    assert (code, len(list(place.glob("out/*.parquet")))) == (0, 5)


def test_the_other_verbs_read_the_folder_as_they_read_the_file(run, place):
    run("score", "model", "data.jsonl", "-o", "scores.jsonl")
    run("score", "model", "data.jsonl", "--shards", 3, "-o", "shards")
    for command in ("eval IT data.jsonl", "compare IT model data.jsonl", "best-of IT data.jsonl --gold model"):
        answers = []
        for scores in ("scores.jsonl", "shards"):
            code, printed, said = run(*command.replace("IT", scores).split(), "--json")
            assert code == 0, said
            answers.append(printed.replace(scores, "IT"))
        assert answers[0] == answers[1]
    code, _, said = run("eval", "shards", "data.jsonl", "--batch-tokens", 9)
    assert (code, "shards holds scores made before" in said) == (2, True)


def test_rows_set_aside_are_counted_and_lie_beside_each_other(run, place):
    with (place / "data.jsonl").open("a") as stream:
        stream.write('{"prompt": "nobody answered"}\n')
    code, _, said = run("score", "model", "data.jsonl", "--shards", 2, "-o", "out")
    assert (code, said.count("\n"), "data.jsonl:31" in said) == (2, 1, True)
    assert not (place / "out").exists()
    code, _, said = run("score", "model", "data.jsonl", "--shards", 2, "-o", "out", "--rejects", "bad.jsonl")
    assert (code, said.splitlines()[-1]) == (0, "1 row set aside in bad-*-of-00002.jsonl")
    (file,) = place.glob("bad-*.jsonl")
    assert json.loads(file.read_text())["where"] == "data.jsonl:31"
    code, _, said = run("score", "model", "data.jsonl", "--shards", 2, "-o", "out", "--rejects", "bad.jsonl", "--text")
    assert (code, "for 2 shards" in said, "with other options (text)" in said) == (2, False, True)


REFUSED = {
    "shards to stdout": ("--shards 2", "shards are files in a folder; name it with -o"),
    "none": ("--shards 0 -o out", "0"),
    "ray alone": ("--on ray -o out", "--on ray scores shards; add --shards N -o FOLDER"),
    "a folder with something": ("--shards 2 -o model", "the folder is not empty: it holds"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refusals_are_one_line(run, place, case):
    options, says = REFUSED[case]
    code, printed, said = run("score", "model", "data.jsonl", *options.split())
    assert (code, printed, said.count("\n")) == (2, "", 1)
    assert says in said
    assert not (place / "out").exists()


def test_without_a_source(run, place):
    code, _, said = run("score", "model", "--shards", 2, "-o", "out")
    assert (code, "there is no SOURCE" in said) == (2, True)
    code, _, said = run("score", "model", "-", "--shards", 2, "-o", "out")
    assert (code, "save it to a file first" in said) == (2, True)
