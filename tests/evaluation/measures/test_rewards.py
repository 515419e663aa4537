"""The distribution of rewards: numpy's, variance components by hand and against simulation, and what has no spread."""

import json
import math

import numpy as np
import pytest
from report_samples import claims
from scipy.stats import f_oneway

from plaudit.evaluation import evaluate
from plaudit.evaluation.measures.rewards import NO_SCORES, NO_SIBLINGS, NO_SPREAD, measure_rewards
from plaudit.groups import Group
from plaudit.statistics.bootstrap import Bootstrap
from plaudit.statistics.intervals import ONE_CLUSTER


def measured(*prompts):
    """Rewards of the responses to each prompt, each prompt a cluster."""
    index = np.repeat(np.arange(len(prompts)), [len(scores) for scores in prompts])
    return measure_rewards(np.concatenate([*prompts, []]), index, index)


def test_the_distribution_is_numpys():
    scores = np.random.default_rng(0).normal(3, 2, 500)
    found = measure_rewards(scores, np.arange(500), np.arange(500))
    assert found.mean.value == pytest.approx(scores.mean())
    assert found.sd == pytest.approx(scores.std(ddof=1))
    assert found.quantiles["0.05"] == pytest.approx(np.quantile(scores, 0.05))
    assert sum(found.counts) == 500
    assert np.histogram(scores, found.edges)[0].tolist() == list(found.counts)
    assert len(found.counts) == 16  # 2 x 500^(1/3)


def test_components_of_variance_by_hand():
    # Prompts [0, 2], [4, 6, 8]: within 1 + 1 and 4 + 0 + 4, so 10 / 3. Means 1 and 6, of all 4: between 2*9 + 3*4 = 30
    # on one degree of freedom; the usual size (5 - 13/5) / 1 = 2.4; (30 - 10/3) / 2.4 = 100/9.
    found = measured([0.0, 2.0], [4.0, 6.0, 8.0])
    assert found.within_prompt_sd.value == pytest.approx(math.sqrt(10 / 3))
    assert found.within_prompt_share.value == pytest.approx((10 / 3) / (10 / 3 + 100 / 9))
    assert found.prompts_without_spread.value == 0.0


def test_the_mean_squares_are_those_of_scipys_analysis_of_variance():
    prompts = [np.random.default_rng(i).normal(i % 3, 1, 4) for i in range(12)]
    share = measured(*prompts).within_prompt_share.value
    # For equal sizes K: F = MSB / MSW, and 1 - ICC = K / (K - 1 + F).
    assert share == pytest.approx(4 / (3 + f_oneway(*prompts).statistic))


def test_less_between_prompts_than_noise_gives_is_nothing_between_them():
    assert measured([0.0, 2.0], [2.0, 0.0]).within_prompt_share.value == 1.0


def test_the_intervals_hold_the_truth():
    rng, held = np.random.default_rng(1), np.zeros(4)
    for _ in range(100):
        index = np.repeat(np.arange(80), rng.integers(1, 6, 80))
        scores = rng.normal(0, 1, 80)[index] + rng.normal(0, 2, len(index))
        found = measure_rewards(scores, index, index)
        drawn = measure_rewards(scores, index, index, Bootstrap(300))
        held += [
            one.low <= truth <= one.high
            for which in (found, drawn)
            for one, truth in ((which.within_prompt_sd, 2.0), (which.within_prompt_share, 0.8))
        ]
    assert (held >= 86).all()


def test_prompts_that_teach_nothing():
    # A range of 0.01 is nearly nothing beside a standard deviation of about 3; the single response is not asked.
    found = measured([0.0, 0.01], [1.0, 5.0], [7.0, 7.0], [9.0])
    assert (found.prompts_without_spread.value, found.prompts_without_spread.n) == (pytest.approx(2 / 3), 3)


def test_a_shift_changes_nothing_but_the_mean():
    prompts = [np.random.default_rng(i).normal(0, 1, 3) for i in range(9)]
    near, far = measured(*prompts), measured(*(p + 1e8 for p in prompts))
    for name in ("within_prompt_sd", "within_prompt_share"):
        a, b = getattr(near, name), getattr(far, name)
        assert (a.value, a.low, a.high) == pytest.approx((b.value, b.low, b.high), rel=1e-5)


def test_hard_input():
    constant = measured([2.0, 2.0], [2.0, 2.0])
    assert constant.within_prompt_sd.value == 0.0
    assert constant.within_prompt_share.reason == NO_SPREAD
    assert constant.prompts_without_spread.value == 1.0
    single = measured([1.0], [2.0])
    assert single.within_prompt_sd.reason == single.prompts_without_spread.reason == NO_SIBLINGS
    one = measured([1.0, 2.0])
    assert (one.within_prompt_sd.reason, one.mean.reason) == (ONE_CLUSTER, ONE_CLUSTER)
    assert one.within_prompt_share.value is None
    holes = measured([math.nan, 1.0], [math.inf, 2.0])
    assert (holes.n, holes.not_finite, holes.mean.value) == (2, 2, 1.5)
    nothing = measured([math.nan])
    assert (nothing.n, nothing.mean.reason, nothing.counts) == (0, NO_SCORES, [])
    huge = measured([1e150, -1e150], [0.0, 1.0])
    assert sum(huge.counts) == 4
    for found in (constant, single, one, holes, nothing, huge):
        json.dumps(found.to_json(), allow_nan=False)


def test_rewards_are_measured_without_judgements():
    groups = [Group(f"g{i}", f"p{i}", ("a", "bb")) for i in range(5)]
    found = evaluate(groups, [[float(i), 1.0] for i in range(5)])
    assert (found.rewards.n, found.rewards.mean.value, found.counts["clusters"]) == (10, 1.5, 5)
    assert {one.value for one in found.overall.values()} == {None}
    no_judgements = "Whether it follows people cannot be said: the data have no judgements."
    assert f"{no_judgements} Only its rewards are measured." in claims(found).splitlines()
    json.dumps(found.to_json(), allow_nan=False)
    empty = evaluate([], [])
    assert (empty.rewards.n, empty.rewards.mean.reason) == (0, NO_SCORES)
