"""Ratings: values by hand, units, holes, one rater against the others, and the promises about hard input."""

import json
import math

import numpy as np
import pytest
from report_samples import claims
from scipy.stats import kendalltau, pearsonr, spearmanr

from plaudit.errors import PlauditError
from plaudit.evaluation import Evaluation, evaluate
from plaudit.evaluation.measures.ratings import (
    ALL_EQUAL,
    MODEL_RATING_METRICS,
    NO_PAIRS,
    NOT_IN_UNITS,
    ONE_RATER,
    errors,
)
from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements.ratings import flatten_ratings
from plaudit.scoring import ScoredGroups
from plaudit.statistics import NOTHING, ONE_CLUSTER, Measurement, undefined
from plaudit.statistics.correlations import FIXED_SCORES, FIXED_VALUES


def group(name, *values, attribute="helpful", texts=None, **about):
    """A group whose responses have one rating each; None: not rated."""
    ratings = tuple(Rating(i, value, attribute) for i, value in enumerate(values) if value is not None)
    return Group(name, f"prompt {name}", texts or tuple("abcdefgh"[: len(values)]), ratings=ratings, **about)


GROUPS = [group("p", 0, 2), group("q", 1, 4), group("r", 3, 3)]
SCORES = [[0.5, 1.0], [1.5, 1.0], [4.0, 2.0]]


def measured(groups, scores, attributes=None, **options):
    return evaluate(groups, ScoredGroups.of(scores, attributes=attributes), **options).ratings["helpful"]


def test_values_by_hand():
    found = measured(GROUPS, [[9.0, 9.0]] * 3, attributes={"helpful": SCORES})
    human, given = np.array([0, 2, 1, 4, 3, 3]), np.array([0.5, 1, 1.5, 1, 4, 2])
    assert found["mae"].value == pytest.approx((0.5 + 1 + 0.5 + 3 + 1 + 1) / 6)
    assert found["rmse"].value == pytest.approx(math.sqrt((0.25 + 1 + 0.25 + 9 + 1 + 1) / 6))
    for name, statistic in {"pearson": pearsonr, "spearman": spearmanr, "kendall": kendalltau}.items():
        assert found[name].value == pytest.approx(statistic(given, human).statistic)
        assert found[name].n == 6
    # One group in the right order, one in the wrong; the third has none in the ratings.
    assert (found["kendall_within"].value, found["kendall_within"].n) == (0.0, 2)
    assert (found["groups_rated_equal"].value, found["groups_rated_equal"].n) == (pytest.approx(1 / 3), 3)
    assert found["groups_scored_equal"].value == 0.0
    # The median is 2.5 and the mean 13 / 6.
    assert found["constant_mae"].value == pytest.approx((2.5 + 0.5 + 1.5 + 1.5 + 0.5 + 0.5) / 6)
    assert found["constant_rmse"].value == pytest.approx(human.std())
    assert found["lead_over_constant"].value == pytest.approx(7 / 6 - 7 / 6)


def test_a_reward_has_an_order_and_no_units():
    found = measured(GROUPS, SCORES)
    assert found["mae"].reason == found["rmse"].reason == found["lead_over_constant"].reason == NOT_IN_UNITS
    assert found["spearman"].value is not None
    assert found["constant_mae"].value == pytest.approx(7 / 6)
    # An attribute the model does not know is measured by the reward, whatever other attributes it knows.
    assert measured(GROUPS, SCORES, attributes={"verbosity": [[0.0, 0.0]] * 3}) == found


def test_a_group_scored_all_the_same_earns_nothing_and_is_counted():
    found = measured(GROUPS, [[1.0, 2.0], [1.0, 1.0], [0.0, 0.0]])
    assert (found["kendall_within"].value, found["kendall_within"].n) == (0.5, 2)
    assert found["groups_scored_equal"].value == pytest.approx(2 / 3)


def test_length_is_the_line_to_beat():
    groups = [group(str(i), 1, 2, texts=("long text", "x")) for i in range(3)]
    found = measured(groups, [[0.0, 1.0 + i] for i in range(3)])
    assert found["length_kendall_within"].value == -1.0
    assert found["length_spearman"].value == pytest.approx(-1.0)
    assert found["lead_over_length"].value == pytest.approx(found["spearman"].value + 1)


def test_one_rater_against_the_others_by_hand():
    def rated(name, *sheets):
        ratings = tuple(Rating(i, v, "helpful", who) for who, values in sheets for i, v in enumerate(values))
        return Group(name, name, ("a", "b"), ratings=ratings)

    groups = [
        rated("p", ("x", (1, 3)), ("y", (2, 5))),
        rated("q", ("x", (4, 2)), ("y", (3, 3)), ("z", (0, 1))),
        rated("r", ("x", (5, 5))),  # nobody else
        rated("s", (None, (5, 5)), ("y", (1, 1))),  # the other has no name
    ]
    found = measured(groups, [[0.0, 1.0]] * 4)
    one = [1, 2, 3, 5, 4, 3, 0, 2, 3, 1]
    others = [2, 1, 5, 3, 1.5, 2, 3.5, 2, 1.5, 2.5]
    assert found["human_pearson"].value == pytest.approx(pearsonr(one, others).statistic)
    assert found["human_mae"].value == pytest.approx(np.abs(np.subtract(one, others)).mean())
    assert found["human_mae"].n == 10
    # Sheets: p is +1 for both. q: x falls 4, 2 where the others rise 1.5, 2 (-1); y is level (0); z rises where the
    # others fall (-1).
    assert found["human_kendall_within"].value == pytest.approx((1 + 1 - 1 + 0 - 1) / 5)
    assert measured(groups[2:], [[0.0, 1.0]] * 2)["human_pearson"].reason == ONE_RATER


def test_several_ratings_of_a_response_are_one_weighted_mean():
    votes = (Rating(0, 0, "funny", weight=30), Rating(0, 1, "funny", weight=50), Rating(0, 2, "funny", weight=20))
    flat = flatten_ratings([Group("g", "p", ("joke",), ratings=votes)])["funny"]
    assert flat.human.tolist() == [pytest.approx((0 * 30 + 1 * 50 + 2 * 20) / 100)]
    assert (flat.ratings, len(flat)) == (3, 1)


def test_ratings_on_other_scales_are_carried_over():
    ratings = (
        Rating(0, 4, "helpful", scale=(0, 4)),
        Rating(1, 2, "helpful", scale=(0, 4)),
        Rating(2, 3, "helpful", scale=(1, 5)),  # the middle, as 2 is of [0, 4]
        Rating(3, 1, "helpful"),  # in the attribute's own units
    )
    groups = [Group("g", "p", ("a", "b", "c", "d"), ratings=ratings)]
    assert flatten_ratings(groups)["helpful"].human.tolist() == [4, 2, 2, 1]
    assert flatten_ratings(groups, scales={"helpful": (1, 5)})["helpful"].human.tolist() == [5, 3, 3, 1]
    # One scale for all: values stay as they are, to the last bit.
    assert flatten_ratings([group("g", 0.1, 0.7)])["helpful"].human.tolist() == [0.1, 0.7]


def test_ratings_alone_make_an_evaluation():
    found = evaluate(GROUPS, SCORES)
    assert found.overall["accuracy"].reason == NOTHING
    assert (found.counts["comparisons"], found.counts["ratings"], found.counts["clusters"]) == (0, 6, 3)
    row = json.loads(json.dumps(found.to_json(), allow_nan=False))
    assert list(row["ratings"]) == ["helpful"]
    assert {"mae", "rmse", "pearson", "spearman", "kendall", "kendall_within"} <= row["ratings"]["helpful"].keys()
    assert "ratings of helpful" in claims(found)
    assert "Accuracy" not in claims(found)


def told(**figures):
    """The verdict on ratings with these (value, low, high), and nothing remarkable elsewhere."""
    ratings = {
        "spearman": (0.5, 0.4, 0.6),
        "lead_over_length": (0.2, 0.1, 0.3),
        "mae": (1.0, 0.8, 1.2),
        "lead_over_constant": (0.3, 0.1, 0.5),
        "kendall_within": (0.3, 0.2, 0.4),
        "length_kendall_within": (0.1, 0.0, 0.2),
    } | figures
    measured = {
        name: Measurement(*given, 9, None if given[1] is not None else "why") for name, given in ratings.items()
    }
    overall = {"accuracy": undefined(NOTHING)}
    return claims(Evaluation(overall=overall, ratings={"helpful": measured}))


def test_without_an_interval_nothing_is_said_of_what_can_be_told_apart():
    said = told(lead_over_constant=(-0.469, None, None))
    assert "How sure its lead over the best constant on helpful is (−0.469) cannot be said: why." in said
    assert "told" not in said


@pytest.mark.parametrize("spearman", [(-0.5, -0.7, -0.3), (0.1, -0.1, 0.3)])
def test_the_length_rule_is_named_where_it_is_better(spearman):
    said = told(spearman=spearman, lead_over_length=(-1.01, -1.21, -0.8))
    assert "Length follows ratings of helpful better than it does: its rank correlation is higher by 1.01" in said
    assert "ength" not in told(spearman=spearman)


@pytest.mark.parametrize(
    ("own", "length", "says"),
    [
        (
            (0.2, 0.1, 0.25),
            (0.4, 0.3, 0.5),
            "length follows ratings of helpful better (+0.40 [+0.30, +0.50]) than it does (+0.20 [+0.10, +0.25]).",
        ),
        (
            (0.1, -0.1, 0.35),
            (0.4, 0.3, 0.5),
            "length follows ratings of helpful (+0.40 [+0.30, +0.50]), and it was not seen to (+0.10 [−0.10, +0.35]).",
        ),
        ((0.1, -0.1, 0.35), (0.1, -0.1, 0.3), None),
        ((0.3, 0.2, 0.4), (0.35, 0.25, 0.45), None),
        ((0.1, None, None), (0.4, 0.3, 0.5), None),
    ],
)
def test_the_order_within_groups_is_named_where_length_has_it_and_the_model_not(own, length, says):
    said = told(kendall_within=own, length_kendall_within=length)
    assert (f"Among answers to one prompt, {says}" in said) if says else ("Among answers" not in said)


def test_values_of_one_kind_are_undefined_and_not_an_error():
    found = measured([group(str(i), 3, 3) for i in range(4)], [[0.0, 1.0 + i] for i in range(4)])
    assert found["spearman"].reason == found["pearson"].reason == FIXED_VALUES
    assert found["kendall_within"].reason == ALL_EQUAL
    assert found["constant_mae"].value == 0.0
    # Weights whose mean is off by a rounding error must not make equal values differ.
    thirds = [
        Group(str(i), str(i), ("a",), ratings=tuple(Rating(0, 0.7, "helpful", weight=w) for w in (0.1, 0.2 + i, 3)))
        for i in range(9)
    ]
    assert measured(thirds, [[float(i)] for i in range(9)])["spearman"].reason == FIXED_VALUES


def test_constant_scores_and_single_responses_and_one_prompt():
    assert measured(GROUPS, [[1.0, 1.0]] * 3)["kendall"].reason == FIXED_SCORES
    assert measured([group(str(i), i) for i in range(4)], [[float(i)] for i in range(4)])["kendall_within"].reason == (
        NO_PAIRS
    )
    assert measured([group("p", 1, 3, 2)], [[1.0, 2.0, 3.0]])["pearson"].reason == ONE_CLUSTER


def test_half_the_responses_are_rated():
    groups = [group(str(i), i % 5, None) for i in range(10)]
    found = measured(groups, [[float(i), math.nan] for i in range(10)])  # nobody asked for what is missing
    assert found["spearman"].n == 10
    assert found["groups_rated_equal"].reason == NO_PAIRS


@pytest.mark.parametrize(
    ("scores", "attributes", "says"),
    [
        ([[0.5, math.nan], *SCORES[1:]], {}, "1 of 6 scores are not finite (group 'p', response 1)"),
        (SCORES, {"helpful": [*SCORES[:2], [math.inf, 1.0]]}, "1 of 6 scores are not finite (group 'r', response 0)"),
    ],
)
def test_holes_leave_the_models_figures_undefined_and_those_of_people_as_they_are(scores, attributes, says):
    found, whole = measured(GROUPS, scores, attributes=attributes), measured(GROUPS, SCORES)
    assert {name for name, one in found.items() if one.reason == says} == set(MODEL_RATING_METRICS)
    assert all(found[name] == whole[name] for name in found if name not in MODEL_RATING_METRICS)


def test_values_of_too_few_groups_are_refused():
    with pytest.raises(PlauditError, match="3 groups and scores for 2"):
        ScoredGroups.of(SCORES, attributes={"helpful": SCORES[:2]})


def test_huge_weights():
    heavy = [
        Group(
            str(i),
            str(i),
            ("a", "bb"),
            (Ranking(((0,), (1,)), weight=10.0 ** (100 * i)), Ranking(((1,), (0,)), weight=1e308)),
            (Rating(0, i, "helpful", weight=1e308), Rating(0, i + 2, "helpful", weight=1e308), Rating(1, 1, "helpful")),
        )
        for i in range(4)
    ]
    found = evaluate(heavy, [[float(i), 0.5] for i in range(4)])
    json.dumps(found.to_json(), allow_nan=False)
    assert 0 <= found.overall["accuracy"].low <= found.overall["accuracy"].value <= found.overall["accuracy"].high <= 1
    assert found.ratings["helpful"]["constant_rmse"].value == pytest.approx(np.std([1, 2, 3, 4, 1, 1, 1, 1]))


def test_one_judgement_outweighs_all_others():
    # 1e300 against 1: the sum of the others must not be lost, and the interval must not pretend to know much.
    rankings = [Ranking(((0,), (1,)), weight=1e300 if i == 0 else 1.0) for i in range(5)]
    groups = [Group(str(i), str(i), ("a", "b"), (ranking,)) for i, ranking in enumerate(rankings)]
    accuracy = evaluate(groups, [[1.0, 0.0]] * 4 + [[0.0, 1.0]]).overall["accuracy"]
    assert accuracy.value == pytest.approx(1.0)
    assert accuracy.low < 0.1


def test_errors_cover():
    # Errors of scale 1 and a cluster part of variance 0.3: the mean of |e| is sqrt(2 / pi) and the rms 1.
    rng = np.random.default_rng(0)
    covered = {"mae": 0, "rmse": 0}
    for _ in range(200):
        cluster = np.repeat(np.arange(15), rng.integers(5, 30, 15))
        off = math.sqrt(0.7) * rng.normal(size=len(cluster)) + math.sqrt(0.3) * rng.normal(size=15)[cluster]
        for name, truth in {"mae": math.sqrt(2 / math.pi), "rmse": 1.0}.items():
            found = errors(off, cluster)[name]
            covered[name] += found.low <= truth <= found.high
    assert min(covered.values()) / 200 >= 0.9


def test_the_clusters_are_those_asked_for():
    groups = [group(str(i), i % 3, i % 4, meta={"contest": i % 2}) for i in range(8)]
    scores = [[float(i), 1.0] for i in range(8)]
    assert measured(groups, scores, clusters="contest") != measured(groups, scores)
    with pytest.raises(PlauditError, match="no field 'document'"):
        evaluate(groups, scores, clusters="document")


def test_a_contest_of_thousands():
    # Two contests of 3,000 captions: one group each.
    rng = np.random.default_rng(1)
    groups, scores = [], []
    for name in "pq":
        values = rng.normal(size=3000).round(2)
        texts = tuple("x" * int(k) for k in rng.integers(1, 60, 3000))
        groups.append(Group(name, name, texts, ratings=tuple(Rating(i, v, "funny") for i, v in enumerate(values))))
        scores.append(list(values + rng.normal(size=3000)))
    found = evaluate(groups, scores).ratings["funny"]
    theirs = [
        kendalltau(given, [r.value for r in one.ratings]).statistic for one, given in zip(groups, scores, strict=True)
    ]
    assert found["kendall_within"].value == pytest.approx(np.mean(theirs))


def test_a_hair_further_off_than_the_constant_is_not_called_closer_by_a_negative_number():
    said = told(lead_over_constant=(-8.16e-06, -0.2, 0.2))
    assert "Its values of helpful cannot be told to be closer than the best constant." in said
    assert "closer than the best constant would be: by 0.300 [0.100, 0.500]." in told()
