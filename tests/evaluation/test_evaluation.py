"""The whole evaluation: clusters, subsets, counts, refusals, the JSON object and the sentence."""

import json
import math

import pytest
from report_samples import claims

from plaudit.errors import PlauditError
from plaudit.evaluation import evaluate
from plaudit.evaluation.measuring import Evaluation
from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements import flatten_comparisons, scored_comparisons
from plaudit.scoring import ScoredGroups
from plaudit.statistics import NO_VARIATION, Measurement

BEST = Ranking(((0,), (1,)))


def pairs(count, **about):
    return [Group(f"g{i}", f"prompt {i}", ("a longer one", "short"), (BEST,), **about) for i in range(count)]


def test_comparisons_follow_the_rankings():
    group = Group("g", "p", ("a", "bb", "cccc"), (Ranking(((2,), (0, 1)), weight=2.0),), subset="s")
    compared, scores = scored_comparisons([group], [[1.0, 2.0, 4.0]])
    # tier 0 alone; 2 beats 0 and 1; 0 and 1 tie.
    assert sorted(zip(compared.gaps(scores), compared.length_gap, compared.tie, strict=True)) == [
        (-1, -1, True),
        (2, 2, False),
        (3, 3, False),
    ]
    assert compared.weight.tolist() == [2.0] * 3
    assert compared.subset.tolist() == ["s"] * 3


def test_groups_of_the_same_prompt_are_one_cluster():
    chat = ({"role": "user", "content": "Why?"},)
    prompts = ["Why?", chat, "Why?", chat, "", ""]
    groups = [Group(str(i), prompt, ("a", "b"), (BEST,)) for i, prompt in enumerate(prompts)]
    assert flatten_comparisons(groups).cluster.tolist() == [
        0,
        1,
        0,
        1,
        2,
        3,
    ]  # no prompt: nothing shared


def test_clusters_can_be_a_meta_field():
    groups = [*pairs(2, meta={"debate": "x"}), *pairs(2, meta={"debate": "y"})]
    assert flatten_comparisons(groups, "debate").cluster.tolist() == [0, 0, 1, 1]
    with pytest.raises(PlauditError, match=r"group 'g0' has no field 'topic' under \"meta\" .* \(it has: debate\)"):
        evaluate(groups, [[1.0, 0.0]] * 4, clusters="topic")


def test_coarser_clusters_are_less_sure():
    groups = [Group(f"{i}", f"p{i}", ("a", "b"), (BEST,), meta={"debate": i % 4}) for i in range(80)]
    scores = [[1.0, 0.0] if i % 4 else [0.0, 1.0] for i in range(80)]  # one debate in four is got wrong
    fine, coarse = (evaluate(groups, scores, clusters=c).overall["accuracy"] for c in (None, "debate"))
    assert fine.value == coarse.value == 0.75
    assert coarse.high - coarse.low > 2 * (fine.high - fine.low)


def test_the_json_object():
    groups = [*pairs(3, subset="easy"), Group("h", "other", ("aa", "b"), (Ranking(((1,), (0,))),), subset="hard")]
    groups.append(Group("r", "rated", ("a",), ratings=(Rating(0, 3),), subset="rated"))
    found = json.loads(
        json.dumps(evaluate(groups, [[1.0, 0.0]] * 4 + [[0.0]], counts={"truncated": 2}).to_json(), allow_nan=False)
    )
    assert list(found)[:5] == ["accuracy", "accuracy_with_ties", "log_loss", "margin", "margin_sd"]
    assert found["accuracy"]["value"] == 0.75
    assert list(found["accuracy"]) == ["value", "low", "high", "n"]
    assert found["chance"] == {"value": 0.5, "low": 0.5, "high": 0.5, "n": 4}
    assert list(found["subsets"]) == ["easy", "hard", "rated"]
    assert found["subsets"]["easy"]["accuracy"]["value"] == 1.0
    hard = found["subsets"]["hard"]["accuracy"]
    assert (hard["value"], hard["low"]) == (0.0, None)
    assert "one cluster" in hard["reason"]
    assert found["subsets"]["rated"]["accuracy"]["value"] is None
    assert found["counts"] == {
        "groups": 5,
        "groups_without_comparisons": 1,
        "responses": 9,
        "comparisons": 4,
        "ties": 0,
        "equal_scores": 0,
        "scores_not_finite": 0,
        "clusters": 5,  # the rated prompt too
        "ratings": 1,
        "truncated": 2,
    }


def test_no_subsets_no_subset_tables():
    assert evaluate(pairs(2), [[1.0, 0.0]] * 2).subsets == {}


def test_people_are_measured_before_they_are_merged():
    votes = tuple(Ranking(((0,), (1,)), annotator=name) for name in "abc")
    people = [Group(f"g{i}", f"prompt {i}", ("a longer one", "short"), votes) for i in range(3)]
    merged, scores = pairs(3), [[1.0, 0.0]] * 3
    assert evaluate(merged, scores).overall["human_accuracy"].value is None
    measured = evaluate(merged, scores, people=people).overall
    assert (measured["human_accuracy"].value, measured["human_accuracy"].n) == (1.0, 9)
    assert measured["accuracy"].n == 3


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_what_needs_a_score_that_is_not_finite_is_undefined_and_names_it(broken):
    groups = [*pairs(3, subset="s"), Group("h", "other", ("aa", "b"), (BEST,), subset="t")]
    scores = [[1.0, 0.0], [broken, 0.0], [1.0, broken], [1.0, 0.0]]
    found = evaluate(groups, ScoredGroups.of(scores, spreads=scores))
    reason = "2 of 8 scores are not finite (group 'g1', response 0 first)"
    undefined = {name for name, measured in found.overall.items() if measured.reason == reason}
    assert set(found.overall) - undefined == {"chance", "length_accuracy", "human_accuracy", "human_alpha"}
    assert found.overall["length_accuracy"].value == 1.0
    assert (found.reliability, found.lengths) == ([], [])
    assert (found.rewards.n, found.rewards.not_finite, found.counts["scores_not_finite"]) == (6, 2, 2)
    # A subset without a hole is measured.
    assert found.subsets["t"].overall["accuracy"].value == 1.0
    assert found.subsets["s"].overall["accuracy"].reason.startswith("2 of 6 scores are not finite")
    assert claims(found).splitlines()[1] == f"Accuracy is undefined: {reason}."
    json.dumps(found.to_json(), allow_nan=False)


def test_flattened_for_others_a_hole_is_an_error():
    with pytest.raises(PlauditError, match="1 of 6 scores are not finite"):
        scored_comparisons(pairs(3), [[1.0, 0.0], [math.nan, 0.0], [1.0, 0.0]])


def test_a_hole_nobody_judged_does_no_harm():
    group = Group("g", "p", ("a", "b", "c"), (BEST,))
    assert evaluate([group, *pairs(1)], [[1.0, 0.0, math.nan], [1.0, 0.0]]).overall["accuracy"].value == 1.0


@pytest.mark.parametrize(
    ("groups", "scores", "says"),
    [
        (pairs(2), [[1.0, 2.0]], "2 groups and scores for 1"),
        (pairs(1), [[1.0]], "group 'g0' has 2 responses and 1 score"),
    ],
)
def test_refusals(groups, scores, says):
    with pytest.raises(PlauditError, match=says):
        evaluate(groups, scores)


def sentence(accuracy, lead):
    return claims(Evaluation(overall={"accuracy": accuracy, "lead_over_length": lead}))


@pytest.mark.parametrize(
    ("accuracy", "lead", "says"),
    [
        (
            (0.7, 0.6, 0.8),
            (0.1, 0.02, 0.2),
            ["than chance, and more", "10.0 [2.0, 20.0] points ahead of picking"],
        ),
        (
            (0.7, 0.6, 0.8),
            (0.01, -0.1, 0.1),
            ["cannot be told apart from picking the longer response: its lead is +1"],
        ),
        ((0.7, 0.6, 0.8), (-0.1, -0.2, -0.01), ["beats chance, but simply picking", "does better than it: by 10.0"]),
        ((0.7, 0.6, 0.8), (0.0, None, None), ["right and wrong exactly where picking the longer response is."]),
        ((0.55, 0.45, 0.65), (0.1, 0.02, 0.2), ["Nothing shows that it prefers", "It cannot be told from a coin"]),
        ((0.3, 0.2, 0.4), (0.1, 0.02, 0.2), ["disagrees with people more often than a coin would."]),
        (
            (0.3, 0.2, 0.4),
            (-0.3, -0.4, -0.1),
            ["coin would.", "Picking the longer response does better than it: by 3"],
        ),
        (
            (0.5, 0.4, 0.6),
            (-0.3, -0.4, -0.1),
            ["from a coin", "Picking the longer response does better than it: by 3"],
        ),
    ],
)
def test_the_sentence_says_no_more_than_the_intervals(accuracy, lead, says):
    reason = NO_VARIATION if lead[1] is None else None
    told = sentence(Measurement(*accuracy, 100), Measurement(*lead, 100, reason))
    assert [part for part in says if part not in told] == []


def test_the_sentence_of_one_prompt_and_of_ties_only():
    one = evaluate(pairs(1), [[1.0, 0.0]])
    assert "how sure that is cannot be said: one cluster" in claims(one)
    ties = [Group("g", "p", ("a", "b"), (Ranking(((0, 1),)),))]
    told = claims(evaluate(ties, [[1.0, 0.0]])).splitlines()
    assert told[:2] == [
        "Nothing could be measured on these data.",
        "Accuracy is undefined: every comparison is a judged tie.",
    ]
