"""Which comparison is contradicted, by whom, and what would have to go."""

from dataclasses import replace

import numpy as np

from plaudit.doctor.cleaning import Removal, clean
from plaudit.doctor.label_errors import LabelErrors
from plaudit.doctor.rankings import suspicious_rankings, votes_on_pair
from plaudit.groups import Group, Ranking


def label_errors(*comparisons):
    """Label errors of (ranking, better, worse, probability of being wrong)."""
    ranking, better, worse, wrong = (np.array(column) for column in zip(*comparisons, strict=True))
    zeros = np.zeros(len(wrong))
    return LabelErrors(
        group=zeros.astype(int),
        ranking=ranking,
        better=better,
        worse=worse,
        has_other_votes=~zeros.astype(bool),
        tie=zeros.astype(bool),
        p_by_models=zeros + 0.3,
        p_combined=zeros + 0.1,
        p_wrong=wrong,
        figures={},
        parameters={},
    )


def test_a_pair_goes_whole_and_a_long_ranking_loses_what_its_contradictions_share():
    group = Group("q", "p", tuple("abcd"), (Ranking(((0,), (1,), (2,), (3,))), Ranking(((1,), (0,)), annotator="ann")))
    errors = label_errors((0, 0, 2, 0.9), (0, 0, 3, 0.95), (0, 1, 2, 0.1), (1, 1, 0, 0.85))
    order, pair = suspicious_rankings([group], errors)
    assert (order.target.responses, order.keep, order.action) == ((0,), False, "remove response 0 from the ranking")
    assert (pair.keep, pair.action) == (False, "remove the ranking")
    assert order.suspicion == 0.95
    assert [(one["better"], one["worse"]) for one in order.evidence["contradicted"]] == [(0, 3), (0, 2)]
    assert pair.what == (
        "ann puts response 1 above 0: 30.0% likely by the models alone, 10.0% given the other judgements; "
        "1 of 1 others disagree"
    )
    cleaned = clean([group], [Removal(order.target), Removal(pair.target)])
    assert cleaned.groups[0].rankings == (Ranking(((1,), (2,), (3,))),)
    assert cleaned.removed == {"rankings": 1, "responses out of rankings": 1}


def test_between_even_odds_and_the_threshold_a_ranking_is_listed_and_kept():
    group = Group("q", "p", ("a", "b"), (Ranking(((0,), (1,))),) * 3)
    items = list(suspicious_rankings([group], label_errors((0, 0, 1, 0.49), (1, 0, 1, 0.6), (2, 0, 1, 0.8))))
    assert [(item.target.ranking, item.keep, item.action) for item in items] == [
        (1, True, "look"),
        (2, False, "remove the ranking"),
    ]


def test_where_models_speak_alone_nothing_is_proposed_unless_asked_for():
    group = Group("q", "p", ("a", "b"), (Ranking(((0,), (1,))),))
    errors = replace(label_errors((0, 0, 1, 0.99)), has_other_votes=np.array([False]))
    (item,) = suspicious_rankings([group], errors)
    assert (item.keep, item.what) == (True, "puts response 0 above 1: 30.0% likely by the models alone")
    (item,) = suspicious_rankings([group], errors, threshold_alone=0.9)
    assert not item.keep


def test_votes_of_others_on_the_same_two():
    rankings = [
        Ranking(((0,), (1,))),
        Ranking(((1,), (0,))),
        Ranking(((2,), (1,), (0,))),
        Ranking(((0, 1),)),
        Ranking(((0,), (2,))),
    ]
    assert votes_on_pair(rankings, 0, better=0, worse=1) == (0, 2)
    assert votes_on_pair(rankings, 1, better=1, worse=0) == (1, 1)
