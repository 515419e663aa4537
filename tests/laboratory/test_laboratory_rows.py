"""Rows of the table by hand."""

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements.ratings import flatten_ratings
from plaudit.laboratory.measure import measure_runs, pool_splits
from plaudit.laboratory.runs import Run
from plaudit.laboratory.seed_averages import average_seeds, kendall_lead
from plaudit.statistics import Measurement

GROUPS = [Group(f"g{i}", f"p{i}", ("a", "b"), (Ranking(((0,), (1,))),)) for i in range(6)]


def run(rows, temperature=1.0, values=None):
    return Run([list(row) for row in rows], values or {}, temperature, 2.0)


def test_a_constant_scorer_beside_one_that_is_always_right():
    constant = [[run([(7.0, 7.0)] * 6)]]
    right = [[run([(1.0, -1.0)] * 6)], [run([(3.0, -3.0)] * 6)]]
    rows, lead, counts = measure_runs(
        {"flat": constant, "right": right}, {"flat": "plain", "right": "rankings"}, GROUPS, None
    )
    assert (lead.attribute, lead.name) == (None, "accuracy")
    assert [row.name for row in rows] == ["right", "flat"]
    best, flat = rows
    assert best.rankings["accuracy"].value == 1
    assert best.rankings["accuracy"].spread == 0
    assert best.rankings["log_loss"].value == pytest.approx((math.log1p(math.exp(-2)) + math.log1p(math.exp(-6))) / 2)
    assert best.to_first is best.to_best_loss is None
    assert flat.rankings["accuracy"].value == 0.5
    assert flat.rankings["log_loss"].value == pytest.approx(math.log(2))
    assert flat.rankings["accuracy"].spread is None
    assert flat.to_first.value == flat.to_best_loss.value == -0.5
    assert counts["comparisons"] == 6


def test_without_a_temperature_there_is_no_log_loss():
    (row, _), _, _ = measure_runs(
        {"a": [[run([(1, 0)] * 6, None)]], "b": [[run([(0, 1)] * 6)]]}, {"a": "ratings", "b": "plain"}, GROUPS, None
    )
    assert row.rankings["accuracy"].value == 1
    assert row.rankings["log_loss"].value is None
    assert "temperature" in row.rankings["log_loss"].reason


def test_splits_are_put_on_one_scale():
    both = pool_splits([run([(5.0, 3.0)], 2.0), run([(-10.0, -14.0)], 1.0)])
    assert both.per_group() == [[0.5, -0.5], [2.0, -2.0]]


def test_ratings_are_ordered_by_kendall_within_prompts_and_measured_in_units():
    groups = [
        Group(f"g{i}", f"p{i}", ("a", "b", "c"), ratings=tuple(Rating(k, float(k + i % 2)) for k in range(3)))
        for i in range(6)
    ]
    exact = [[run([(0, 1, 2)] * 6, None, {"overall": [[k + i % 2 for k in range(3)] for i in range(6)]})]]
    swapped = [[run([(0, 2, 1)] * 6, None, {"overall": [[k + 2 for k in (0, 2, 1)] for _ in range(6)]})]]
    rows, lead, _ = measure_runs({"s": swapped, "e": exact}, {"s": "ratings", "e": "ratings"}, groups, None)
    assert (lead.attribute, lead.name) == ("overall", "kendall_within")
    assert [row.name for row in rows] == ["e", "s"]
    assert rows[0].ratings["overall"]["mae"].value == 0
    # Off by 2, 3, 1 where people said 0, 1, 2, and by one less where they said one more.
    assert rows[1].ratings["overall"]["mae"].value == pytest.approx((2 + 3 + 1 + 1 + 2 + 0) / 6)
    # One of three pairs is the wrong way round: (2 - 1) / 3.
    assert rows[1].ratings["overall"]["kendall_within"].value == pytest.approx(1 / 3)
    assert rows[1].to_first.value == pytest.approx(1 / 3 - 1)
    assert rows[0].rankings == {}


def test_the_lead_in_kendall_is_the_mean_difference_over_prompts():
    numbers = np.random.default_rng(3)
    groups = [
        Group(f"g{i}", f"p{i}", tuple("abcd"), ratings=tuple(Rating(k, float(numbers.integers(5))) for k in range(4)))
        for i in range(8)
    ]
    one, other = numbers.normal(size=(2, 32))
    rated = flatten_ratings(groups)["overall"]
    human = rated.human.reshape(8, 4)
    taus = [
        kendalltau(a, ratings).statistic - kendalltau(b, ratings).statistic
        for a, b, ratings in zip(one.reshape(8, 4), other.reshape(8, 4), human, strict=True)
        if np.ptp(ratings)
    ]
    difference = kendall_lead(rated, one, other)
    assert difference.value == pytest.approx(np.mean(taus))
    assert difference.n == len(taus)


def test_seeds_are_averaged_with_their_spread():
    average = average_seeds([Measurement(0.5, 0.4, 0.6, 9), Measurement(0.7, 0.5, 0.9, 9)])
    assert (average.value, average.low, average.high) == pytest.approx((0.6, 0.45, 0.75))
    assert average.spread == pytest.approx(0.1 * math.sqrt(2))
    assert average_seeds([Measurement(None, None, None, 0, "no")]).reason == "no"
