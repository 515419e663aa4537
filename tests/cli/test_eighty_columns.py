"""Every table of every verb at 80 columns, in English and in Chinese: each row one line, nothing cut."""

import json
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len
from suite_samples import FILES
from suite_samples import write as write_suite

import plaudit.cli
from plaudit.cli import doctor_tables
from plaudit.data import Score, write_groups, write_scores
from plaudit.evaluation import SUITES, read_suite
from plaudit.groups import Group, Ranking, Rating

GROUPS, RESPONSES = 60, 4
NAMES = {
    "en": ("questions about the law of contracts and torts", "helpfulness to a beginner"),
    "zh": ("关于合同法与侵权法的各种疑难问题以及解答", "对初学者的帮助程度以及语气"),
}


@pytest.fixture(params=sorted(NAMES))
def place(request, tmp_path, monkeypatch):
    """Judgements with subsets, ratings and several annotators, and scores of two models for them; 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    subset, attribute = NAMES[request.param]
    random = np.random.default_rng(0)
    truth = random.normal(size=(GROUPS, RESPONSES))
    groups = []
    for g, row in enumerate(truth):
        order = tuple((int(i),) for i in np.argsort(-row))
        # One pair is a tie, so that what is said of ties is said.
        tied = ((*order[0], *order[1]), *order[2:]) if g % 7 == 0 else order
        noisy = tuple((int(i),) for i in np.argsort(-row - random.normal(size=RESPONSES)))
        ratings = tuple(
            Rating(
                i, float(np.clip(np.round(row[i] + 3 + random.normal()), 1, 5)), attribute, annotator, scale=(1.0, 5.0)
            )
            for i in range(RESPONSES)
            for annotator in ("a", "b")
        )
        groups.append(
            Group(
                f"g{g}",
                f"{subset} {g}?",
                tuple(f"{subset} " * (i + 1) for i in range(RESPONSES)),
                (Ranking(tied, annotator="a"), Ranking(noisy, annotator="b"), Ranking(order, annotator="c")),
                ratings,
                subset=f"{subset} {g % 3}",
                meta={"topic": g % 20},
            )
        )
    write_groups(groups, tmp_path / "data.jsonl")
    for name, noise in (("good", 0.5), ("other", 2.0)):
        scores = truth + noise * random.normal(size=truth.shape)
        write_scores(
            (Score(f"g{g}", i, 3 * float(scores[g, i]), 1, False) for g in range(GROUPS) for i in range(RESPONSES)),
            tmp_path / f"{name}.jsonl",
            {"model": name},
        )
    return tmp_path


def check(out, figures=()):
    """No line is wider than the terminal; each figure stands whole, on one line with what it is of."""
    lines = out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    # No interval is broken over two lines of a table; sentences are, as they are wrapped.
    for line in lines:
        assert line.count("[") == line.count("]") or "  " not in line.strip(), line
    for label, value in figures:
        assert any(label in line and value in line for line in lines), (label, value)


def share(measured):
    return f"{measured['value']:.1%}"


def test_compare(run, place):
    asked = ("compare", "good.jsonl", "other.jsonl", "data.jsonl", "--clusters", "topic")
    out, found = run(*asked)[1], json.loads(run(*asked, "--json")[1])
    check(run(*asked, "--language", "zh")[1])
    accuracy = found["accuracy"]
    check(
        out,
        [
            ("accuracy", share(accuracy["a"])),
            ("accuracy", f"[{100 * accuracy['difference']['low']:+.1f}, {accuracy['difference']['high']:+.1%}]"),
            ("log loss ↓", f"{found['log_loss']['a']['value']:.3f}"),
            *((name[:4], share(row["b"])) for name, row in found["subsets"].items()),
        ],
    )


def test_eval(run, place):
    asked = ("eval", "good.jsonl", "data.jsonl", "--clusters", "topic")
    out, found = run(*asked, "--language", "en")[1], json.loads(run(*asked, "--json")[1])
    check(
        out,
        [
            ("accuracy", f"[{100 * found['accuracy']['low']:.1f}, {found['accuracy']['high']:.1%}]"),
            ("people's agreement (alpha)", f"{found['human_alpha']['value']:.3f}"),
            ("with gaps over a fitted temperature", f"{found['log_loss_at_temperature']['value']:.3f}"),
            *((name[:4], share(subset["accuracy"])) for name, subset in found["subsets"].items()),
            *(("Spearman", f"{values['spearman']['value']:+.2f}") for values in found["ratings"].values()),
        ],
    )
    check(run(*asked, "--language", "zh")[1])


def test_best_of(run, place):
    gold = f"ratings:{json.loads((place / 'data.jsonl').read_text().splitlines()[0])['ratings'][0]['attribute']}"
    asked = ("best-of", "good.jsonl", "data.jsonl", "--with", "other.jsonl", "--gold", gold, "--clusters", "topic")
    out, found = run(*asked)[1], json.loads(run(*asked, "--json")[1])
    figures = []
    for curve in found["curves"]:
        last = curve["gold"][-1]
        figures.append((curve["name"], f"{last['value']:+.2f} ±{(last['high'] - last['low']) / 2:.2f}"))
        figures.append((curve["name"], f"{curve['fit']['alpha']['value']:+.2f} ±"))
    check(out, figures)
    check(run(*asked, "--language", "zh")[1])


@pytest.mark.parametrize("name", sorted(SUITES))
def test_suites(run, place, name):
    files = write_suite(place / name, FILES[name])
    items = read_suite(SUITES[name], files)
    write_scores(
        (Score(item.id, i, -float(i), 1, False) for item in items for i in range(len(item.responses))),
        place / "made.jsonl",
        {},
    )
    out = run("suite", name, "made.jsonl", *files)[1]
    found = json.loads(run("suite", name, "made.jsonl", *files, "--json")[1])
    check(out, [(figure, share(value)) for figure, value in found["figures"].items() if value["value"] is not None])
    assert out.splitlines()[0] == SUITES[name].title


def test_data(run, place):
    check(run("data", "check", "data.jsonl", "--against", "data.jsonl")[1], [("groups", str(GROUPS))])
    check(run("data", "stats", "data.jsonl")[1], [("prompt characters", str(GROUPS))])


def test_doctor(run, place):
    code, out, err = run("doctor", "data.jsonl", "-o", "out", "--backbone", "length", "--folds", 2)
    assert code == 0, err
    figures = json.loads((place / "out" / "doctor.json").read_text())["figures"]
    check(
        out,
        [(doctor_tables._FIGURES[name], share(value)) for name, value in figures.items() if value["value"] is not None],
    )


def test_figures_are_printed_by_one_presenter():
    """rich's own tables break a row where it is too long."""
    users = {
        path.name for path in Path(plaudit.cli.__file__).parent.glob("*.py") if "rich.table" in path.read_text("utf-8")
    }
    assert users <= {"explain_tables.py"}
