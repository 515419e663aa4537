"""`plaudit best-of` from scores files, ratings and plain models: what it prints, writes and refuses."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from toys import toy_backbone

from plaudit import RewardModel
from plaudit.data import write_groups
from plaudit.data.scores import Score, write_scores
from plaudit.groups import Group, Ranking, Rating
from plaudit.model.folder.open import member_names
from plaudit.report import charts

PROMPTS, CANDIDATES = 12, 8


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    gold = random.normal(size=(PROMPTS, CANDIDATES))
    groups = [
        Group(
            f"g{g}",
            f"prompt {g}",
            tuple("word " * (i + 1) for i in range(CANDIDATES)),
            # Two raters, a tenth apart on either side: their mean is the truth.
            ratings=tuple(
                Rating(i, float(row[i]) + off, "quality", rater)
                for i in range(CANDIDATES)
                for rater, off in (("a", -0.1), ("b", 0.1))
            ),
            meta={"topic": g % 4},
        )
        for g, row in enumerate(gold)
    ]
    write_groups(groups, tmp_path / "data.jsonl")
    for name, values in {
        "good": gold + random.normal(size=gold.shape),
        "other": gold + random.normal(size=gold.shape),
        "gold": gold,
        "flat": np.zeros_like(gold),
    }.items():
        write_scores(
            (Score(f"g{g}", i, float(values[g, i]), 1, False) for g in range(PROMPTS) for i in range(CANDIDATES)),
            tmp_path / f"{name}.jsonl",
            {"who": name},
        )
    return tmp_path


def test_tables_and_files(run, place):
    asked = ["best-of", "good.jsonl", "data.jsonl", "--with", "other.jsonl", "--gold", "ratings:quality"]
    code, out, err = run(*asked, "-o", "out", "--clusters", "topic", "--lambda", 2)
    assert code == 0, err
    for words in ("n = 8", "KL, nats", "worst case (min)", "mean - 2 variance", "the longer answer", "gold itself"):
        assert words in out
    assert "12 prompts with 96 candidates; intervals clustered by topic (4)" in out
    stored = json.loads((place / "out/best_of_n.json").read_text())
    assert stored["proxies"] == ["good.jsonl", "other.jsonl"]
    assert stored["n"] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert stored["records"]["proxy-1"] == {"who": "good"}
    assert stored["curves"][0]["gold"][-1].keys() >= {"value", "low", "high", "n"}
    if charts.can_plot():
        picture = (place / "out/best_of_n.svg").read_text()
        assert picture.startswith("<svg")
        assert "worst case (min)" in picture


def test_no_figure_is_cut_in_a_narrow_place(run, place, monkeypatch):
    long = "a-folder-of-a-long-name/" * 4 + "good.jsonl"
    (place / long).parent.mkdir(parents=True)
    (place / "good.jsonl").rename(place / long)
    asked = ["best-of", long, "data.jsonl", "--with", "other.jsonl", "--gold", "ratings:quality", "--clusters", "topic"]
    curves = json.loads(run(*asked, "--json")[1])["curves"]
    for width, points in ((80, (1, 3, 7)), (40, (7,))):
        monkeypatch.setenv("COLUMNS", str(width))
        out = run(*asked)[1]
        for curve in curves:
            figures = [
                *(curve["gold"][i] for i in points),
                curve["reward"][-1],
                curve["fit"]["alpha"],
                curve["fit"]["beta"],
            ]
            for one in figures:
                half = "" if one["low"] is None else f" ±{(one['high'] - one['low']) / 2:.2f}"
                assert f"{one['value']:+.2f}{half}" in out
        for word in ("n = 8", "share of ideal", "gold itself gains"):
            assert word in " ".join(out.split())
        # Of the seven n above 1, those shown and those not make seven.
        assert f"have {7 - len(points)} more n" in out
    assert "n = 2" not in out


def test_reasons_stand_below_the_figures(run, place):
    (place / "one.jsonl").write_text((place / "data.jsonl").read_text().splitlines()[0] + "\n")
    code, out, _ = run("best-of", "good.jsonl", "one.jsonl", "--gold", "ratings:quality")
    assert code == 0
    assert "1 prompt with 8 candidates" in out
    reason = "one cluster cannot show how much clusters differ"
    assert f"good.jsonl, the longer answer, gold itself: {reason}" in " ".join(out.split())


def test_candidates_that_coincide_are_counted_and_said(run, place):
    rows = [json.loads(line) for line in (place / "data.jsonl").read_text().splitlines()]
    for row in rows:
        # The last is the first again, and loses its ratings: seven are left.
        row["responses"][-1] = row["responses"][0]
        row["ratings"] = [rating for rating in row["ratings"] if rating["response"] < CANDIDATES - 1]
    (place / "twice.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    lines = (place / "good.jsonl").read_text().splitlines()
    (place / "seven.jsonl").write_text("\n".join(line for line in lines if '"response": 7' not in line) + "\n")
    asked = ["best-of", "seven.jsonl", "twice.jsonl", "--gold", "ratings:quality"]
    code, out, err = run(*asked)
    assert code == 0, err
    out = " ".join(out.split())
    assert "12 prompts with 84 candidates" in out
    assert "repeated candidates, left out: 12" in out
    assert "not an unbiased one of the policy" in out
    assert json.loads(run(*asked, "--json")[1])["counts"]["repeated_candidates"] == 12


def test_ratings_and_a_scores_file_can_both_be_gold(run, place):
    results = []
    for gold in ("ratings:quality", "gold.jsonl"):
        code, out, err = run("best-of", "good.jsonl", "data.jsonl", "--gold", gold, "--json")
        assert code == 0, err
        results.append(json.loads(out))
    by_ratings, by_scores = (result["curves"][0]["gold"][-1]["value"] for result in results)
    assert by_ratings == pytest.approx(by_scores)
    assert results[0]["gold"]["mean"] == pytest.approx(results[1]["gold"]["mean"])


def test_a_model_chooses_and_its_scores_are_kept(run, place):
    trained = [
        Group(f"t{i}", f"p{i}", ("good words", "bad"), ratings=(Rating(0, 1.0, "x"), Rating(1, 0.0, "x")))
        for i in range(4)
    ]
    write_groups(trained, place / "train.jsonl")
    assert run("train", "train.jsonl", "-o", "length-model", "--backbone", "length")[0] == 0
    code, out, err = run("best-of", "length-model", "data.jsonl", "-g", "ratings:quality", "-o", "out", "--json")
    assert code == 0, err
    assert (place / "out/proxy-1/scores.jsonl").is_file()
    by_model, by_rule = json.loads(out)["curves"][0], json.loads(out)["curves"][1]
    assert by_rule["kind"] == "length"
    assert abs(by_model["gold"][-1]["value"]) == pytest.approx(abs(by_rule["gold"][-1]["value"]))


def test_scores_of_an_earlier_run_do_not_stay_beside_new_curves(run, place):
    write_groups(
        [
            Group(f"t{i}", f"p{i}", ("good words", "bad"), ratings=(Rating(0, 1.0, "x"), Rating(1, 0.0, "x")))
            for i in (0, 1)
        ],
        place / "train.jsonl",
    )
    for name, backbone in (("m", "length"), ("w", "bow")):
        assert run("train", "train.jsonl", "-o", name, "--backbone", backbone)[0] == 0
    more = ["data.jsonl", "--gold", "ratings:quality", "-o", "out"]
    assert run("best-of", "m", *more, "--with", "w")[0] == 0
    (place / "out/proxy-2/notes.txt").write_text("mine")
    # What this run reads stays, whoever wrote it.
    assert run("best-of", "out/proxy-1/scores.jsonl", *more, "--overwrite")[0] == 0
    found = sorted(str(path.relative_to(place / "out")) for path in (place / "out").rglob("*") if path.is_file())
    assert [name for name in found if not name.startswith("best_of_n")] == ["proxy-1/scores.jsonl", "proxy-2/notes.txt"]
    assert run("best-of", "m", *more, "--overwrite")[0] == 0
    assert run("best-of", "good.jsonl", *more, "--overwrite")[0] == 0
    assert not (place / "out/proxy-1").exists()


def test_scores_from_stdin_are_called_so(run, place):
    asked = ["best-of", "-", "data.jsonl", "--gold", "ratings:quality"]
    code, out, err = run(*asked, stdin=(place / "good.jsonl").read_text())
    assert code == 0, err
    assert " <stdin>: " in out
    code, out, _ = run(*asked, "--json", stdin=(place / "good.jsonl").read_text())
    assert json.loads(out)["proxies"] == ["<stdin>"]


def test_the_python_of_the_page_runs(run, place, capsys):
    page = (Path(__file__).parents[2] / "docs/best-of-n.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    write_groups([Group("t", "p", ("good words", "bad"), (Ranking(((0,), (1,))),))] * 2, place / "train.jsonl")
    for name in ("my-model", "gold-model"):
        assert run("train", "train.jsonl", "-o", name, "--backbone", "length")[0] == 0
    (place / "data.jsonl").rename(place / "candidates.jsonl")
    exec(code, {})
    lines = capsys.readouterr().out.splitlines()
    assert [re.split(r" [-\d]", line)[0] for line in lines] == ["mine", "the longer answer", "gold itself"]


def test_without_the_extra_it_says_so(run, place, monkeypatch):
    monkeypatch.setattr(charts, "can_plot", lambda: False)
    (place / "out").mkdir()
    (place / "out/best_of_n.svg").write_text("an earlier run's")
    code, _, err = run("best-of", "good.jsonl", "data.jsonl", "-g", "gold.jsonl", "-o", "out", "--overwrite")
    assert code == 0
    assert "pip install 'plaudit[plots]'" in err
    assert not (place / "out/best_of_n.svg").exists()


def test_a_constant_proxy_is_undefined(run, place):
    code, out, err = run("best-of", "flat.jsonl", "data.jsonl", "-g", "ratings:quality", "-o", "out")
    assert code == 0, err
    assert "undefined: every candidate of a prompt has the same reward" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["good.jsonl", "data.jsonl", "-g", "ratings:charm"], "nobody rated 'charm' in these data (rated: quality)"),
        (["good.jsonl", "data.jsonl", "-g", "good.jsonl"], "good.jsonl is given twice"),
        (["-", "-", "-g", "gold.jsonl"], "only one of proxies, gold and data"),
        (["none.jsonl", "data.jsonl", "-g", "gold.jsonl"], "none.jsonl: no scores file 'none.jsonl'"),
        (["short.jsonl", "data.jsonl", "-g", "gold.jsonl"], "short.jsonl: response 7 of group 'g11' has no score;"),
        (
            ["null.jsonl", "data.jsonl", "-g", "gold.jsonl"],
            "null.jsonl: the score of response 0 of group 'g0' is missing, so",
        ),
        (["good.jsonl", "data.jsonl", "-g", "gold.jsonl", "--lambda", "1"], "--lambda is of ensembles"),
        (["good.jsonl", "data.jsonl", "-g", "gold.jsonl", "--most", "9"], "no prompt has 9 candidates"),
    ],
)
def test_refusals(run, place, arguments, message):
    head, *lines = (place / "good.jsonl").read_text().splitlines()
    (place / "short.jsonl").write_text("\n".join([head, *lines[:-1]]) + "\n")
    first = json.dumps({**json.loads(lines[0]), "score": None})
    (place / "null.jsonl").write_text("\n".join([head, first, *lines[1:]]) + "\n")
    code, out, err = run("best-of", *arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


def test_an_ensemble_stands_for_its_members(run, place):
    backbone = toy_backbone(place / "backbone")
    for name, seed in (("a", 0), ("b", 1)):
        RewardModel.from_backbone(backbone, seed=seed).save(place / name)
    assert run("combine", "a", "b", "-o", "both", "--ensemble")[0] == 0
    code, out, err = run("best-of", "both", "data.jsonl", "--gold", "ratings:quality", "--json")
    assert code == 0, err
    apart = json.loads(out)
    assert apart["proxies"] == ["both/members/0", "both/members/1"]
    code, out, err = run("best-of", "a", "data.jsonl", "--with", "b", "--gold", "ratings:quality", "--json")
    curves = [json.loads(out)["curves"], apart["curves"]]
    assert [curve["gold"] for curve in curves[0]] == [curve["gold"] for curve in curves[1]]
    assert [curve["kind"] for curve in curves[0]][:5] == ["proxy"] * 2 + ["ensemble"] * 3


def test_any_other_name_stands_for_itself():
    assert member_names("org/model") == ["org/model"]


def test_the_demo_writes_candidates(run, place):
    code, out, err = run("demo", "--candidates", "c.jsonl", "--each", 3, "--questions", 1)
    assert code == 0, err
    assert "144 candidates for 48 held-out questions: c.jsonl" in out
    assert "--gold ratings:quality" in out
    assert not (place / "plaudit-demo").exists()


@pytest.mark.parametrize("rows", [PROMPTS, 1])
def test_all_that_is_said_can_be_chinese(run, place, no_english, rows):
    lines = (place / "data.jsonl").read_text().splitlines()
    (place / "some.jsonl").write_text("\n".join(lines[:rows]) + "\n")
    asked = ["best-of", "good.jsonl", "some.jsonl", "-w", "other.jsonl", "-w", "flat.jsonl", "-g", "ratings:quality"]
    code, out, err = run(*asked, "-o", "out", "--language", "zh")
    assert code == 0, err
    no_english(out, "alpha, beta", "alpha  beta", "alpha - beta")
    # A proxy without an order chooses at random, whatever the number of prompts.
    assert "flat.jsonl：无定义：同一提示的所有候选奖励相同，选择是随机的" in "".join(out.split())
    for row in json.loads((place / "out/best_of_n.json").read_text(encoding="utf-8"))["findings"]:
        no_english(row["finding"])
