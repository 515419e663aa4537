"""A scorer at work: scores of sets of groups, made or read."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.scoring.progress import watched
    from plaudit.scoring.runs import (
        ScoredGroups,
        bare_scores,
        obtain_scores,
        obtain_scores_of_each,
        read_scored,
        score_with_baselines,
    )

__all__ = [
    "ScoredGroups",
    "bare_scores",
    "obtain_scores",
    "obtain_scores_of_each",
    "read_scored",
    "score_with_baselines",
    "watched",
]

__getattr__, __dir__ = face(__name__, __file__)
