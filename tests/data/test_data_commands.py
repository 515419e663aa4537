"""`plaudit data ...` as a user meets it: what it prints, where, and with which exit code."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from plaudit.cli import app
from plaudit.data import load_groups

SUBJECTS = ["rain", "bread", "sleep", "the sea", "numbers", "glass", "trains", "moss"]
PAIRS = [{"prompt": f"question {i} about {word}", "chosen": "yes", "rejected": "no"} for i, word in enumerate(SUBJECTS)]


@pytest.fixture
def pairs(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in PAIRS))
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["data", *map(str, arguments)])


def shell(command, folder):
    """A real process: exit codes and stderr as the shell sees them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", command], cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True
    )


@pytest.mark.parametrize("verb", ["check", "stats", "convert", "clicks", "split"])
def test_the_example_in_the_help_runs_as_printed(verb, tmp_path):
    printed = run(verb, "--help").output
    [command] = [line.strip() for line in printed.splitlines() if f"plaudit data {verb} -" in line]
    done = shell(f"set -o pipefail; {command}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_check_counts_and_finds_near_duplicates(pairs, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_text(
        json.dumps({**PAIRS[3], "prompt": PAIRS[3]["prompt"].upper() + "?", "chosen": "no", "rejected": "yes"})
    )
    result = run("check", pairs, "--against", other, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    counts = {
        name: found[name] for name in ("rows", "groups", "responses", "rankings", "comparisons", "ties", "bad_rows")
    }
    assert counts == {
        "rows": 8, "groups": 8, "responses": 16, "rankings": 8, "comparisons": 8, "ties": 0, "bad_rows": 0,
    }  # fmt: skip
    assert found["formats"] == {"trl": 1}
    [near] = found["near_duplicates"]
    assert near["similarity"] == 1
    assert near["train"] == load_groups(pairs)[3].id
    table = run("check", pairs, "--against", other).stdout
    assert "1 prompt of the other data found (nearly) in this" in table
    assert re.search(r"contradictions +0", table)
    # The same file twice: the same groups, each judged twice.
    assert json.loads(run("check", pairs, pairs, "--json").stdout)["rankings"] == 16


def test_check_as_json_counts_subsets_scales_and_annotators(tmp_path):
    def row(i, subset, annotator):
        return {
            "id": f"q{i}",
            "prompt": f"question {i}",
            "responses": ["yes", "no"],
            "subset": subset,
            "rankings": [{"tiers": [[0], [1]], "annotator": name} for name in (annotator, "c")],
            "ratings": [{"response": 0, "value": 3, "attribute": "clear", "annotator": annotator, "scale": [1, 5]}],
        }

    data = tmp_path / "data.jsonl"
    rows = [row(0, "law", "a"), row(1, "law", "a"), row(2, "法律", "b")]
    data.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run("check", data, "--against", data, "--json")
    assert result.exit_code == 0, result.exception
    found = json.loads(result.stdout)
    assert found["subsets"] == {"law": 2, "法律": 1}
    assert found["agreement"]["annotators"] == 3
    assert found["attributes"]["clear"]["scales"] == [[[1, 5], 3]]
    assert len(found["near_duplicates"]) == 3


def test_check_lists_all_bad_rows_and_exits_with_2(pairs, tmp_path):
    with pairs.open("a") as out:
        out.write('{"prompt": "P", "chosen": "a", "rejected": "a"}\nnot JSON\n')
    result = run("check", pairs)
    assert result.exit_code == 2
    assert f"{pairs}:9: the two responses are the same text" in result.stderr
    assert f"{pairs}:10: this is not JSON" in result.stderr
    assert (
        "2 rows cannot be read; mend them or set them aside with --rejects (train, eval, data convert)" in result.stderr
    )
    assert re.search(r"bad rows +2", result.stdout)


def test_a_bad_row_is_one_line_and_exit_code_2(pairs, tmp_path):
    with pairs.open("a") as out:
        out.write("not JSON\n")
    done = shell(f"plaudit data convert {pairs.name} -o out.jsonl", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("plaudit: error: pairs.jsonl:9: this is not JSON") and done.stderr.count("\n") == 1
    assert not (tmp_path / "out.jsonl").exists()
    done = shell(f"plaudit data convert {pairs.name} -o out.jsonl --rejects bad.jsonl", tmp_path)
    assert done.returncode == 0
    assert "1 row set aside in bad.jsonl" in done.stderr
    assert len(load_groups(tmp_path / "out.jsonl")) == 8
    assert json.loads((tmp_path / "bad.jsonl").read_text())["row"] == "not JSON\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "none.jsonl"], "none.jsonl: there is no such file"),
        (["check", "."], "the folder holds no data files"),
        (["stats", "empty.jsonl"], "empty.jsonl: the file is empty"),
        (["convert", "empty.jsonl", "-o", "x.jsonl", "--attribute", "tone"], "--attribute chooses ratings"),
        (["convert", "empty.jsonl", "-o", "x.jsonl", "--to", "yaml"], "the formats are native, trl"),
        (["split", "empty.jsonl", "-o", "x", "--test", "2"], "the shares are"),
        (["stats", "empty.jsonl", "--max-length", "5"], "needs --tokenizer"),
    ],
)
def test_mistakes_are_one_line(arguments, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if arguments[1] == "empty.jsonl":
        Path("empty.jsonl").touch()
    result = run(*arguments)
    # The runner stands below main(), which turns a PlauditError into one line and exit code 2.
    assert result.exit_code == 1
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_convert_settles_and_reports_what_is_lost(tmp_path):
    rows = [
        {"prompt": "P", "response_a": "a", "response_b": "b", "winner": winner, "annotator": f"x{i}"}
        for i, winner in enumerate(["a", "a", "b"])
    ]
    rows += [{"prompt": "Q", "response_a": "a", "response_b": "b", "winner": "tie", "annotator": "x0", "extra": [1]}]
    path = tmp_path / "votes.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run("convert", path, "-o", tmp_path / "out.jsonl", "--to", "trl", "--majority")
    assert result.exit_code == 0
    assert json.loads((tmp_path / "out.jsonl").read_text())["chosen"] == "a"
    assert "trl has no place for 1 ties, 2 responses in no untied comparison" in result.stderr
    assert "columns left behind (rows): extra (1)" in result.stderr
    assert "1 pair written" in result.stderr


def test_convert_ranks_ratings(tmp_path):
    path = tmp_path / "ratings.csv"
    path.write_text("prompt,response,tone,facts\nP,a,1,5\nP,b,2,4\n")
    run("convert", path, "-o", tmp_path / "all.jsonl", "--rankings-from-ratings")
    assert len(load_groups(tmp_path / "all.jsonl")[0].rankings) == 2
    run("convert", path, "-o", tmp_path / "one.jsonl", "--rankings-from-ratings", "--attribute", "tone")
    [ranking] = load_groups(tmp_path / "one.jsonl")[0].rankings
    assert ranking.tiers == ((1,), (0,))


def test_stats(pairs):
    found = json.loads(run("stats", pairs, "--json").stdout)
    expected = {"n": 16, "least": 2, "median": 2.5, "p90": 3, "p99": 3, "most": 3, "mean": 2.5}
    assert found["lengths"]["response characters"] == expected
    assert found["longer_wins"] == 1
    assert "the longer response wins 100.0%" in run("stats", pairs).stdout


def test_split_by_prompt_and_field(pairs, tmp_path):
    result = run("split", pairs, "-o", tmp_path / "out", "--test", "0.5", "--seed", "1")
    assert result.exit_code == 0
    sides = {name: load_groups(tmp_path / "out" / f"{name}.jsonl") for name in ("train", "test")}
    assert sum(map(len, sides.values())) == 8
    assert f"test.jsonl: {len(sides['test'])} groups" in result.stdout
    assert "has no 'topic' to split by" in str(run("split", pairs, "-o", tmp_path / "other", "--by", "topic").exception)
