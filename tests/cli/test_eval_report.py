"""`plaudit eval -o`: what lies in the folder, with the model at hand and without."""

import json
from dataclasses import replace

import pytest
from toys import toy_backbone, toy_groups

from plaudit.data import write_groups
from plaudit.groups import Rating
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
    page, inspection = (first / "report.html").read_text(encoding="utf-8"), read(first / "inspection.json")
    assert len({row["group"] for row in inspection["explanations"]}) == 1
    assert len({row["response"] for row in inspection["explanations"]}) == 2
    for row in inspection["explanations"]:
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
    found = read(tmp_path / "out" / "inspection.json")
    assert (found["probes"], found["invariance"], found["explanations"]) == (None, None, [])
    assert {"probes", "invariance"}.isdisjoint(read(tmp_path / "out" / "metrics.json"))


def test_texts_stay_out_of_the_page_on_request(run, model, data, tmp_path):
    options = ("-o", tmp_path / "out", "--probes", 0, "--no-texts")
    assert run("eval", model, data, *options)[0] == 0
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    texts = [text for group in toy_groups(12, responses=3) for text in (group.prompt, *group.responses)]
    assert not [text for text in texts if text in page]
    assert read(tmp_path / "out" / "inspection.json")["explanations"] == []


def test_the_card_gets_the_figures(run, model, data, tmp_path):
    assert run("eval", model, data, "-o", tmp_path / "out", "--probes", 0, "--card")[0] == 0
    assert (model / "README.md").read_text(encoding="utf-8").count(BEGIN) == 1
    code, _, err = run("eval", "no/model", data, "-o", tmp_path / "out2", "--card")
    assert (code, "--card writes into a model folder" in err) == (2, True)


@pytest.mark.parametrize("option", [("--probes", 5), ("--explain", 0), ("--no-texts",), ("--card",)])
def test_what_is_about_the_report_needs_one(run, model, data, option):
    code, out, err = run("eval", model, data, *option)
    assert (code, out) == (2, "")
    assert "are about the report; add -o DIR" in err


def test_terminal_and_page_speak_the_language_that_is_asked_for(run, model, data, tmp_path, monkeypatch):
    options = ("-o", tmp_path / "out", "--probes", 0, "--explain", 0)
    _, out, _ = run("eval", model, data, *options, "--language", "zh")
    assert "会误导在哪里" in out
    assert "没有做探测，因此不知道它会不会被误导。" in out
    assert '<html lang="zh">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    scores = tmp_path / "out" / "scores.jsonl"
    assert "Where it misleads" in run("eval", scores, data)[1]
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "会误导在哪里" in run("eval", scores, data)[1]
    assert "Where it misleads" in run("eval", scores, data, "--language", "en")[1]


def test_a_broken_inspection_is_left_out_and_said(run, model, data, tmp_path, caplog):
    out = tmp_path / "out"
    assert run("eval", model, data, "-o", out, "--probes", 0, "--explain", 0)[0] == 0
    (out / "inspection.json").write_text("{")
    assert run("eval", out / "scores.jsonl", data, "-o", out, "--overwrite")[0] == 0
    assert "inspection.json is left out" in caplog.text


def test_what_was_found_with_another_model_is_left_out_and_said(run, model, data, tmp_path, caplog):
    out, other = tmp_path / "out", toy_backbone(tmp_path / "other", head=True, layers=1)
    assert run("eval", model, data, "-o", out, "--probes", 4, "--explain", 0)[0] == 0
    assert run("score", other, data, "-o", out / "scores.jsonl", "--overwrite")[0] == 0
    assert run("eval", out / "scores.jsonl", data, "-o", tmp_path / "again")[0] == 0
    assert "it was found with another model or on other data" in caplog.text
    assert "probes" not in read(tmp_path / "again" / "metrics.json")


def test_new_scores_leave_nothing_that_was_made_of_the_old(run, model, data, tmp_path, monkeypatch):
    out = tmp_path / "out"
    assert run("eval", model, data, "-o", out, "--probes", 0, "--explain", 0)[0] == 0

    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("plaudit.report.folder.inspect_model", stopped)
    assert run("eval", model, data, "-o", out, "--overwrite")[0] == 130
    assert sorted(path.name for path in out.iterdir()) == ["scores.jsonl"]


def test_a_missing_score_is_undefined_in_the_report_too(run, model, data, tmp_path):
    first = tmp_path / "scores.jsonl"
    assert run("score", model, data, "-o", first)[0] == 0
    head, line, *rest = first.read_text().splitlines()
    row = json.loads(line) | {"score": None}
    first.write_text("\n".join([head, json.dumps(row), *rest]) + "\n")
    assert run("eval", first, data, "-o", tmp_path / "out")[0] == 0
    accuracy = read(tmp_path / "out" / "metrics.json")["accuracy"]
    assert accuracy["value"] is None
    assert "1 of 36 scores are not finite" in accuracy["reason"]
    assert (tmp_path / "out" / "report.html").exists()


def test_names_cannot_steer_a_terminal_nor_break_a_file(run, model, tmp_path):
    name = "\x1b[31mred\ud800\u202e"
    groups = [replace(group, subset=name if number % 2 else "b") for number, group in enumerate(toy_groups(8))]
    rated = [replace(group, ratings=(Rating(0, 1.0, name), Rating(1, 2.0, name))) for group in groups]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(group.to_dict()) + "\n" for group in rated))
    code, out, _ = run("eval", model, tmp_path / "data.jsonl", "-o", tmp_path / "out", "--probes", 0, "--explain", 0)
    assert code == 0
    assert not {"\x1b", "\ud800", "\u202e"} & set(out)
    assert name in read(tmp_path / "out" / "metrics.json")["subsets"]
