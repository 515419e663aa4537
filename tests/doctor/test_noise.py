"""Scales, stacks and the share of flips, from simulated judgements whose truth is known."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from plaudit.doctor.noise import LabelNoise, NoiseModel, fit_noise, fit_stack

NUMBERS = np.random.default_rng(0)


def judged(count, scale, flipped, seed=0):
    """Log odds of the observed judgements, by people who follow sigma(scale z) and are then turned round in a share."""
    numbers = np.random.default_rng(seed)
    z = numbers.normal(scale=3.0, size=count)
    observed = np.where(numbers.random(count) < expit(scale * z), 1, -1)
    turned = numbers.random(count) < flipped
    return np.where(turned, -observed, observed) * z, turned


@pytest.mark.parametrize(("scale", "flipped"), [(1.0, 0.0), (1.0, 0.1), (2.5, 0.2), (0.5, 0.05)])
def test_scale_and_share_are_recovered(scale, flipped):
    odds, _ = judged(20_000, scale, flipped)
    noise = fit_noise(odds, np.zeros(len(odds), bool), np.ones(len(odds)))
    assert noise.models_only.flip_rate == pytest.approx(flipped, abs=0.02)
    assert noise.models_only.scale == pytest.approx(scale, rel=0.15)
    assert noise.with_votes == LabelNoise(1.0, 0.0)


def test_models_alone_and_with_others_have_their_own_noise():
    alone, together = judged(20_000, 1.0, 0.1)[0], judged(20_000, 3.0, 0.2, seed=1)[0]
    has_other_votes = np.repeat([False, True], 20_000)
    noise = fit_noise(np.concatenate([alone, together]), has_other_votes, np.ones(40_000))
    kinds = noise.models_only, noise.with_votes
    assert [kind.scale for kind in kinds] == [pytest.approx(1.0, rel=0.15), pytest.approx(3.0, rel=0.15)]
    assert [kind.flip_rate for kind in kinds] == [pytest.approx(0.1, abs=0.015), pytest.approx(0.2, abs=0.015)]


def test_the_probability_of_being_wrong_is_the_share_that_is():
    odds, turned = judged(50_000, 1.0, 0.1)
    has_other_votes = np.zeros(len(odds), bool)
    wrong = fit_noise(odds, has_other_votes, np.ones(len(odds))).flip_probability(odds, has_other_votes)
    for low in (0.0, 0.2, 0.5, 0.8):
        inside = (wrong >= low) & (wrong < low + 0.2)
        assert turned[inside].mean() == pytest.approx(wrong[inside].mean(), abs=0.05)


def test_bayes_rule_by_hand():
    """Honest people say it with 1/5; a tenth is turned round: 0.1 * 0.8 / (0.9 * 0.2 + 0.1 * 0.8) = 0.08 / 0.26."""
    odds, has_other_votes = np.array([np.log(0.25)]), np.array([False])
    noise = NoiseModel(LabelNoise(1.0, 0.1), LabelNoise(9.0, 0.4))
    assert noise.observed_probability(odds, has_other_votes) == pytest.approx([0.26])
    assert noise.flip_probability(odds, has_other_votes) == pytest.approx([0.08 / 0.26])


def test_nobody_is_accused_by_log_odds_that_say_nothing():
    has_other_votes = np.zeros(50, bool)
    noise = fit_noise(np.zeros(50), has_other_votes, np.ones(50))
    assert noise.flip_probability(np.zeros(50), has_other_votes).max() < 0.1


def test_a_stack_of_one_is_a_temperature():
    z = NUMBERS.normal(size=20_000)
    observed = np.where(NUMBERS.random(20_000) < expit(1.5 * z), 1, -1)
    weights = fit_stack((10 * observed * z)[:, None], np.zeros(20_000, bool), np.ones(20_000))
    assert weights == pytest.approx([0.15], rel=0.05)


def test_a_stack_is_logistic_regression_without_intercept():
    gaps = NUMBERS.normal(size=(4_000, 2))
    observed = np.where(NUMBERS.random(4_000) < expit(gaps @ [1.0, 0.5]), 1, -1)
    expected = LogisticRegression(C=1e6, fit_intercept=False).fit(gaps, observed).coef_[0]
    weights = fit_stack(gaps * observed[:, None], np.zeros(4_000, bool), np.ones(4_000))
    assert weights == pytest.approx(expected, rel=0.02)


def test_a_model_that_is_worse_than_chance_or_constant_gets_no_say():
    gaps = np.stack([-np.abs(NUMBERS.normal(size=100)), np.zeros(100)], axis=1)
    assert fit_stack(gaps, np.zeros(100, bool), np.ones(100)) == pytest.approx([0, 0])
