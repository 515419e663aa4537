"""Judgements as arrays: comparisons, rankings, ratings, votes, and how far annotators agree."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.judgements.aggregate import majority, rankings_from_ratings
    from plaudit.judgements.agreement import ONE_RATER, AnnotatorAgreement, alpha_of_rankings, alpha_of_ratings
    from plaudit.judgements.checks import AttributeSummary, DataCheck, check_groups, contradictions
    from plaudit.judgements.comparisons import (
        NO_SUBSET,
        NOBODY,
        Comparisons,
        PerComparison,
        RankedPairs,
        check_scored,
        comparisons_of,
        credit,
        flatten_comparisons,
        pairs_of,
        scored_comparisons,
    )
    from plaudit.judgements.rankings import RankedLists, index_rankings, ndcg, ndcg_chance, top1, top1_chance
    from plaudit.judgements.ratings import AttributeRatings, PerRated, flatten_ratings, ratings_of, scores_of_rated
    from plaudit.judgements.responses import (
        PerResponse,
        Responses,
        Scores,
        check_shapes,
        cluster_ids,
        flatten_scores,
        index_responses,
        response_starts,
    )
    from plaudit.judgements.votes import Votes, votes_of, votes_of_others
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "NOBODY",
    "NO_SUBSET",
    "ONE_RATER",
    "AnnotatorAgreement",
    "AttributeRatings",
    "AttributeSummary",
    "Comparisons",
    "DataCheck",
    "PerComparison",
    "PerRated",
    "PerResponse",
    "RankedLists",
    "RankedPairs",
    "Responses",
    "Scores",
    "Votes",
    "alpha_of_rankings",
    "alpha_of_ratings",
    "check_groups",
    "check_scored",
    "check_shapes",
    "cluster_ids",
    "comparisons_of",
    "contradictions",
    "credit",
    "flatten_comparisons",
    "flatten_ratings",
    "flatten_scores",
    "index_rankings",
    "index_responses",
    "majority",
    "ndcg",
    "ndcg_chance",
    "pairs_of",
    "rankings_from_ratings",
    "ratings_of",
    "response_starts",
    "scored_comparisons",
    "scores_of_rated",
    "top1",
    "top1_chance",
    "votes_of",
    "votes_of_others",
]
