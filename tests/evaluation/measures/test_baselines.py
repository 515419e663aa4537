"""Baselines on the same judgements, and whether a spread knows."""

import json
import math

import numpy as np
import pytest
from report_samples import claims

from plaudit.evaluation import evaluate
from plaudit.evaluation.measures.baselines import BaselineMetrics
from plaudit.evaluation.measures.selective import NAMES, selective_accuracy
from plaudit.evaluation.measuring import Evaluation
from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements import scored_comparisons
from plaudit.scoring import ScoredGroups
from plaudit.statistics import Measurement

BEST = Ranking(((0,), (1,)))
GROUPS = [
    Group(f"g{i}", f"p{i}", ("a", "b"), (BEST,), (Rating(0, i, "helpful"), Rating(1, 0.5, "helpful"))) for i in range(8)
]
MODEL = [[1.0 + i, 0.0] for i in range(8)]


def won(*right):
    return [[1.0, 0.0] if i in right else [0.0, 1.0 + i] for i in range(8)]


def test_the_lead_is_paired():
    model, baseline = won(0, 1, 2, 3, 4, 5), won(0, 1, 2, 3, 7)
    found = evaluate(GROUPS, ScoredGroups.of(model, baselines={"bow": baseline}))
    figures = found.baselines["bow"].overall
    assert figures["accuracy"] == evaluate(GROUPS, baseline).overall["accuracy"]
    assert figures["lead"].value == pytest.approx(6 / 8 - 5 / 8)
    # Differences are +1, +1, -1 and five zeros: t(7) = 2.3646 times their standard error.
    differences = [0, 0, 0, 0, 1, 1, 0, -1]
    half = 2.3646 * np.std(differences, ddof=1) / math.sqrt(8)
    assert figures["lead"].high == pytest.approx(1 / 8 + half, abs=1e-4)
    helpful = found.baselines["bow"].ratings["helpful"]
    assert set(helpful) == {"pearson", "spearman", "kendall", "kendall_within", "lead"}
    assert helpful["spearman"] == evaluate(GROUPS, baseline).ratings["helpful"]["spearman"]
    assert helpful["lead"].value == pytest.approx(
        found.ratings["helpful"]["spearman"].value - helpful["spearman"].value
    )
    row = json.loads(json.dumps(found.to_json(), allow_nan=False))["baselines"]["bow"]
    assert list(row) == ["accuracy", "lead", "ratings"]


def test_a_baseline_is_measured_by_what_it_says_of_the_attribute():
    values = [[float(i), 0.4] for i in range(8)]
    bow = ScoredGroups.of(won(0), attributes={"helpful": values})
    found = evaluate(GROUPS, ScoredGroups.of(MODEL, baselines={"bow": bow}))
    assert (
        found.baselines["bow"].ratings["helpful"]["pearson"] == evaluate(GROUPS, values).ratings["helpful"]["pearson"]
    )
    assert found.baselines["bow"].overall["accuracy"].value == pytest.approx(1 / 8)


def test_a_baseline_with_a_hole_says_so_and_leaves_the_model_as_it_is():
    found = evaluate(GROUPS, ScoredGroups.of(MODEL, baselines={"bow": [[math.nan, 0.0], *MODEL[1:]]}))
    bow, reason = found.baselines["bow"], "of this baseline's, 1 of 16 scores are not finite (group 'g0', response 0)"
    assert bow.overall["accuracy"].reason == bow.overall["lead"].reason == reason
    assert bow.ratings["helpful"]["lead"].reason == bow.ratings["helpful"]["kendall"].reason == reason
    assert found.overall == evaluate(GROUPS, MODEL).overall


@pytest.mark.parametrize(
    ("lead", "says"),
    [
        ((0.1, 0.02, 0.2), "Seeing more than a bag of words does: 10.0 [2.0, 20.0] points ahead."),
        ((0.1, -0.02, 0.2), "beyond a bag of words cannot be seen here: its lead is +10.0 [−2.0, +20.0] points."),
        ((-0.1, -0.2, -0.02), "Even a bag of words does better on the same judgements: by 10.0 [2.0, 20.0] points."),
        ((0.1, None, None), "How sure its lead over a bag of words is (+10.0 points) cannot be said: too few."),
    ],
)
def test_the_sentence_names_baselines_that_do_as_well(lead, says):
    overall = {"accuracy": Measurement(0.7, 0.6, 0.8, 9), "lead_over_length": Measurement(0.1, 0.05, 0.2, 9)}
    baselines = {"bow": BaselineMetrics({"lead": Measurement(*lead, 9, None if lead[1] else "too few")}, {})}
    assert says in claims(Evaluation(overall=overall, baselines=baselines))


def test_the_sentence_of_ratings():
    groups = [Group(f"g{i}", f"p{i}", ("x" * (i % 7 + 1),), ratings=(Rating(0, i, "helpful"),)) for i in range(40)]
    noisy = np.random.default_rng(0).normal(np.arange(40), 4)
    values = [[float(v)] for v in noisy]
    lengths = [[1.0 * (i % 7)] for i in range(40)]
    scored = ScoredGroups.of(values, attributes={"helpful": values}, baselines={"length": lengths})
    good = claims(evaluate(groups, scored))
    assert "Following ratings of helpful: rank correlation +0.9" in good
    assert "Following ratings of helpful beyond length" in good
    assert "closer than the best constant would be" in good
    assert "Following ratings of helpful better than a model of length alone" in good
    shuffled = [[float(v)] for v in np.random.default_rng(1).permutation(noisy)]
    assert "It was not seen to follow ratings of helpful" in claims(evaluate(groups, shuffled))


def spread_out(gaps, spreads):
    groups = [Group(str(i), f"p{i}", ("a", "b"), (BEST,)) for i in range(len(gaps))]
    return selective_accuracy(
        *scored_comparisons(groups, [[g, 0.0] for g in gaps]), np.array([[s, 0.0] for s in spreads]).ravel()
    )


def test_the_surest_half_by_hand():
    # |gap| / spread: 2, 1, 1/2, 1/4; right, right, wrong, right. The largest gaps are the last two.
    found = spread_out([2.0, 1.0, -3.0, 4.0], [1.0, 1.0, 6.0, 16.0])
    assert list(found) == list(NAMES)
    assert (found["selective_accuracy"].value, found["selective_accuracy"].n) == (1.0, 2)
    assert found["selective_lead"].value == 0.5
    assert found["selective_accuracy_by_gap"].value == 0.5
    assert found["selective_lead_over_gap"].value == 0.5


def test_a_constant_spread_adds_nothing_to_the_gap():
    rng = np.random.default_rng(0)
    found = spread_out(rng.normal(1, 2, 60), np.full(60, 0.5))
    assert found["selective_accuracy"] == found["selective_accuracy_by_gap"]
    assert found["selective_lead_over_gap"].value == 0.0


def test_equally_sure_comparisons_are_shared_by_the_halves():
    found = spread_out([1.0, 1.0, -1.0], [1.0] * 3)
    assert found["selective_accuracy"].value == pytest.approx(2 / 3)
    assert found["selective_lead"].value == pytest.approx(0)
    assert (
        spread_out([0.0, 1.0], [0.0, 0.0])["selective_accuracy"].value == 1.0
    )  # no spread: sure, unless there is no gap


def test_a_spread_that_knows_is_told_from_one_that_does_not():
    rng = np.random.default_rng(1)
    spread = rng.uniform(0.2, 5, 800)
    gaps = rng.normal(1.5, spread)
    knows, shuffled = spread_out(gaps, spread), spread_out(gaps, rng.permutation(spread))
    assert knows["selective_lead"].low > 0.1
    assert knows["selective_lead_over_gap"].low > 0.05
    assert knows["selective_lead"].value > shuffled["selective_lead"].value


def test_the_lead_of_the_surest_half_covers():
    def sample(clusters):
        cluster = np.repeat(np.arange(clusters), 8)
        spread = rng.uniform(0.2, 5, len(cluster))
        gaps = 1 + spread * (0.8 * rng.normal(size=len(cluster)) + 0.6 * rng.normal(size=clusters)[cluster])
        groups = [Group(str(i), f"p{c}", ("a", "b"), (BEST,)) for i, c in enumerate(cluster)]
        return selective_accuracy(
            *scored_comparisons(groups, [[g, 0.0] for g in gaps]), np.array([[s, 0.0] for s in spread]).ravel()
        )

    rng = np.random.default_rng(2)
    truth = {name: measured.value for name, measured in sample(2500).items()}
    covered = dict.fromkeys(NAMES, 0)
    for _ in range(60):
        for name, measured in sample(20).items():
            covered[name] += measured.low <= truth[name] <= measured.high
    assert min(covered.values()) / 60 >= 0.88


def test_spreads_in_an_evaluation():
    spreads = [[0.5, 0.5]] * 8
    assert set(NAMES) <= evaluate(GROUPS, ScoredGroups.of(MODEL, spreads=spreads)).overall.keys()
    assert not set(NAMES) & evaluate(GROUPS, MODEL).overall.keys()
    holes = evaluate(GROUPS, ScoredGroups.of(MODEL, spreads=[[math.nan, 0.5], *spreads[1:]])).overall
    assert holes["selective_accuracy"].reason == "1 of the scores have no spread"
