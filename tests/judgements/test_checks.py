"""Judgements that are hard to learn from: each is a count or a clear line in `plaudit data check`."""

import json

import pytest
from scipy.stats import binom
from typer.testing import CliRunner

from plaudit.cli import app
from plaudit.data.position_bias import PositionTally
from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements import check_groups
from plaudit.judgements.checks import AttributeSummary

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def judged(*tiers, responses=("a", "b", "c"), annotator=None):
    return Group("q", "P", responses, tuple(Ranking(t, annotator=annotator) for t in tiers))


def check(tmp_path, *rows):
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["data", "check", str(path)])
    assert result.exit_code == 0, result.output
    found = json.loads(CliRunner().invoke(app, ["data", "check", str(path), "--json"]).stdout)
    return result.stdout, found


def test_ratings_are_counted_by_attribute_with_range_scales_and_what_is_missing():
    groups = [
        Group("q", "P", ("a", "b"), ratings=(Rating(0, 1, "tone"), Rating(1, 1, "tone"))),
        Group("q2", "P2", ("a",), ratings=(Rating(0, 4, "facts", scale=(0, 5)),)),
        Group("r", "Q", ("a",), ratings=(Rating(0, 2, "facts", "x"), Rating(0, 3, "facts", "y", scale=(1, 5)))),
        Group("s", "R", ("a",)),
    ]
    # Four responses are rated at all: tone lacks two of them, facts the other two. The two values of the one response
    # with two raters differ as much as any two: alpha 0.
    assert check_groups(groups).attributes == {
        "tone": AttributeSummary(2, 1, 1, ((None, 2),), 2),
        "facts": AttributeSummary(3, 2, 4, (((0, 5), 1), (None, 1), ((1, 5), 1)), 2, 1, 0.0),
    }


def test_one_class_and_missing_and_disagreeing_scales_are_each_said(tmp_path):
    row = {"prompt": "P", "value": 3}
    table, found = check(
        tmp_path,
        {**row, "response": "a", "attribute": "tone"},
        {**row, "response": "b", "attribute": "facts", "scale": [0, 5]},
        {**row, "response": "c", "attribute": "facts", "scale": [1, 5], "value": 4},
    )
    assert "one value only, 3; no declared scale; 2 rated responses lack it" in table
    assert "3 to 4; scales [0, 5] 1, [1, 5] 1; they disagree; 1 rated responses lack it" in table
    tone = {"ratings": 1, "low": 3, "high": 3, "scales": [[None, 1]], "missing": 2, "shared": 0, "alpha": None}
    assert found["attributes"]["tone"] == tone


def test_a_ranking_of_one_is_counted_and_compares_nothing(tmp_path):
    table, found = check(tmp_path, {"prompt": "P", "responses": ["a"], "rankings": [{"tiers": [[0]]}]})
    assert (found["rankings"], found["comparisons"], found["alone"]) == (1, 0, 1)
    assert "rankings of one" in table


def test_ties_everywhere_are_said(tmp_path):
    table, found = check(tmp_path, {"prompt": "P", "responses": ["a", "b", "c"], "rankings": [{"tiers": [[0, 1, 2]]}]})
    assert (found["comparisons"], found["ties"]) == (3, 3)
    assert "3 comparisons, 100.0% ties: nothing is better than anything" in table


def test_an_annotator_who_always_says_first_is_named_with_a_p_value(tmp_path):
    # Every other row shows the two answers the other way round; the careful one always prefers the same answer.
    rows = []
    for i in range(20):
        shown = {"prompt": f"P{i // 4}", "response_a": "ab"[i % 2], "response_b": "ba"[i % 2]}
        rows.append({**shown, "winner": "a", "annotator": "careless"})
        rows.append({**shown, "winner": "ab"[i % 2], "annotator": "careful"})
        rows.append({**shown, "winner": "b", "annotator": "tired"})
    table, found = check(tmp_path, *rows)
    [one] = found["always_first"]
    # The others have the first on top in 10 of 40, less than chance, so chance it is.
    assert one == {"annotator": "careless", "rankings": 20, "p_value": pytest.approx(binom.sf(19, 20, 0.5))}
    assert "careless in all 20 rankings (p = 9.5e-07)" in table


def always_first(*groups):
    tally = PositionTally()
    for group in groups:
        tally.add(group)
    return tally.one_sided()


def test_the_chance_of_the_first_is_one_in_the_responses_ranked_and_what_others_do():
    full = ((0,), (1,), (2,))
    # Always the first of three, five times: (1/3)**5 = 0.004. Ties and rankings of one say nothing of it.
    [one] = always_first(judged(*[full] * 5, TIE, ((1,),), annotator="x"))
    assert (one.rankings, one.p_value) == (5, pytest.approx(3.0**-5))
    # Five of two are not beyond chance for one of two annotators: 1/32 > 0.05 / 2.
    assert not always_first(judged(*[FIRST] * 5, annotator="x"), judged(SECOND, annotator="y"))
    # In chosen/rejected rows the first always wins, for everyone.
    assert not always_first(*(judged(*[FIRST] * 50, annotator=name) for name in "xyz"))


def test_an_order_of_thousands_is_checked_without_listing_its_pairs():
    count = 6000
    group = Group("q", "P", tuple(map(str, range(count))), (Ranking(tuple((i,) for i in range(count))),))
    assert check_groups([group]).comparisons == count * (count - 1) // 2


def test_agreement_of_raters():
    # Within responses the squared differences are 1; among all four values (1, 2, 2, 3) they average 4/3: alpha 1/4.
    # Bob's two ratings of the second response count as their mean, and a rating without a name for nobody.
    first = [Rating(0, 1, "tone", "ann"), Rating(0, 2, "tone", "bob"), Rating(0, 9, "tone")]
    second = [Rating(0, 2, "tone", "ann"), Rating(0, 2, "tone", "bob"), Rating(0, 4, "tone", "bob")]
    groups = [Group(f"q{i}", f"{i}?", ("a",), ratings=ratings) for i, ratings in enumerate((first, second))]
    tone = check_groups(groups).attributes["tone"]
    assert (tone.shared, tone.alpha) == (2, pytest.approx(0.25))
    alone = check_groups([Group("q", "Why?", ("a",), ratings=[Rating(0, 1, "tone", "ann")])]).attributes["tone"]
    assert (alone.shared, alone.alpha) == (0, None)
