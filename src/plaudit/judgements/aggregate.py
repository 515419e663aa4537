"""Judgements out of judgements: one ranking for a pair that several people judged, rankings out of ratings."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import groupby

from plaudit._arguments import checked
from plaudit.groups import Group, Ranking


@checked
def majority(group: Group) -> Group:
    """The group with each pair that was judged more than once settled by majority vote, in one ranking for the pair.

    A ranking votes on every pair it implies, with its weight: for the first, for the second, or for a tie. The verdict
    with the most votes wins; when two verdicts have equally many, it is a tie. The settled ranking has weight 1, no
    annotator, and as strength the mean of the strengths given by those who voted for it (None when nobody gave one).
    A ranking none of whose pairs was judged by anyone else stays as it is.

    Example:
        >>> first, second = Ranking(((0,), (1,))), Ranking(((1,), (0,)))
        >>> group = majority(Group("q", "Why?", ("a", "b"), (first, second, first)))
        >>> [ranking.tiers for ranking in group.rankings]
        [((0,), (1,))]
    """
    votes: dict[tuple[int, int], list[tuple[int, Ranking]]] = defaultdict(list)
    for ranking in group.rankings:
        for better, worse, tied in ranking.comparisons():
            pair = (min(better, worse), max(better, worse))
            votes[pair].append((0 if tied else 1 if better < worse else -1, ranking))
    # By identity: two annotators' rankings may be equal, and only one of them contested.
    contested = {id(ranking) for cast in votes.values() if len(cast) > 1 for _, ranking in cast}
    if not contested:
        return group
    settled = [_settled(pair, cast) for pair, cast in votes.items() if id(cast[0][1]) in contested]
    alone = [ranking for ranking in group.rankings if id(ranking) not in contested]
    return replace(group, rankings=(*alone, *settled))


def _settled(pair: tuple[int, int], cast: list[tuple[int, Ranking]]) -> Ranking:
    first, second = pair
    totals: dict[int, float] = defaultdict(float)
    for verdict, ranking in cast:
        totals[verdict] += ranking.weight
    most = max(totals.values())
    leading = [verdict for verdict, total in totals.items() if total == most]
    verdict = leading[0] if len(leading) == 1 else 0
    strengths = [ranking.strength for vote, ranking in cast if vote == verdict and ranking.strength is not None]
    tiers = {1: ((first,), (second,)), -1: ((second,), (first,)), 0: ((first, second),)}[verdict]
    return Ranking(tiers, sum(strengths) / len(strengths) if strengths else None)


@checked
def rankings_from_ratings(group: Group, attribute: str | None = None) -> Group:
    """The group with a ranking for each annotator and attribute that rated at least two of its responses.

    Higher values stand in higher tiers, equal values tie; of several ratings of one response by one annotator the mean
    counts, by weight (so a soft label counts with its expected value). The ranking has the mean weight of its ratings.
    The ratings stay.

    Args:
        group: its ratings may have any scale: only the order within one annotator and attribute is used.
        attribute: only ratings on this attribute; None takes each attribute in turn.

    Example:
        >>> from plaudit import Rating
        >>> ratings = (Rating(0, 2, annotator="ann"), Rating(1, 5, annotator="ann"), Rating(2, 5, annotator="ann"))
        >>> group = rankings_from_ratings(Group("q", "Why?", ("a", "b", "c"), ratings=ratings))
        >>> [ranking.tiers for ranking in group.rankings]
        [((1, 2), (0,))]
    """
    by_rater: dict[tuple[str | None, str], dict[int, list[tuple[float, float]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for rating in group.ratings:
        if attribute in (None, rating.attribute):
            by_rater[rating.annotator, rating.attribute][rating.response].append((rating.value, rating.weight))
    rankings = [_ranked(annotator, values) for (annotator, _), values in by_rater.items() if len(values) > 1]
    return replace(group, rankings=(*group.rankings, *rankings)) if rankings else group


def _ranked(annotator: str | None, values: dict[int, list[tuple[float, float]]]) -> Ranking:
    mean = {
        response: sum(value * weight for value, weight in ratings) / sum(weight for _, weight in ratings)
        for response, ratings in values.items()
    }
    weights = [weight for ratings in values.values() for _, weight in ratings]
    order = sorted(mean, key=lambda response: -mean[response])
    tiers = tuple(tuple(tier) for _, tier in groupby(order, key=mean.__getitem__))
    return Ranking(tiers, annotator=annotator, weight=sum(weights) / len(weights))
