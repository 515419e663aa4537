"""The bootstrap over clusters: against scipy's, against plain resampling, and where it has nothing to say."""

import numpy as np
import pytest
from scipy import stats

from plaudit.errors import PlauditError
from plaudit.evaluation import evaluate
from plaudit.groups import Group, Ranking, Rating
from plaudit.statistics.bootstrap import Bootstrap, bca
from plaudit.statistics.intervals import NO_VARIATION, ONE_CLUSTER, mean, proportion


def sample(clusters=40, seed=0):
    """Skewed outcomes, weights and clusters of uneven size."""
    numbers = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(clusters), numbers.integers(1, 6, clusters))
    return numbers.exponential(1 + cluster % 3), numbers.uniform(0.5, 2, len(cluster)), cluster


def test_the_interval_of_a_mean_is_scipys():
    outcome, weight, cluster = sample()
    totals, sizes = np.bincount(cluster, outcome * weight), np.bincount(cluster, weight)
    theirs = stats.bootstrap(
        (totals, sizes),
        lambda t, s, axis: t.sum(axis=axis) / s.sum(axis=axis),
        paired=True,
        vectorized=True,
        n_resamples=20_000,
        method="BCa",
        rng=np.random.default_rng(1),
    ).confidence_interval
    ours = mean(outcome, weight, cluster, intervals=Bootstrap(20_000))
    assert ours.value == pytest.approx(np.average(outcome, weights=weight))
    # The error of 20,000 rounds is about 0.7% of the interval's width at each end.
    assert (ours.low, ours.high) == pytest.approx(theirs, abs=0.03 * (theirs.high - theirs.low))


def test_a_constant_of_acceleration_by_hand():
    # Efron's (1987) formula: without skew in the jackknife and with half of the rounds below, it is the percentiles.
    replicates = np.linspace(-1, 1, 4001)
    assert bca(0.0, replicates, np.array([-1.0, 0.0, 1.0]), 0.95) == pytest.approx((-0.95, 0.95), abs=1e-3)


def test_recomputing_is_the_same_as_resampling_sums():
    outcome, _, cluster = sample(7)
    totals, sizes = np.bincount(cluster, outcome), np.bincount(cluster).astype(float)
    rounds = Bootstrap(100)
    drawn = rounds.resampled((totals, sizes))
    again = rounds.recomputed(lambda w: float(np.average(outcome, weights=w)), cluster)
    assert drawn[0] / drawn[1] == pytest.approx(again)


def test_the_same_draws_every_time_and_others_with_another_seed():
    outcome, weight, cluster = sample()

    def interval(seed):
        return mean(outcome, weight, cluster, intervals=Bootstrap(500, seed))

    assert interval(3) == interval(3)
    assert interval(3) != interval(4)


def test_where_a_bootstrap_collapses_a_proportion_keeps_wilsons_interval():
    right, weight, cluster = np.ones(50), np.ones(50), np.arange(50) % 10
    rounds = Bootstrap(200)
    collapsed = proportion(right, weight, cluster, intervals=rounds)
    assert mean(right, weight, cluster, intervals=rounds).reason == NO_VARIATION
    assert proportion(right[:3], weight[:3], np.zeros(3, dtype=int), intervals=rounds).reason == ONE_CLUSTER
    assert collapsed == proportion(right, weight, cluster)
    assert 0.8 < collapsed.low < collapsed.high == 1


def test_an_interval_never_leaves_what_a_proportion_can_be():
    right, cluster = np.r_[np.zeros(1), np.ones(59)], np.arange(60) // 3
    found = proportion(right, np.ones(60), cluster, intervals=Bootstrap(1000))
    assert found.value == pytest.approx(59 / 60)
    assert 0 <= found.low < found.value <= found.high <= 1


def test_it_covers_with_many_clusters():
    numbers = np.random.default_rng(5)
    cluster, ones = np.repeat(np.arange(60), 3), np.ones(180)
    held = 0
    for _ in range(200):
        chance = numbers.beta(4, 2, 60)[cluster]
        right = (numbers.random(180) < chance).astype(float)
        found = proportion(right, ones, cluster, intervals=Bootstrap(400))
        held += found.low <= 2 / 3 <= found.high
    assert held >= 0.9 * 200


def test_too_few_rounds_are_refused():
    with pytest.raises(PlauditError, match="10 bootstrap rounds cannot place a 95% interval; take 100 or more"):
        Bootstrap(10)


def test_an_evaluation_has_the_same_values_and_other_intervals():
    numbers = np.random.default_rng(6)
    groups = [
        Group(
            f"g{i}",
            f"prompt {i}",
            ("a" * int(numbers.integers(1, 9)), "bbbb", "c"),
            (Ranking(((0,), (1,), (2,)), annotator="x"), Ranking(((0, 1), (2,)), annotator="y")),
            tuple(Rating(r, int(numbers.integers(1, 6)), annotator=who) for r in range(3) for who in "xy"),
        )
        for i in range(80)
    ]
    scores = numbers.normal([1, 0.5, 0], 1, (80, 3)).tolist()
    analytic, drawn = evaluate(groups, scores), evaluate(groups, scores, bootstrap=1000)
    assert (analytic.to_json()["bootstrap"], drawn.to_json()["bootstrap"]) == (None, 1000)
    pairs = [
        (one, other)
        for ours, theirs in (
            (analytic.overall, drawn.overall),
            (analytic.ratings["overall"], drawn.ratings["overall"]),
        )
        for name in ours
        for one, other in [(ours[name], theirs[name])]
        if one.low is not None and one.low < one.high
    ]
    assert [one.value for one, _ in pairs] == [other.value for _, other in pairs]
    # With 80 prompts of one size the two kinds of interval are about as wide as each other.
    widths = [(other.high - other.low) / (one.high - one.low) for one, other in pairs]
    assert len(widths) > 30
    assert np.quantile(widths, [0.1, 0.9]) == pytest.approx([0.9, 1.1], abs=0.15)
    assert min(widths) > 0.5
    assert max(widths) < 1.5
