"""Hard input, through `evaluate` and through the command: a sentence and "undefined", never a zero or a crash."""

import json
import math

import pytest
import typer
from report_samples import claims
from typer.testing import CliRunner

from plaudit.cli.eval import eval_command
from plaudit.data.scores import Score, write_scores
from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking, Rating
from plaudit.scoring import ScoredGroups

app = typer.Typer()
app.command()(eval_command)

PAIR, TIE, THREE = Ranking(((0,), (1,))), Ranking(((0, 1),)), Ranking(((0,), (1,), (2,)))


def world(count, *judgements, responses=("one", "three"), **about):
    return [Group(f"q{i}", f"prompt {i}", responses, *judgements, **about) for i in range(count)]


def rated(value):
    return tuple(Rating(i, value, annotator=who) for i in range(2) for who in "xy")


NAN = math.nan
# name -> groups, scores, what the printed page must say, and figures that must be undefined.
HARD = {
    "no judgements": (
        world(4),
        [[1.0, 0.5]] * 4,
        "the data have no judgements",
        ["accuracy", "log_loss", "temperature"],
    ),
    "one prompt": (world(1, (PAIR,)), [[1.0, 0.5]], "one cluster cannot show how much clusters differ", []),
    "all ties": (world(4, (TIE,)), [[1.0, i] for i in range(4)], "every comparison is a judged tie", ["accuracy"]),
    "constant scores": (
        world(4, (PAIR,)),
        [[1.0, 1.0]] * 4,
        "cannot be told from a coin",
        ["temperature", "margin_sd"],
    ),
    "a score that is not finite": (
        world(4, (THREE,), responses=("a", "b", "c")),
        [[1.0, 0.5, 0.2], [NAN, 0.5, 0.1], [0.3, 0.5, 0.0], [1.0, 0.5, 0.2]],
        "1 of 12 scores are not finite (group 'q1', response 0)",
        ["accuracy", "log_loss", "ece", "top1", "ndcg", "temperature"],
    ),
    "no finite score at all": (world(3, (PAIR,)), [[NAN, NAN]] * 3, "6 of 6 scores are not finite", ["accuracy"]),
    "a subset of one": (
        [*world(3, (PAIR,), subset="many"), Group("z", "alone", ("a", "b"), (PAIR,), subset="one")],
        [[1.0, 0.5], [0.2, 0.5], [0.4, 0.1], [1.0, 0.0]],
        "one cluster",
        [],
    ),
    "ratings without variance": (
        world(4, (), rated(3.0)),
        [[1.0, i] for i in range(4)],
        "is undefined: every human value",
        [],
    ),
    "one rating": (world(1, (), (Rating(0, 2.0),)), [[1.0, 0.0]], "is undefined", []),
    "a single response": (world(3, (), (Rating(0, 2.0),), responses=("a",)), [[1.0], [2.0], [3.0]], "is undefined", []),
}


@pytest.mark.parametrize("bootstrap", [None, 100])
@pytest.mark.parametrize("name", HARD)
def test_in_python(name, bootstrap):
    groups, scores, _, undefined = HARD[name]
    scored = ScoredGroups.of(scores, baselines={"flat": [[0.0] * len(row) for row in scores]})
    found = evaluate(groups, scored, bootstrap=bootstrap)
    assert claims(found)
    for figure in undefined:
        assert (found.overall[figure].value, found.overall[figure].low) == (None, None)
    for part in (found, *found.subsets.values()):
        for measured in (part.overall, *part.ratings.values()):
            for figure, one in measured.items():
                assert (one.reason is not None) == (one.low is None), figure
                assert one.low is None or one.low <= one.value <= one.high, figure
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("name", HARD)
def test_from_the_command(name, tmp_path):
    groups, scores, says, undefined = HARD[name]
    data, made = tmp_path / "data.jsonl", tmp_path / "scores.jsonl"
    data.write_text("".join(json.dumps(group.to_dict()) + "\n" for group in groups))
    write_scores(
        [Score(g.id, i, score, 3, False) for g, row in zip(groups, scores, strict=True) for i, score in enumerate(row)],
        made,
    )
    printed = CliRunner().invoke(app, [str(made), str(data)])
    assert printed.exit_code == 0, printed.output
    assert says in " ".join(printed.stdout.split())
    result = CliRunner().invoke(app, [str(made), str(data), "--json", "--bootstrap", "100"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["bootstrap"] == 100
    assert {figure: found[figure]["value"] for figure in undefined} == dict.fromkeys(undefined)


def test_no_finite_score_leaves_nothing_of_the_rewards():
    groups, scores, *_ = HARD["no finite score at all"]
    rewards = evaluate(groups, scores).rewards
    assert (rewards.n, rewards.not_finite, rewards.mean.reason) == (0, 6, "no response has a finite score")


def test_a_subset_of_one_says_so_beside_one_that_has_an_interval():
    found = evaluate(*HARD["a subset of one"][:2]).subsets
    assert (found["one"].overall["accuracy"].value, found["one"].overall["accuracy"].low) == (1.0, None)
    assert found["many"].overall["accuracy"].low is not None


def test_scores_files_of_yesterday(tmp_path):
    """Without a record, without spreads, attributes and token counts that came later."""
    data, made = tmp_path / "data.jsonl", tmp_path / "scores.jsonl"
    data.write_text("".join(json.dumps(group.to_dict()) + "\n" for group in world(3, (PAIR,))))
    rows = [
        {"group": f"q{i}", "response": j, "score": 1.0 - j, "tokens": 3, "truncated": False}
        for i in range(3)
        for j in (0, 1)
    ]
    made.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, [str(made), str(data), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["accuracy"]["value"] == 1.0
