"""Correlations against scipy, and how often their intervals hold the truth."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap, kendalltau, pearsonr, spearmanr

from plaudit.statistics.bootstrap import Bootstrap
from plaudit.statistics.correlations import (
    CORRELATIONS,
    FIXED_REST,
    FIXED_SCORES,
    FIXED_VALUES,
    MOST_BLOCKS,
    PAIRWISE,
    PERFECT,
    SMALL,
    correlation,
    difference,
    kendall_by_group,
)
from plaudit.statistics.intervals import NO_VARIATION, ONE_CLUSTER

SCIPY = {"pearson": pearsonr, "spearman": spearmanr, "kendall": kendalltau}
columns = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 3)), min_size=2, max_size=30).map(
    lambda rows: np.array(rows, dtype=float).T
)


@pytest.mark.parametrize("name", CORRELATIONS)
@given(both=columns)
def test_values_are_scipys(name, both):
    x, y = both
    ours = correlation(CORRELATIONS[name], x, y, np.arange(len(x)))
    if np.ptp(x) and np.ptp(y):
        assert ours.value == pytest.approx(SCIPY[name](x, y).statistic, abs=1e-9)
        assert ours.low is None or -1 <= ours.low <= ours.value <= ours.high <= 1
    else:
        assert ours.value is None


def test_what_cannot_be_said_says_why():
    x, y, one_each = np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]), np.arange(3)
    which = CORRELATIONS["pearson"]
    assert correlation(which, x, np.ones(3), one_each).reason == FIXED_VALUES
    assert correlation(which, np.ones(3), y, one_each).reason == FIXED_SCORES
    assert correlation(which, x, y, np.zeros(3, int)).reason == ONE_CLUSTER
    assert correlation(which, x, x, one_each).reason == PERFECT
    # Without the first cluster both other values are equal.
    assert correlation(which, np.array([0.0, 1.0, 1.0]), y, one_each).reason == FIXED_REST
    assert difference(which, x, np.ones(3), y, one_each).reason == FIXED_SCORES
    four = np.array([1.0, 3.0, 2.0, 4.0])
    assert difference(which, four, 2 * four, np.array([1.0, 2.0, 4.0, 3.0]), np.arange(4)).reason == NO_VARIATION


def test_huge_values_do_not_overflow():
    x = np.array([1.0, 2.0, 3.0, 5.0])
    y = np.array([2.0, 1.0, 4.0, 3.0])
    ours = correlation(CORRELATIONS["pearson"], 1e300 * x, y, np.arange(4))
    assert ours.value == pytest.approx(pearsonr(x, y).statistic)


def world(rng, clusters, shared, rho=0.5):
    """Two columns of correlation rho in unequal clusters; `shared` of the variance is the cluster's."""
    sizes = rng.integers(5, 40, clusters)
    cluster = np.repeat(np.arange(clusters), sizes)
    both = np.linalg.cholesky([[1, rho], [rho, 1]])
    own, common = rng.normal(size=(len(cluster), 2)) @ both.T, rng.normal(size=(clusters, 2)) @ both.T
    x, y = (math.sqrt(1 - shared) * own + math.sqrt(shared) * common[cluster]).T
    return x, y, cluster


@pytest.mark.parametrize(("clusters", "shared", "least"), [(6, 0.4, 0.92), (15, 0.3, 0.91), (60, 0.3, 0.91)])
def test_coverage(clusters, shared, least):
    # True values of a bivariate normal of correlation 1/2, whatever part of it clusters share.
    truth = {"pearson": 0.5, "spearman": 6 / math.pi * math.asin(0.25), "kendall": 2 / math.pi * math.asin(0.5)}
    rng = np.random.default_rng(clusters)
    covered = dict.fromkeys(truth, 0)
    for _ in range(100):
        x, y, cluster = world(rng, clusters, shared)
        for name, which in CORRELATIONS.items():
            ours = correlation(which, x, y, cluster)
            covered[name] += ours.low <= truth[name] <= ours.high
    assert min(covered.values()) / 100 >= least


def test_blocks_of_many_clusters_and_a_bootstrap_agree():
    # 200 clusters, more than there are blocks: the width is that of scipy's bootstrap over clusters.
    assert MOST_BLOCKS < 200
    rng = np.random.default_rng(4)
    x, y, cluster = world(rng, 200, 0.3)
    ours = correlation(CORRELATIONS["spearman"], x, y, cluster)
    rows = [np.flatnonzero(cluster == c) for c in range(200)]

    def drawn(which):
        members = np.concatenate([rows[int(c)] for c in which])
        return spearmanr(x[members], y[members]).statistic

    theirs = bootstrap(
        (np.arange(200),), drawn, vectorized=False, n_resamples=400, method="percentile", rng=rng
    ).confidence_interval
    assert ours.high - ours.low == pytest.approx(theirs.high - theirs.low, rel=0.25)


def test_a_paired_difference_knows_what_both_share():
    rng = np.random.default_rng(5)
    x, y, cluster = world(rng, 30, 0.3)
    almost = x + 0.05 * rng.normal(size=len(x))
    which = CORRELATIONS["spearman"]
    lead, alone = difference(which, x, almost, y, cluster), correlation(which, x, y, cluster)
    assert lead.value == pytest.approx(spearmanr(x, y).statistic - spearmanr(almost, y).statistic)
    assert lead.low <= lead.value <= lead.high
    assert lead.high - lead.low < 0.2 * (alone.high - alone.low)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=40))
def test_taus_of_small_groups_are_scipys(rows):
    group, x, y = np.array(rows, dtype=float).T
    ours = kendall_by_group(x, y, group.astype(int))
    for tau, g in zip(ours, np.unique(group), strict=True):
        theirs = kendalltau(x[group == g], y[group == g]).statistic if (group == g).sum() > 1 else math.nan
        assert tau == pytest.approx(theirs, nan_ok=True)


def test_large_groups_among_small_ones():
    rng = np.random.default_rng(6)
    group = rng.permutation(np.repeat([3, 5, 9], [SMALL + 1, 5000, 2]))
    x, y = rng.normal(size=(2, len(group))).round(1)
    expected = [kendalltau(x[group == g], y[group == g]).statistic for g in (3, 5, 9)]
    assert kendall_by_group(x, y, group) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(("name", "theirs"), [("pearson", pearsonr), ("spearman", spearmanr)])
def test_the_bootstrapped_interval_is_scipys(name, theirs):
    numbers = np.random.default_rng(11)
    x = numbers.normal(size=120)
    y = np.round(x + numbers.normal(size=120))  # ties
    expected = bootstrap(
        (x, y),
        lambda a, b: theirs(a, b).statistic,
        paired=True,
        vectorized=False,
        n_resamples=4000,
        method="BCa",
        rng=np.random.default_rng(0),
    ).confidence_interval
    found = correlation(CORRELATIONS[name], x, y, np.arange(120), intervals=Bootstrap(4000))
    assert found.value == pytest.approx(theirs(x, y).statistic)
    # The error of 4,000 rounds is about 2% of the width at each end.
    assert (found.low, found.high) == pytest.approx(expected, abs=0.08 * (expected.high - expected.low))


def test_a_bootstrapped_lead_is_paired_and_kendall_of_many_keeps_its_interval():
    numbers = np.random.default_rng(12)
    human = numbers.normal(size=600)
    own, baseline, cluster = human + numbers.normal(size=600), human + 2 * numbers.normal(size=600), np.arange(600) // 2
    analytic = [correlation(CORRELATIONS["kendall"], own, human, cluster)]
    lead = difference(CORRELATIONS["spearman"], own, baseline, human, cluster)
    rounds = Bootstrap(1000)
    assert [correlation(CORRELATIONS["kendall"], own, human, cluster, intervals=rounds)] == analytic
    drawn = difference(CORRELATIONS["spearman"], own, baseline, human, cluster, intervals=rounds)
    assert drawn.value == lead.value
    assert drawn.high - drawn.low == pytest.approx(lead.high - lead.low, rel=0.3)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=25))
def test_whole_number_weights_are_rows_that_count_more_than_once(rows):
    x, y, times = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    again = np.repeat(np.arange(len(x)), times.astype(int))
    if len(again) < 2 or np.ptp(x[again]) == 0 or np.ptp(y[again]) == 0:
        return
    for name, theirs in SCIPY.items():
        expected = theirs(x[again], y[again]).statistic
        assert CORRELATIONS[name].of(x, y)(times) == pytest.approx(expected, abs=1e-12)


def test_kendall_is_scipys_whether_pairs_are_compared_or_rows_sorted():
    numbers = np.random.default_rng(13)
    for n in (PAIRWISE, PAIRWISE + 1):
        x, y = numbers.integers(0, 50, n).astype(float), numbers.integers(0, 9, n).astype(float)
        times = numbers.poisson(1, n).astype(float)
        again = np.repeat(np.arange(n), times.astype(int))
        expected = kendalltau(x[again], y[again]).statistic
        assert CORRELATIONS["kendall"].of(x, y)(times) == pytest.approx(expected, abs=1e-12)
