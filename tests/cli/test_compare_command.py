"""`plaudit compare` from the outside: tables, JSON, files written, and refusals."""

import json

import pytest
from toys import toy_backbone

from plaudit.data.scores import Score, write_scores

ROWS = [
    {
        "id": f"q{i}",
        "prompt": f"prompt {i} \u001b[2J" + "long " * 80,
        "responses": ["good [x] answer", "bad"],
        "rankings": [{"tiers": [[0], [1]]}],
        "subset": "sub [x]" if i % 2 else "other",
        "meta": {"topic": i % 3},
    }
    for i in range(6)
]


def write(path, right, ids=range(6), **options):
    scores = [Score(f"q{i}", j, float(j == (0 if i in right else 1)), 3, False, **options) for i in ids for j in (0, 1)]
    write_scores(scores, path, {"seed": 7})
    return path


@pytest.fixture
def files(tmp_path):
    """A is right on all but the last prompt, B on the last three."""
    data = tmp_path / "data.jsonl"
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return write(tmp_path / "a.jsonl", range(5)), write(tmp_path / "b.jsonl", range(3, 6)), data


def test_json_is_one_object(run, files):
    code, out, err = run("compare", *files, "--json", "--show", "2")
    assert code == 0, err
    found = json.loads(out)
    assert found["models"] == {"A": str(files[0]), "B": str(files[1])}
    assert found["accuracy"]["difference"]["value"] == pytest.approx(2 / 6)
    # Prompts 0, 1, 2 for A and 5 for B: sums of four signs are 2 or more from 0 in 10 of 16 patterns.
    assert found["accuracy"]["p"] == 10 / 16
    assert {name: found["mcnemar"][name] for name in ("both", "only_a", "only_b", "neither")} == {
        "both": 2, "only_a": 3, "only_b": 1, "neither": 0
    }  # fmt: skip
    assert len(found["disagreements"]) == 2
    assert found["counts"]["groups_they_disagree_on"] == 4
    assert found["records"] == {"A": {"seed": 7}, "B": {"seed": 7}}


def test_the_tables_for_people(run, files):
    code, out, err = run("compare", *files, "--show", "1")
    assert code == 0, err
    words = " ".join(out.split())
    for said in ("accuracy", "log loss", "only A 3", "ignores clusters", "sub [x]", "Benjamini-Hochberg", "good [x]"):
        assert said in words
    assert "\u001b" not in out
    assert "…" in out
    assert "they cannot be told apart" in words or "cannot be said" in words
    assert out.count("gaps: A") == 1


def test_the_report_is_written(run, files, tmp_path):
    code, out, _ = run("compare", *files, "-o", tmp_path / "report", "--json", "--clusters", "topic", "--majority")
    assert code == 0
    assert json.loads((tmp_path / "report" / "compare.json").read_text()) == json.loads(out)
    assert json.loads(out)["clusters"] == "topic"
    assert json.loads(out)["counts"]["clusters"] == 3


def test_a_model_and_a_file(run, files, tmp_path):
    model = toy_backbone(tmp_path / "model", head=True)
    report = tmp_path / "report"
    code, out, err = run("compare", model, files[1], files[2], "-o", report, "--json", "--batch-tokens", "512")
    assert code == 0, err
    assert (report / "a" / "scores.jsonl").is_file()
    again = json.loads(run("compare", report / "a" / "scores.jsonl", files[1], files[2], "--json")[1])
    assert again["accuracy"] == json.loads(out)["accuracy"]


def test_the_same_model_twice(run, files):
    code, out, _ = run("compare", files[0], files[0], files[2])
    assert code == 0
    assert "neither is ever right where the other is not" in " ".join(out.split())


def test_mistakes_are_one_line(run, files, tmp_path):
    a, b, data = files
    other = write(tmp_path / "other.jsonl", range(6), ids=range(3))
    nothing = tmp_path / "nothing.jsonl"
    nothing.write_text(json.dumps({"id": "q0", "prompt": "p", "responses": ["a", "b"]}) + "\n")
    broken = tmp_path / "broken.jsonl"
    broken.write_text(a.read_text().replace('"score": 1.0', '"score": null', 1))
    for arguments, message in (
        ((a, other, data), f"{other}: response 0 of group 'q3' has no score"),
        ((a, b, nothing), "nothing to measure"),
        ((broken, b, data), "model A: 1 of 12 scores are not finite (group 'q0', response 0)"),
        (("-", "-", data), "only one of A, B and data can come from stdin"),
        ((a, tmp_path / "none.jsonl", data), "none.jsonl: no scores file"),
        ((a, b, data, "--clusters", "debate"), "no field 'debate'"),
        ((a, b, data, "--batch-tokens", "9"), "need a model"),
        ((a, b, data, "-o", data), "is a file, not a folder"),
    ):
        code, out, err = run("compare", *arguments)
        assert (code, out) == (2, "")
        assert message in err
        assert err.count("\n") == 1


def test_bad_rows_are_counted(run, files, tmp_path):
    with files[2].open("a") as stream:
        stream.write("not json\n")
    code, out, _ = run("compare", *files, "--json", "--rejects", tmp_path / "bad.jsonl")
    assert code == 0
    assert json.loads(out)["counts"]["rejected_rows"] == 1


def test_all_that_is_said_can_be_chinese(run, files, tmp_path, monkeypatch, no_english):
    asked = ("compare", *files, "--show", "0", "-o", tmp_path / "out", "--overwrite")
    code, out, err = run(*asked, "--language", "zh")
    assert code == 0, err
    assert "准确率" in out
    no_english(out, *files)
    written = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    no_english(written["verdict"])
    # A is right in 5 of 6 and B in 3 of 6.
    assert written["verdict"].startswith("6 次比较中，A 有 83.3% 判断正确，B 有 50.0%")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert run(*asked)[1] == out
    assert "A is right in 83.3% and B in 50.0% of 6" in " ".join(run(*asked, "--language", "en")[1].split())


def test_gaps_are_explained_in_chinese(run, files, tmp_path, no_english):
    one = tmp_path / "one.jsonl"
    one.write_text(files[2].read_text().splitlines()[0] + "\n")
    scores = [write(tmp_path / f"{name}-one.jsonl", right, range(1)) for name, right in (("a", [0]), ("b", []))]
    out = run("compare", *scores, one, "--show", "1", "--language", "zh")[1]
    assert "只有一个聚类，看不出聚类之间相差多少" in "".join(out.split())
    no_english(out, *scores, "good [x] answer", "long long", "long")
