"""Majority votes, rankings out of ratings, findings and contradictions, against answers worked out by hand."""

import pytest
from group_strategies import groups
from hypothesis import given

from plaudit.groups import Group, Ranking, Rating
from plaudit.judgements import check_groups, majority, rankings_from_ratings
from plaudit.judgements.checks import contradictions

FIRST, SECOND, TIE = ((0,), (1,)), ((1,), (0,)), ((0, 1),)


def judged(*tiers, responses=("a", "b", "c"), **more):
    rankings = tuple(Ranking(t, annotator=f"x{i}") for i, t in enumerate(tiers))
    return Group("q", "P", responses, rankings, **more)


@pytest.mark.parametrize(
    ("votes", "verdict"),
    [
        ([FIRST, FIRST, SECOND], FIRST),
        ([FIRST, SECOND], TIE),
        ([FIRST, TIE], TIE),
        ([FIRST, SECOND, TIE], TIE),
        ([TIE, TIE, SECOND], TIE),
        ([SECOND, SECOND, FIRST, TIE], SECOND),
    ],
)
def test_the_most_votes_win_and_equal_votes_tie(votes, verdict):
    [ranking] = majority(judged(*votes)).rankings
    assert ranking == Ranking(verdict)


def test_votes_weigh_and_strength_is_the_mean_of_the_winners():
    votes = (Ranking(FIRST, 1, weight=0.5), Ranking(FIRST, 4), Ranking(SECOND, 9, weight=1.25), Ranking(FIRST))
    # 2.5 against 1.25; of the three that said so, two gave a strength: (1 + 4) / 2.
    assert majority(Group("q", "P", ("a", "b"), votes)).rankings == (Ranking(FIRST, 2.5),)


def test_a_longer_ranking_is_broken_up_only_if_someone_else_judged_one_of_its_pairs():
    order = ((2,), (0,), (1,))
    assert majority(judged(order)).rankings == judged(order).rankings
    # The other vote ties on (0, 1): 0 above 1 against 1 above 0. The pairs with 2 stay as the order has them.
    settled = majority(judged(order, SECOND)).rankings
    assert set(settled) == {Ranking(TIE), Ranking(((2,), (0,))), Ranking(((2,), (1,)))}


@given(groups())
def test_majority_is_settled_after_one_round(group):
    once = majority(group)
    assert majority(once) == once
    pairs = [frozenset(pair[:2]) for ranking in once.rankings for pair in ranking.comparisons()]
    assert len(pairs) == len(set(pairs))
    assert set(pairs) == {frozenset(p[:2]) for ranking in group.rankings for p in ranking.comparisons()}
    assert not contradictions(once)


def test_rankings_from_ratings():
    ratings = (
        Rating(0, 3, "tone", "x"),
        Rating(1, 5, "tone", "x"),
        Rating(2, 2, "tone", "x"),
        Rating(2, 4, "tone", "x"),  # with the one above, a mean of 3: level with response 0
        Rating(0, 1, "tone", "y", weight=3.0),
        Rating(1, 0, "tone", "y"),
        Rating(0, 1, "facts", "x"),  # alone on its attribute, it orders nothing
    )
    group = rankings_from_ratings(Group("q", "P", ("a", "b", "c"), ratings=ratings))
    assert group.rankings == (Ranking(((1,), (0, 2)), annotator="x"), Ranking(FIRST, annotator="y", weight=2.0))
    assert group.ratings == ratings
    assert rankings_from_ratings(group, "facts") == group
    assert len(rankings_from_ratings(Group("q", "P", ("a", "b", "c"), ratings=ratings), "tone").rankings) == 2


def test_several_ratings_of_one_response_count_by_weight():
    # A soft label: 1 with 0.9 and 3 with 0.1 is 1.2, below 2; the unweighted mean would tie.
    ratings = (Rating(0, 1, weight=0.9), Rating(0, 3, weight=0.1), Rating(1, 2))
    [ranking] = rankings_from_ratings(Group("q", "P", ("a", "b"), ratings=ratings)).rankings
    assert ranking.tiers == SECOND


def test_findings():
    one = judged(FIRST, SECOND, ((0, 1), (2,)), subset="s")
    two = Group("q", "Q", (" ",), ratings=(Rating(0, 1, "tone", "y"),))
    three = Group("r", "R", ("a", "b"))
    found = check_groups([one, two, three])
    # (0, 1) twice and then a tie, with 2 below both: five comparisons, one of them a tie, one pair contradictory.
    assert (found.groups, found.responses, found.rankings, found.comparisons, found.ties) == (3, 6, 3, 5, 1)
    assert contradictions(one) == [(0, 1)]
    assert (found.contradictions, found.unjudged, found.single, found.empty, found.shared_ids) == (1, 1, 1, 1, 1)
    assert (found.subsets, list(found.attributes), found.ratings, found.largest) == ({"s": 1}, ["tone"], 1, 3)
    assert found.agreement.annotators == 4
