"""The simulated annotators follow the probabilities they are documented with."""

from itertools import combinations
from math import exp, log, sqrt
from random import Random

import numpy as np
import pytest

from plaudit.demo import preference_set
from plaudit.demo.annotators import BY_NAME, Annotator, expected_agreement, judge
from plaudit.demo.preferences import noise_ceiling
from plaudit.evaluation import evaluate
from plaudit.groups import Ranking

DRAWS = 20_000


@pytest.fixture
def add(monkeypatch):
    def add(**figures):
        annotator = Annotator("test", **figures)
        monkeypatch.setitem(BY_NAME, "test", annotator)
        return annotator

    return add


def test_a_pair_follows_rao_and_kupper(add):
    # exp(quality gap / temperature) = exp(2 log 3 / 2) = 3 and exp(tie) = 2. By Rao & Kupper (1967) the better one wins
    # with 3 / (3 + 2) = 0.6, the worse with 1 / (1 + 2 x 3) = 1/7, and the rest are ties. A lapse has neither ahead:
    # each wins with 1 / (1 + 2). With lapse 0.25: 0.75 x 0.6 + 0.25 / 3 = 0.5333 and 0.75 / 7 + 0.25 / 3 = 0.1905.
    annotator = add(temperature=2.0, tie=log(2), lapse=0.25)
    quality = [0.0, 2 * log(3)]
    agreeing, decided = expected_agreement(Ranking(((0,), (1,)), annotator="test"), quality)
    assert agreeing == pytest.approx(0.75 * 0.6 + 0.25 / 3)
    assert decided - agreeing == pytest.approx(0.75 / 7 + 0.25 / 3)

    random = Random(0)
    tiers = [judge(annotator, quality, [0, 1], "pair", random).tiers for _ in range(DRAWS)]
    # Four standard errors of a share of 20,000 draws are at most 0.0141.
    assert tiers.count(((1,), (0,))) / DRAWS == pytest.approx(agreeing, abs=0.0142)
    assert tiers.count(((0,), (1,))) / DRAWS == pytest.approx(decided - agreeing, abs=0.0142)


def test_an_order_follows_plackett_and_luce(add):
    # Worths 1, 2 and 5: P(2 first, 1 second) = 5/8 x 2/3, and any pair as if it stood alone: P(1 above 0) = 2/3.
    annotator = add(temperature=1.0, tie=0.5, lapse=0.0)
    quality = [0.0, log(2), log(5)]
    random = Random(1)
    tiers = [judge(annotator, quality, [0, 1, 2], "order", random).tiers for _ in range(DRAWS)]
    assert tiers.count(((2,), (1,), (0,))) / DRAWS == pytest.approx(5 / 8 * 2 / 3, abs=0.0142)
    agreeing, decided = expected_agreement(Ranking(((0,), (1,), (2,)), annotator="test"), quality)
    assert decided == pytest.approx(3)
    assert agreeing == pytest.approx(2 / 3 + 5 / 6 + 5 / 7)


def test_best_and_worst_agree_as_often_as_expected(add):
    annotator = add(temperature=0.8, tie=0.3, lapse=0.2)
    quality = [1.2, -0.4, 0.3, 0.3]
    random = Random(2)
    agreed = []
    for _ in range(DRAWS):
        ranking = judge(annotator, quality, [0, 1, 2, 3], "best_worst", random)
        assert [len(tier) for tier in ranking.tiers] == [1, 2, 1]
        gaps = [quality[a] - quality[b] for a, b, tie in ranking.comparisons() if not tie]
        agreed.append(sum(1.0 if gap > 0 else 0.5 if gap == 0 else 0.0 for gap in gaps))
    agreeing, decided = expected_agreement(ranking, quality)
    assert decided == pytest.approx(5)  # of six pairs, the one in the middle is not decided
    assert np.mean(agreed) == pytest.approx(agreeing, abs=4 * np.std(agreed) / sqrt(DRAWS))


def test_equal_quality_is_half_agreed(add):
    add(temperature=1.0, tie=0.0, lapse=0.0)
    assert expected_agreement(Ranking(((0,), (1,)), annotator="test"), [1.0, 1.0]) == pytest.approx((0.5, 1.0))


def test_utilities_cannot_overflow_what_the_set_contains():
    ranking = Ranking(((0,), (1,)), annotator="ana")
    agreeing, decided = expected_agreement(ranking, [-8.0, 8.0])
    assert agreeing == pytest.approx(1 / (1 + exp(-16 / BY_NAME["ana"].temperature + BY_NAME["ana"].tie)))
    assert decided >= agreeing


def test_the_ceiling_is_what_the_truth_gets():
    groups = preference_set()
    found = evaluate(groups, [group.meta["quality"] for group in groups]).overall["accuracy"]
    # The expectation is exact, the agreement one sample of it: inside its own 95% interval widened by half.
    assert abs(found.value - noise_ceiling(groups)) < 1.5 * (found.high - found.low) / 2
    assert 0.7 < noise_ceiling(groups) < 0.9


def test_every_comparison_of_a_group_is_expected_once(add):
    # An order of five decides all ten pairs, whoever says it.
    ranking = Ranking(tuple((i,) for i in range(5)), annotator="jun")
    assert expected_agreement(ranking, [0.1, 2.0, -1.0, 0.5, 0.0])[1] == pytest.approx(
        len(list(combinations(range(5), 2)))
    )
