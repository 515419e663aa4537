"""`plaudit suite` from the outside: table, JSON, files written, scores used again, and refusals."""

import json

import pytest
from suite_samples import FILES, pair, write
from tiny import tiny_model_folder

import plaudit
from plaudit.data.scores import Score, write_scores
from plaudit.evaluation.suites import SUITES, read_suite


@pytest.fixture
def files(tmp_path):
    """RewardBench in miniature, and scores by which only the mt-bench-hard row is wrong."""
    rows = [pair("alpacaeval-easy", 0), pair("mt-bench-hard", 0), pair("hep-[x]", 0)]
    (data,) = write(tmp_path, {"filtered.json": rows})
    items = read_suite(SUITES["rewardbench"], [data])
    scores = tmp_path / "made.jsonl"
    given = [(1, 0), (0, 1), (1, 0)]
    write_scores(
        (
            Score(item.id, i, value, 3, False)
            for item, row in zip(items, given, strict=True)
            for i, value in enumerate(row)
        ),
        scores,
        {"seed": 7},
    )
    return scores, data


def test_json_is_one_object(run, files):
    code, out, _ = run("suite", "rewardbench", *files, "--json")
    found = json.loads(out)
    assert (code, found["suite"]) == (0, "rewardbench")
    score = found["figures"]["score"]
    assert (score["value"], score["n"], score["chance"], score["ties_shared"]) == (0.5, 2, 0.5, 0.5)
    assert score["low"] is None
    assert "one prompt" in score["reason"]
    assert found["unknown_subsets"] == ["hep-[x]"]
    assert len(found["missing_subsets"]) == 21
    assert found["record"] == {"seed": 7}


def test_the_table_names_what_is_missing(run, files):
    code, out, _ = run("suite", "rewardbench", *files)
    assert code == 0
    words = " ".join(out.split())
    assert "RewardBench (arXiv" in words
    assert "missing subsets, so the score is of what is here: alpacaeval-length" in words
    assert "subsets the suite does not have, left out of its score: hep-[x]" in words


def test_a_model_is_scored_once(run, tmp_path):
    model = tiny_model_folder(tmp_path / "model")
    data = write(tmp_path / "data", FILES["rmb"])
    report = tmp_path / "report"
    code, out, err = run("suite", "rmb", model, *data, "-o", report, "--json")
    assert code == 0, err
    assert json.loads((report / "suite.json").read_text()) == json.loads(out)
    code, again, _ = run("suite", "rmb", report / "scores.jsonl", *data[::-1], "--json")
    assert code == 0
    assert json.loads(again)["figures"]["score"] == json.loads(out)["figures"]["score"]


def test_refusals_are_one_line(run, files, tmp_path):
    scores, data = files
    code, out, err = run("suite", "mmlu", scores, data)
    assert (code, out) == (2, "")
    assert err.startswith("plaudit: error: there is no suite called 'mmlu'; there are judgebench, llmbar,")
    code, out, err = run("suite", "judgebench", scores, data)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "this is no row of the suite judgebench" in err
    code, out, err = run("suite", "rewardbench", tmp_path / "none.jsonl", data)
    assert (code, err.count("\n")) == (2, 1)
    assert "no scores file" in err
    code, _, err = run("suite", "rewardbench", "-", "-")
    assert code == 2
    assert "cannot both come from stdin" in err


def test_scores_from_stdin(run, files):
    scores, data = files
    code, out, _ = run("suite", "rewardbench", "-", data, "--json", stdin=scores.read_text())
    assert (code, json.loads(out)["figures"]["chat"]["value"]) == (0, 1)


def test_the_help_names_every_suite(run):
    code, out, _ = run("suite", "--help")
    words = out.replace("\u2502", " ").split()
    assert code == 0
    assert set(SUITES) <= {word.strip(",.") for word in words}


def test_python_gives_the_same(run, files, tmp_path):
    scores, data = files
    found = json.loads(run("suite", "rewardbench", scores, data, "--json")[1])
    of_scores = plaudit.run_suite("rewardbench", scores, data)
    assert of_scores.to_json()["figures"] == found["figures"]
    model = tiny_model_folder(tmp_path / "model")
    by_name = plaudit.run_suite("rewardbench", model, [data])
    opened = plaudit.run_suite("rewardbench", plaudit.open_model(model), [data], batch_tokens=512)
    assert by_name.figures[0].by_rule.value == opened.figures[0].by_rule.value
    with pytest.raises(plaudit.NotFoundError, match="there is no suite called 'mmlu'"):
        plaudit.run_suite("mmlu", model, data)
