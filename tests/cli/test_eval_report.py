"""`plaudit eval -o`: what lies in the folder, with the model at hand and without."""

import json

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups
from plaudit.report.card import BEGIN


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return toy_backbone(tmp_path_factory.mktemp("model"), head=True)


@pytest.fixture
def data(tmp_path):
    write_groups(toy_groups(12, responses=3), tmp_path / "data.jsonl")
    return tmp_path / "data.jsonl"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def test_with_a_model_everything_is_there_and_without_it_nothing_is_lost(run, model, data, tmp_path):
    first, again = tmp_path / "first", tmp_path / "again"
    code, out, _ = run("eval", model, data, "-o", first, "--probes", 4, "--explain", 1)
    assert code == 0
    assert str(first / "report.html") in out.replace("\n", "")
    metrics = read(first / "metrics.json")
    assert metrics["probes"]["groups"] == 4
    assert {check["name"] for check in metrics["invariance"]["checks"] if check["ok"] is False} == set()
    # Both responses of the one mistake that was to be explained, under the numbers they have in their group.
    page, diagnosis = (first / "report.html").read_text(encoding="utf-8"), read(first / "diagnosis.json")
    assert len({row["group"] for row in diagnosis["explanations"]}) == 1
    assert len({row["response"] for row in diagnosis["explanations"]}) == 2
    for row in diagnosis["explanations"]:
        scores = [json.loads(line) for line in (first / "scores.jsonl").read_text().splitlines()[1:]]
        mine = next(s for s in scores if (s["group"], s["response"]) == (row["group"], row["response"]))
        assert row["score"] == pytest.approx(mine["score"], abs=1e-5)
    assert f"plaudit eval {model} {data}" in page

    assert run("eval", first / "scores.jsonl", data, "-o", again)[0] == 0
    assert read(again / "metrics.json") == metrics
    # The same page, but for the command that makes it.
    other = (again / "report.html").read_text(encoding="utf-8")
    assert other.count("<tr") == page.count("<tr")


def test_without_probes_and_explanations_there_are_none(run, model, data, tmp_path):
    assert run("eval", model, data, "-o", tmp_path / "out", "--probes", 0, "--explain", 0)[0] == 0
    assert read(tmp_path / "out" / "diagnosis.json") == {"probes": None, "invariance": None, "explanations": []}
    assert {"probes", "invariance"}.isdisjoint(read(tmp_path / "out" / "metrics.json"))


def test_texts_stay_out_of_the_page_on_request(run, model, data, tmp_path):
    options = ("-o", tmp_path / "out", "--probes", 0, "--no-texts")
    assert run("eval", model, data, *options)[0] == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    texts = [text for group in toy_groups(12, responses=3) for text in (group.prompt, *group.responses)]
    assert not [text for text in texts if text in page]
    assert read(tmp_path / "out" / "diagnosis.json")["explanations"] == []


def test_the_card_gets_the_figures(run, model, data):
    assert run("eval", model, data, "--card")[0] == 0
    assert (model / "README.md").read_text(encoding="utf-8").count(BEGIN) == 1
    code, _, err = run("eval", "no/model", data, "--card")
    assert (code, "--card writes into a model folder" in err) == (2, True)


def test_a_broken_diagnosis_is_left_out_and_said(run, model, data, tmp_path, caplog):
    out = tmp_path / "out"
    assert run("eval", model, data, "-o", out, "--probes", 0, "--explain", 0)[0] == 0
    (out / "diagnosis.json").write_text("{")
    assert run("eval", out / "scores.jsonl", data, "-o", out)[0] == 0
    assert "diagnosis.json is left out" in caplog.text
