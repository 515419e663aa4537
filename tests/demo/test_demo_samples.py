"""Samples: measured by the truth, judged by the demo's annotators."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plaudit.data import load_groups, write_groups
from plaudit.demo import (
    judge_samples,
    policy_prompts,
    policy_topics,
    sample_figures,
    true_qualities,
)
from plaudit.demo.annotators import BY_NAME
from plaudit.errors import InvalidInputError, PlauditError
from plaudit.evaluation import best_of
from plaudit.groups import Group
from plaudit.training import train

CAST = policy_topics(2, 1)
QUESTION = CAST[0].questions[0]
POINTS = [line if line.endswith((".", '"')) else f"{line}." for _, line in CAST[0].points]


def test_the_third_question_is_kept_for_reporting():
    learning, reporting = policy_prompts(CAST), policy_prompts(CAST, [2])
    assert [group.meta["number"] for group in learning] == [0, 1, 0, 1]
    assert [group.prompt for group in reporting] == [topic.questions[2] for topic in CAST]


def test_figures_by_hand():
    answers = (f"{POINTS[0]} {POINTS[1]}", "", POINTS[0], POINTS[0], f"{POINTS[2]} Bananas are blue")
    meta = {"ended": [True, True, True, True, False], "tokens": [30, 1, 15, 15, 20]}
    figures = sample_figures([Group("q", QUESTION, answers, meta=meta)])
    assert figures.samples == 5
    assert figures.quality == pytest.approx((1.6 - 0.8 + 0.8 + 0.8 + 0.0) / 5)
    assert figures.worth == pytest.approx(2.4 / 6)
    assert figures.known == pytest.approx(5 / 6)
    assert (figures.sentences, figures.tokens, figures.ended, figures.distinct) == (6 / 5, 81 / 5, 0.8, 0.8)


@given(st.integers(2, 20), st.integers(1, 24), st.integers(0, 2**32))
def test_every_answer_is_judged_as_often_as_any_other(count, orders, seed):
    responses = tuple(f"{POINTS[number % 7]} {number}." for number in range(count))
    [group] = judge_samples([Group("q", QUESTION, (*responses, responses[0]))], orders, seed=seed)
    assert group.responses == responses
    assert len(group.rankings) == orders
    often = Counter(i for ranking in group.rankings for tier in ranking.tiers for i in tier)
    assert all(len({i for tier in r.tiers for i in tier}) == min(4, count) for r in group.rankings)
    assert max(often.values()) - min(often[i] for i in range(count)) <= 1
    assert {ranking.annotator for ranking in group.rankings} <= set(BY_NAME)
    assert [group.meta["quality"]] == true_qualities([group])


def test_annotators_prefer_what_is_better():
    answers = (" ".join(POINTS[:4]), f"{POINTS[0]} {POINTS[0]} {POINTS[0]}", "You fool.", "")
    [group] = judge_samples([Group("q", QUESTION, answers)], 200)
    first = Counter(ranking.tiers[0][0] for ranking in group.rankings)
    assert first[0] > 140


def test_a_bag_of_words_learns_from_judged_samples(tmp_path):
    """Groups go to a file and into training as they are, and the reward chooses better than chance."""
    lines = [*POINTS, *(line for line in CAST[0].filler), *(line for _, line in CAST[0].mistakes)]
    answers = tuple(f"{a} {b}" for a in lines for b in lines[::2] if a != b)
    groups = [
        Group(f"q{number}", question, answers[number::3]) for number, question in enumerate(CAST[0].questions)
    ]  # fmt: skip
    judged = judge_samples(groups, 60)
    write_groups(judged, tmp_path / "judged.jsonl")
    assert [group.rankings for group in load_groups(tmp_path / "judged.jsonl")] == [group.rankings for group in judged]
    scorer = train(load_groups(tmp_path / "judged.jsonl"), tmp_path / "reward", backbone="bow")
    result = best_of(groups, {"bow": scorer.score(groups)}, gold=true_qualities(groups), most=8)
    # In standard deviations of the truth among the answers to a question.
    assert result.curves[0].gold[-1].value > 0.5


def test_what_is_refused():
    with pytest.raises(InvalidInputError, match="no samples"):
        sample_figures([])
    with pytest.raises(PlauditError, match="own questions"):
        judge_samples([Group("q", "Why?", ("a", "b"))])
    assert judge_samples([Group("q", QUESTION, ("a", "a"))]) == []
