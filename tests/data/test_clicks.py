"""Click logs: what a click says, what its weight is, and that a known preference comes back from simulated users."""

import contextlib
import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from typer.testing import CliRunner

from plaudit.cli import app
from plaudit.data import load_groups, read_sessions
from plaudit.data.clicks import Session, groups_of_clicks, long_enough, skipped_above
from plaudit.data.propensities import estimate_propensities, load_propensities
from plaudit.errors import DataError, PlauditError

LOOKED_AT = (1.0, 0.7, 0.45, 0.3)
"""The chance that a position is looked at: users read from the top and stop somewhere."""

TASTE = np.array([0.25, 0.4, 0.55, 0.7])
"""The chance that each of four responses is clicked once it is looked at."""


def session(shown, *clicked, prompt="P", **more):
    return Session(prompt, tuple(shown), tuple(i in clicked for i in range(len(shown))), **more)


def pairs(group):
    """(better, worse, weight) of each ranking, in words."""
    tiers = [
        (*(group.responses[i] for tier in ranking.tiers for i in tier), ranking.weight) for ranking in group.rankings
    ]
    return sorted(tiers)


def test_a_clicked_response_beats_those_passed_over_above_it():
    assert list(skipped_above([False, True, False, False, True])) == [(1, 0), (4, 0), (4, 2), (4, 3)]
    assert not list(skipped_above([True, True, False]))


def test_sessions_of_one_prompt_are_one_group():
    groups, report = groups_of_clicks([session("abc", 2, name="u"), session("cab", 0), session("dc", 1)], None)
    [group] = groups
    assert group.responses == ("a", "b", "c", "d")
    assert pairs(group) == [("c", "a", 1), ("c", "b", 1), ("c", "d", 1)]
    assert [ranking.annotator for ranking in group.rankings] == ["u", "u", None]
    assert (report.sessions, report.clicks, report.comparisons, report.silent) == (3, 3, 3, 1)


def test_weights_are_inverse_propensities_and_clipped():
    # a above b three times, b above a once: b won at position 2 once, which is seen with chance 0.5 and in 3 of 4
    # sessions: 1 / (0.5 * 2 * 3/4) = 4/3; a the other way round: 1 / (0.5 * 2 * 1/4) = 4.
    log = [session("ab", 1), session("ab", 0), session("ab"), session("ba", 1)]
    [group], report = groups_of_clicks(log, (1, 0.5))
    assert pairs(group) == [("a", "b", 4), ("b", "a", pytest.approx(4 / 3))]
    assert (report.clipped, report.one_sided, report.heaviest) == (0, 0, 4)
    [group], report = groups_of_clicks(log, (1, 0.5), clip=2)
    assert pairs(group) == [("a", "b", 2), ("b", "a", pytest.approx(4 / 3))]
    assert (report.clipped, report.heaviest) == (1, 4)
    # Always in one order: no correction for the order can be had, and it is said.
    [group], report = groups_of_clicks([session("ab", 1)], (1, 0.5))
    assert pairs(group) == [("b", "a", 2)] and report.one_sided == 1
    with pytest.raises(PlauditError, match="position 2 was clicked, but there are 1 propensities"):
        groups_of_clicks(log, (1,))
    with pytest.raises(PlauditError, match="the clip is 0"):
        groups_of_clicks(log, None, clip=0)


def test_a_short_click_is_no_click():
    log = [session("abc", 0, 2, seconds=(3, None, 30)), session("ab", 1, seconds=(None, None)), session("ab", 1)]
    kept, short, untimed = long_enough(log, 10)
    assert [one.clicked for one in kept] == [(False, False, True), (False, True), (False, True)]
    assert (short, untimed) == (1, 2)
    assert long_enough(log, 0)[0] == log


def simulated(sessions, seed=0, prompts=1, taste=TASTE):
    """Users who read from the top down to a depth that does not depend on what stands there, and click what they look
    at with the chance `taste`. The ranker mostly shows responses in one order, the same for every session: 0, 1, 2, 3,
    which is the worst first."""
    draw = np.random.default_rng(seed)
    for _ in range(sessions):
        order = np.argsort(np.arange(4) + draw.gumbel(scale=1.0, size=4), kind="stable")
        depth = np.searchsorted(-np.array(LOOKED_AT), -draw.uniform())
        clicked = (draw.uniform(size=4) < taste[order]) & (np.arange(4) < depth)
        yield Session(f"P{draw.integers(prompts)}", tuple(f"r{i}" for i in order), tuple(map(bool, clicked)))


def fitted(groups):
    """Bradley-Terry scores r0..r3 relative to r0, by weighted logistic regression (scikit-learn)."""
    rows, labels, weights = [], [], []
    for group in groups:
        for ranking in group.rankings:
            (better,), (worse,) = ranking.tiers
            row = np.zeros(4)
            row[int(group.responses[better][1])] += 1
            row[int(group.responses[worse][1])] -= 1
            rows += [row, -row]
            labels += [1, 0]
            weights += [ranking.weight] * 2
    model = LogisticRegression(C=np.inf, fit_intercept=False).fit(np.array(rows)[:, 1:], labels, weights)
    return np.concatenate([[0], model.coef_[0]])


def standard_error(estimate, log, parts=20):
    """Of an estimate from the whole log, by the estimates from disjoint parts of it: their spread / sqrt(parts)."""
    return np.std([estimate(log[i::parts]) for i in range(parts)], axis=0, ddof=1) / np.sqrt(parts)


def corrected(log):
    return fitted(groups_of_clicks(log, estimate_propensities(log), clip=np.inf)[0])


def uncorrected(log):
    return fitted(groups_of_clicks(log, None)[0])


def test_propensities_and_preference_come_back_from_simulated_users():
    log = list(simulated(20_000))
    # Four standard errors and, since the topmost is 1 by definition, a hair for its rounding.
    tolerance = 4 * standard_error(estimate_propensities, log) + 1e-9
    assert (np.abs(np.subtract(estimate_propensities(log), LOOKED_AT)) < tolerance).all()
    assert tolerance.max() < 0.08
    # Whoever looks at both r and s clicks r and not s with the chance t[r](1 - t[s]): the odds of r over s are
    # odds(t[r]) / odds(t[s]), so the Bradley-Terry scores are the logits of t.
    truth = np.log(TASTE / (1 - TASTE)) - np.log(TASTE[0] / (1 - TASTE[0]))
    tolerance = 4 * standard_error(corrected, log) + 1e-9
    estimate = corrected(log)
    assert list(np.argsort(estimate)) == [0, 1, 2, 3]
    assert (np.abs(estimate - truth) < tolerance).all()
    # The ranker shows the worst first, and only the lower can win: uncorrected, the gaps are far too wide.
    assert (np.abs(uncorrected(log) - truth)[1:] > 2 * tolerance[1:]).all()


def test_a_ranker_that_shows_the_best_first_hides_the_preference_from_uncorrected_clicks():
    # The same users with the taste turned round: the best stands on top and is seldom the lower one.
    log = list(simulated(10_000, seed=2, taste=TASTE[::-1]))
    assert list(np.argsort(corrected(log))) == [3, 2, 1, 0]
    assert list(np.argsort(uncorrected(log))) != [3, 2, 1, 0]


def test_responses_seen_a_few_times_only_still_give_propensities():
    # 20,000 sessions over 5,000 prompts: a response is seen four times. Maximum likelihood with a parameter for each
    # response has no consistency here (Neyman and Scott 1948); the pooled ratios have.
    log = sorted(simulated(20_000, seed=1, prompts=5_000), key=lambda one: int(one.prompt[1:]))
    parts = [log[i : i + 1000] for i in range(0, 20_000, 1000)]  # whole prompts, but for those at the seams
    error = np.std([estimate_propensities(part) for part in parts], axis=0, ddof=1) / np.sqrt(len(parts))
    assert (np.abs(np.subtract(estimate_propensities(log), LOOKED_AT)) < 4 * error + 1e-9).all()
    assert error.max() < 0.02


def test_propensities_that_cannot_be_estimated_are_an_error_with_the_remedy():
    with pytest.raises(PlauditError, match=r"position 2 cannot be estimated: .* give --propensities FILE, or none"):
        estimate_propensities([session("ab", 0), session("ab", 1)] * 9)
    assert estimate_propensities([session("ab", 0), session("ba", 0)]) == (1, 1)
    assert estimate_propensities([session("ab")]) == (1, 1)


def test_propensities_from_a_file(tmp_path):
    path = tmp_path / "p.json"
    path.write_text("[1, 0.5]")
    assert load_propensities(path) == (1, 0.5)
    for wrong in ("[]", "[0]", "[1, 2]", '{"a": 1}', "[true]", "[NaN]", "nothing"):
        path.write_text(wrong)
        with pytest.raises(DataError, match=r"p\.json: .*(list of numbers)"):
            load_propensities(path)
    with pytest.raises(DataError, match="it cannot be read: No such file"):
        load_propensities(tmp_path / "none.json")


FAULTS = {
    '{"shown":["a"],"clicked":[]}': "no prompt",
    '{"prompt":"P","shown":"a","clicked":[]}': '"shown" must list',
    '{"prompt":"P","shown":["a","a"],"clicked":[]}': "responses 0 and 1 are the same text, shown twice",
    '{"prompt":"P","shown":["a","b"],"clicked":2}': "the clicked response is 2; it must be an index from 0 to 1",
    '{"prompt":"P","shown":["a","b"],"clicked":"b"}': "the clicked response is 'b'",
    '{"prompt":"P","shown":["a","b"],"clicked":[true]}': "2 responses shown but 1 clicked or not",
    '{"prompt":"P","shown":["a","b"],"clicked":[1],"seconds":[1]}': "2 responses shown but 1 with seconds",
    '{"prompt":"P","shown":["a","b"],"clicked":[0,1],"seconds":3}': '"seconds" is one number, but not one response',
    '{"prompt":"P","shown":["a","b"],"clicked":[1],"seconds":[0,-1]}': '"seconds" must be numbers >= 0',
}


@pytest.mark.parametrize("row", FAULTS)
def test_a_bad_session_is_named_with_its_line(row, tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"prompt":"P","shown":["a","b"],"clicked":1}\n' + row + "\n")
    with pytest.raises(DataError, match=FAULTS[row]) as error:
        load_groups(path)
    assert "log.jsonl:2" in str(error.value)
    result = CliRunner().invoke(app, ["data", "clicks", str(path), "-o", str(tmp_path / "out.jsonl")])
    assert str(result.exception) == str(error.value)


def test_a_file_that_is_no_click_log_is_told_in_one_line(tmp_path):
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"prompt":"P","chosen":"a","rejected":"b"}\n')
    with pytest.raises(DataError, match=r"pairs\.jsonl:1: the row is of no click log.*prompt, shown and clicked"):
        list(read_sessions(path))
    path.write_text('{"prompt":"P","shown":["a","b"]}\n')
    assert [session.clicked for session in read_sessions(path)] == [(False, False)]


def test_the_example_of_the_page_is_read_as_the_page_says(tmp_path):
    page = (Path(__file__).parents[2] / "docs" / "clicks.md").read_text(encoding="utf-8")
    row = page.partition("```json\n")[2].partition("```")[0]
    (tmp_path / "log.jsonl").write_text(row, encoding="utf-8")
    command = next(line for line in page.splitlines() if line.startswith("plaudit ") and line.endswith("none"))
    with contextlib.chdir(tmp_path):
        result = CliRunner().invoke(app, command.split()[1:])
    assert result.exit_code == 0, result.output
    [group] = load_groups(tmp_path / "uncorrected.jsonl")
    assert pairs(group) == [("The Elbe.", "Paris.", 1.0)]
    # By default, too few sessions are an error that names the way out.
    result = CliRunner().invoke(
        app, ["data", "clicks", *map(str, [tmp_path / "log.jsonl", "-o", tmp_path / "o.jsonl"])]
    )
    assert isinstance(result.exception, PlauditError)
    assert "give --propensities FILE, or none" in str(result.exception)


def test_the_verb_reports_what_it_did(tmp_path):
    rows = [
        {"session": "s1", "prompt": "P", "shown": ["a", "b"], "clicked": [1], "seconds": 40},
        {"session": "s2", "prompt": "P", "shown": ["b", "a"], "clicked": [False, True], "seconds": [None, 2], "x": 1},
        {"session": "s3", "prompt": "P", "shown": ["b", "a"], "clicked": None},
        {"session": "s4", "prompt": "P", "shown": ["b", "a"], "clicked": 1},
    ]
    log, chances, out = tmp_path / "log.jsonl", tmp_path / "p.json", tmp_path / "out.jsonl"
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    chances.write_text("[1, 0.25]")
    options = ["--propensities", chances, "--min-seconds", "10", "--clip", "5"]
    result = CliRunner().invoke(app, ["data", "clicks", *map(str, [log, "-o", out, *options])])
    assert result.exit_code == 0, result.output
    # b over a: shown in 1 of 4 that way, 1 / (0.25 * 0.5) = 8, cut to 5; a over b: 3 of 4, 1 / (0.25 * 1.5) = 8/3.
    [group] = load_groups(out)
    assert pairs(group) == [("a", "b", pytest.approx(8 / 3)), ("b", "a", 5)]
    for line in (
        "4 sessions, 2 clicks, 2 comparisons",
        "chance that a position is looked at: 1.000, 0.250",
        "1 clicks too short to count",
        "1 clicks without a time, which count",
        "2 sessions that compare nothing",
        "1 weights cut to 5 (the heaviest was 8)",
        "columns left behind (rows): x (1)",
    ):
        assert line in result.stderr
