"""A scorer at work: scores of sets of groups, made or read."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.scoring.batcher import Batcher
    from plaudit.scoring.progress import LONG, Tell, telling, watched
    from plaudit.scoring.queueing import BatchingLimits, BatchReport
    from plaudit.scoring.rows import RowScoring, score_rows
    from plaudit.scoring.runs import (
        ScoringOptions,
        ScoringRun,
        obtain_scores,
        obtain_scores_of_each,
        read_scored,
        score_with_baselines,
    )
    from plaudit.scoring.score_cache import ScoreCache
    from plaudit.scoring.scored import GroupScores, ResponseScores, ScoredGroups, ScoreRows
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "LONG",
    "BatchReport",
    "Batcher",
    "BatchingLimits",
    "GroupScores",
    "ResponseScores",
    "RowScoring",
    "ScoreCache",
    "ScoreRows",
    "ScoredGroups",
    "ScoringOptions",
    "ScoringRun",
    "Tell",
    "obtain_scores",
    "obtain_scores_of_each",
    "read_scored",
    "score_rows",
    "score_with_baselines",
    "telling",
    "watched",
]
