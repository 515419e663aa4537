"""What a rule makes of questions: utilities by hand, probabilities, and what a wave never holds."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

from plaudit.errors import InvalidInputError
from plaudit.judgements import Strengths
from plaudit.labelling.asking import RULES, OpenQuestions, choose_questions

TRIANGLE = [(0, 0, 1), (0, 0, 2), (0, 1, 2)]


def test_the_utility_by_hand():
    belief = Strengths(np.array([1.0, 0.0, 0.0]), np.diag([1.0, 2.0, 3.0]))
    utility = choose_questions([belief], OpenQuestions.of_pairs(TRIANGLE), "informed", 1, gamma=1, seed=0).utility
    for number, (gap, variance) in enumerate([(1, 3), (1, 4), (0, 5)]):
        win = expit(gap / np.sqrt(1 + np.pi * variance / 8))
        assert utility[number] == pytest.approx(win * (1 - win) * variance)


def test_answers_that_share_their_uncertainty_tell_little():
    """Two strengths that rise and fall together have a gap that is known."""
    together = Strengths(np.zeros(3), np.array([[4.0, 3.9, 0.0], [3.9, 4.0, 0.0], [0.0, 0.0, 4.0]]))
    utility = choose_questions([together], OpenQuestions.of_pairs(TRIANGLE), "informed", 1, gamma=1, seed=0).utility
    assert utility[0] < utility[1] / 10


def test_gamma_from_all_alike_to_the_best():
    belief = Strengths(np.zeros(3), np.diag([1.0, 2.0, 6.0]))
    pairs = OpenQuestions.of_pairs(TRIANGLE)
    alike = choose_questions([belief], pairs, "informed", 1, gamma=0, seed=0)
    assert alike.probability == pytest.approx([1 / 3] * 3)
    best = [choose_questions([belief], pairs, "informed", 1, gamma=200, seed=seed).chosen for seed in range(10)]
    assert best == [[2]] * 10


def test_draws_are_as_often_as_their_probability_says():
    belief = Strengths(np.zeros(3), np.diag([1.0, 2.0, 6.0]))
    pairs = OpenQuestions.of_pairs(TRIANGLE)
    choices = [choose_questions([belief], pairs, "informed", 1, gamma=2, seed=seed) for seed in range(2000)]
    often = np.bincount([one.chosen[0] for one in choices], minlength=3) / 2000
    assert often == pytest.approx(choices[0].probability, abs=0.03)


def test_the_smallest_gap_comes_first():
    belief = Strengths(np.array([3.0, 0.0, 0.5, 9.0]), np.eye(4))
    pairs = OpenQuestions.of_pairs([(0, a, b) for a, b in combinations(range(4), 2)])
    choices = choose_questions([belief], pairs, "gap", 2, gamma=50, seed=0)
    assert [tuple(pairs_of(pairs)[number][1:]) for number in choices.chosen] == [(1, 2), (0, 3)]


def test_nothing_is_asked_again_before_half_was_asked():
    belief = Strengths(np.zeros(4), np.diag([9.0, 9.0, 1.0, 1.0]))
    pairs = [(0, a, b) for a, b in combinations(range(4), 2)]
    asked = [True, False, False, False, False, False]
    early = OpenQuestions.of_pairs(pairs, asked, share_asked=0.4)
    choices = choose_questions([belief], early, "informed", 6, gamma=4, seed=0)
    assert 0 not in choices.chosen
    assert choices.probability[0] == 0
    late = OpenQuestions.of_pairs(pairs, asked, share_asked=0.5)
    assert 0 in choose_questions([belief], late, "informed", 6, gamma=50, seed=0).chosen
    everything = OpenQuestions.of_pairs(pairs, [True] * 6, share_asked=0.4)
    assert choose_questions([belief], everything, "informed", 6, gamma=4, seed=0).chosen


def test_disagreement_asks_again_where_people_differ():
    pairs = OpenQuestions.of_pairs(TRIANGLE, [True, True, False], [0.5, 0.0, 0.0])
    choices = choose_questions([Strengths(np.zeros(3), np.eye(3))], pairs, "disagreement", 3, gamma=1, seed=0)
    assert choices.chosen == [0]
    assert choices.probability.tolist() == [1, 0, 0]


def test_a_ranking_of_several_answers_is_worth_the_mean_of_its_pairs():
    pairs = np.array(list(combinations(range(3), 2)))
    questions = OpenQuestions(
        group=np.array([0, 1]),
        question=np.array([0, 0, 0, 1]),
        first=np.array([*pairs[:, 0], 0]),
        second=np.array([*pairs[:, 1], 1]),
        asked=np.zeros(2, dtype=bool),
        split=np.zeros(2),
    )
    beliefs = [Strengths(np.zeros(3), np.diag([1.0, 2.0, 3.0])), Strengths(np.zeros(2), np.eye(2))]
    choices = choose_questions(beliefs, questions, "informed", 5, gamma=1, seed=0)
    assert choices.utility == pytest.approx([(3 + 4 + 5) / 3 / 4, 2 / 4])
    assert sorted(choices.chosen) == [0, 1]


def test_nothing_open_is_nothing_chosen():
    assert choose_questions([], OpenQuestions.of_pairs([]), "informed", 5, gamma=1, seed=0).chosen == []


def test_an_unknown_rule_is_refused():
    with pytest.raises(InvalidInputError, match="it can be informed, gap"):
        choose_questions([], OpenQuestions.of_pairs([]), "guess", 5, gamma=1, seed=0)


def pairs_of(questions):
    return list(zip(questions.group.tolist(), questions.first.tolist(), questions.second.tolist(), strict=True))


@st.composite
def situations(draw):
    """Groups with a belief each, some of their pairs asked and some of those disputed."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32)))
    beliefs, pairs = [], []
    for group in range(draw(st.integers(1, 4))):
        size = draw(st.integers(2, 5))
        factor = numbers.normal(size=(size, size)) * draw(st.sampled_from([1e-6, 1.0, 30.0]))
        beliefs.append(
            Strengths(numbers.normal(size=size) * draw(st.sampled_from([0.0, 1.0, 300.0])), factor @ factor.T)
        )
        pairs += [(group, a, b) for a, b in combinations(range(size), 2)]
    asked = [draw(st.booleans()) for _ in pairs]
    split = [draw(st.sampled_from([0.0, 0.5])) if one else 0.0 for one in asked]
    return beliefs, OpenQuestions.of_pairs(pairs, asked, split, share_asked=draw(st.floats(0, 1)))


@given(situations(), st.sampled_from(RULES), st.integers(0, 30), st.floats(0, 60), st.integers(0, 2**31))
def test_what_holds_of_every_wave(situation, rule, count, gamma, seed):
    beliefs, questions = situation
    choices = choose_questions(beliefs, questions, rule, count, gamma=gamma, seed=seed)
    chosen = choices.chosen
    assert len(chosen) == len(set(chosen)) <= count
    if count and choices.probability.any():
        assert choices.probability.sum() == pytest.approx(1)
    assert (choices.probability[chosen] > 0).all()
    assert np.isfinite(choices.utility).all()
    fresh = ~questions.asked
    if rule == "disagreement":
        may = questions.asked & (questions.split > 0)
    elif rule == "random" or (questions.share_asked < 0.5 and fresh.any()):
        may = fresh
    else:
        may = np.ones(len(questions), dtype=bool)
    if count:
        assert ((choices.probability > 0) == may).all()
    assert may[chosen].all()
    answers = [(g, one) for number in chosen for g, *two in [pairs_of(questions)[number]] for one in two]
    if rule in ("informed", "gap"):
        assert len(answers) == len(set(answers))
        # Whatever could still be asked shares an answer with what is.
        left = [n for n in np.flatnonzero(may) if n not in chosen]
        if len(chosen) < count:
            assert all({(g, a), (g, b)} & set(answers) for g, a, b in (pairs_of(questions)[n] for n in left))
    else:
        assert len(chosen) == min(count, may.sum())
    again = choose_questions(beliefs, questions, rule, count, gamma=gamma, seed=seed)
    assert again.chosen == chosen
