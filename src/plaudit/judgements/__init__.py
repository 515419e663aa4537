"""Judgements as arrays: comparisons, rankings, ratings, votes, and how far annotators agree."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.judgements.aggregate import majority, rankings_from_ratings
    from plaudit.judgements.agreement import (
        ONE_RATER,
        alpha_of_rankings,
        alpha_of_ratings,
        alpha_of_votes,
        interval_alpha,
        same_votes,
    )
    from plaudit.judgements.checks import AttributeSummary, DataCheck, check_groups
    from plaudit.judgements.comparisons import (
        NO_SUBSET,
        NOBODY,
        Comparisons,
        PerComparison,
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
        check_shapes,
        cluster_ids,
        index_responses,
        response_starts,
    )
    from plaudit.judgements.shared import FALSE_DISCOVERIES, MIN_SHARED, PairVotes, WithOthers, agreement_with_others
    from plaudit.judgements.strengths.annotators import sharpness_of
    from plaudit.judgements.strengths.evidence import Evidence
    from plaudit.judgements.strengths.fitting import FittedStrengths, Strengths, fit_strengths
    from plaudit.judgements.strengths.leaving_out import log_odds
    from plaudit.judgements.votes import numbered, votes_of_others
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "FALSE_DISCOVERIES",
    "MIN_SHARED",
    "NOBODY",
    "NO_SUBSET",
    "ONE_RATER",
    "AttributeRatings",
    "AttributeSummary",
    "Comparisons",
    "DataCheck",
    "Evidence",
    "FittedStrengths",
    "PairVotes",
    "PerComparison",
    "PerRated",
    "PerResponse",
    "RankedLists",
    "Responses",
    "Strengths",
    "WithOthers",
    "agreement_with_others",
    "alpha_of_rankings",
    "alpha_of_ratings",
    "alpha_of_votes",
    "check_groups",
    "check_scored",
    "check_shapes",
    "cluster_ids",
    "comparisons_of",
    "credit",
    "fit_strengths",
    "flatten_comparisons",
    "flatten_ratings",
    "index_rankings",
    "index_responses",
    "interval_alpha",
    "log_odds",
    "majority",
    "ndcg",
    "ndcg_chance",
    "numbered",
    "pairs_of",
    "rankings_from_ratings",
    "ratings_of",
    "response_starts",
    "same_votes",
    "scored_comparisons",
    "scores_of_rated",
    "sharpness_of",
    "top1",
    "top1_chance",
    "votes_of_others",
]
