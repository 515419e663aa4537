"""Leave-one-out log odds, against exact integrals and against leaving a comparison out for real."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import norm

from plaudit.groups import Group, Ranking
from plaudit.judgements import Evidence, log_odds


def group(*rankings, responses=2):
    return Group("q", "p", tuple("abcdefgh"[:responses]), tuple(rankings))


PAIR, TURNED, TIE = Ranking(((0,), (1,))), Ranking(((1,), (0,))), Ranking(((0, 1),))


def test_a_comparison_without_other_votes_is_left_to_the_models():
    odds = log_odds(Evidence.of(group(PAIR)), np.array([0.7, -0.4]), tau=2.0)
    assert odds == pytest.approx([1.1])


def test_without_spread_around_the_models_other_votes_do_not_count():
    odds = log_odds(Evidence.of(group(PAIR, TURNED)), np.array([0.7, -0.4]), tau=0.0)
    assert odds == pytest.approx([1.1, -1.1])


@pytest.mark.parametrize("witnesses", [[PAIR], [TURNED], [PAIR, PAIR, TURNED], [TIE, TIE]])
def test_the_predictive_probability_is_near_the_exact_integral(witnesses):
    """One gap, so the posterior is one integral: prior N(0, 2 tau^2) times the others' likelihoods."""
    tau = 1.0
    signs = {PAIR: 1, TURNED: -1}

    def weight(gap):
        others = [expit(signs[w] * gap) if w in signs else expit(gap) ** 0.5 * expit(-gap) ** 0.5 for w in witnesses]
        return norm.pdf(gap, scale=np.sqrt(2) * tau) * np.prod(others)

    total = quad(weight, -20, 20)[0]
    exact = quad(lambda gap: expit(gap) * weight(gap), -20, 20)[0] / total
    odds = log_odds(Evidence.of(group(PAIR, *witnesses)), np.zeros(2), tau)[0]
    assert expit(odds) == pytest.approx(exact, abs=0.02)


def test_leaving_out_by_one_step_is_near_leaving_out_for_real():
    """Each ranking's odds are computed again from a group in which it weighs nothing."""
    numbers = np.random.default_rng(0)
    rankings = []
    for number in range(25):
        order = numbers.permutation(6)[: 3 if number % 5 == 0 else 2]
        rankings.append(Ranking(tuple((int(i),) for i in order)))
    evidence = Evidence.of(group(*rankings, responses=6))
    prior = numbers.normal(size=6)
    quick = log_odds(evidence, prior, 1.0)
    for number in range(25):
        block = evidence.block == number
        silent = replace(evidence, weight=np.where(block, 1e-12, evidence.weight))
        assert quick[block] == pytest.approx(log_odds(silent, prior, 1.0)[block], abs=0.12)


def test_others_bear_out_and_contradict_through_shared_responses():
    """0 > 1 and 1 > 2 bear out 0 > 2 and contradict 2 > 0, though nobody else compared the two."""
    above = [Ranking(((0,), (1,))), Ranking(((1,), (2,)))] * 3
    for last, sign in ((Ranking(((0,), (2,))), 1), (Ranking(((2,), (0,))), -1)):
        odds = log_odds(Evidence.of(group(*above, last, responses=3)), np.zeros(3), 1.0)
        assert np.sign(odds[-1]) == sign
        assert abs(odds[-1]) > 1


def test_a_repeated_ranking_of_one_annotator_is_no_other_vote():
    """The same annotator's same ranking twice leaves each as if it stood once; two people's does not."""
    ranking = Ranking(((0,), (1,)), annotator="ann")
    twice = log_odds(Evidence.of(group(ranking, ranking)), np.zeros(2), 1.0)
    assert twice == pytest.approx([0, 0])
    two = log_odds(Evidence.of(group(ranking, replace(ranking, annotator="bob"))), np.zeros(2), 1.0)
    assert (two > 0.3).all()


def test_a_ranking_of_n_weighs_as_much_as_its_n_minus_1_places():
    """6 comparisons of a full order of 4, each 2/4: three in all. A pair is one."""
    evidence = Evidence.of(group(Ranking(((0,), (1,), (2,), (3,))), Ranking(((0,), (1,)), weight=2.0), responses=4))
    assert evidence.weight.tolist() == [0.5] * 6 + [2.0]


def test_the_trust_in_models_counts_only_where_there_are_other_votes():
    prior = np.array([2.0, 0.0])
    assert log_odds(Evidence.of(group(PAIR)), prior, 1.0, trust=0.0) == pytest.approx([2.0])
    assert logit(expit(log_odds(Evidence.of(group(PAIR, TURNED)), prior, 1.0, trust=0.0))[0]) < 0
