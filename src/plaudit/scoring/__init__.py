"""A scorer at work: scores of sets of groups, made or read; and what trainers make of scores."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.scoring.batcher import Batcher
    from plaudit.scoring.progress import LONG, Tell, telling, watched
    from plaudit.scoring.queueing import BatchingLimits, BatchReport
    from plaudit.scoring.reference_scale import ReferenceScale
    from plaudit.scoring.rewards.asynchronous import AsyncRewardFunction
    from plaudit.scoring.rewards.function import RewardFunction
    from plaudit.scoring.rewards.opening import reward_function
    from plaudit.scoring.rewards.openrlhf import OpenRLHFReward, openrlhf_reward
    from plaudit.scoring.rewards.reward_file import write_reward_file
    from plaudit.scoring.rewards.samples import CompletionRewards
    from plaudit.scoring.rewards.unfinished import settle_unfinished
    from plaudit.scoring.rewards.verl import PlauditRewardManager, VeRLReward, keep_prompt, verl_reward
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
    from plaudit.scoring.shaping import (
        ShapedRewards,
        ShapingSettings,
        replace_unfinished,
        shape,
        shape_rewards,
    )
    from plaudit.scoring.shards.running import ShardOptions, ShardReport, score_shards
    from plaudit.scoring.shards.shard import ShardCounts
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "LONG",
    "AsyncRewardFunction",
    "BatchReport",
    "Batcher",
    "BatchingLimits",
    "CompletionRewards",
    "GroupScores",
    "OpenRLHFReward",
    "PlauditRewardManager",
    "ReferenceScale",
    "ResponseScores",
    "RewardFunction",
    "RowScoring",
    "ScoreCache",
    "ScoreRows",
    "ScoredGroups",
    "ScoringOptions",
    "ScoringRun",
    "ShapedRewards",
    "ShapingSettings",
    "ShardCounts",
    "ShardOptions",
    "ShardReport",
    "Tell",
    "VeRLReward",
    "keep_prompt",
    "obtain_scores",
    "obtain_scores_of_each",
    "openrlhf_reward",
    "read_scored",
    "replace_unfinished",
    "reward_function",
    "score_rows",
    "score_shards",
    "score_with_baselines",
    "settle_unfinished",
    "shape",
    "shape_rewards",
    "telling",
    "verl_reward",
    "watched",
    "write_reward_file",
]
