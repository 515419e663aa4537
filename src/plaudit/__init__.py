"""Plaudit trains, measures and uses reward models: models that score an answer the way people would."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.alignment import AlignmentSettings, PromptSets, align
    from plaudit.data import (
        Score,
        groups_of_clicks,
        length_report,
        load_groups,
        load_prompts,
        open_groups,
        read_groups,
        read_scores,
        split_groups,
        write_groups,
        write_scores,
    )
    from plaudit.demo import run_demo
    from plaudit.doctor import DoctorSettings, clean, diagnose
    from plaudit.errors import (
        DataError,
        InvalidInputError,
        MissingExtraError,
        NotFoundError,
        OverloadedError,
        PlauditError,
        TooLongError,
    )
    from plaudit.evaluation import Evaluation, best_of, check_invariance, compare, evaluate, probe, run_suite
    from plaudit.explaining import explain
    from plaudit.groups import Group, GroupError, Ranking, Rating
    from plaudit.judgements import check_groups, majority, rankings_from_ratings
    from plaudit.laboratory import LaboratorySettings, compare_losses
    from plaudit.model import RewardModel, combine, open_model
    from plaudit.scoring import RewardFunction, ScoredGroups, reward_function, write_reward_file
    from plaudit.serving import ServingSettings, serve
    from plaudit.statistics import Measurement
    from plaudit.training import (
        FineTuningSettings,
        PretrainingSettings,
        TrainingSettings,
        plan_training,
        pretrain,
        sft,
        train,
    )
else:
    __getattr__, __dir__ = face(__name__, __file__)

__version__ = "0.1.0"

__all__ = [
    "AlignmentSettings",
    "DataError",
    "DoctorSettings",
    "Evaluation",
    "FineTuningSettings",
    "Group",
    "GroupError",
    "InvalidInputError",
    "LaboratorySettings",
    "Measurement",
    "MissingExtraError",
    "NotFoundError",
    "OverloadedError",
    "PlauditError",
    "PretrainingSettings",
    "PromptSets",
    "Ranking",
    "Rating",
    "RewardFunction",
    "RewardModel",
    "Score",
    "ScoredGroups",
    "ServingSettings",
    "TooLongError",
    "TrainingSettings",
    "__version__",
    "align",
    "best_of",
    "check_groups",
    "check_invariance",
    "clean",
    "combine",
    "compare",
    "compare_losses",
    "diagnose",
    "evaluate",
    "explain",
    "groups_of_clicks",
    "length_report",
    "load_groups",
    "load_prompts",
    "majority",
    "open_groups",
    "open_model",
    "plan_training",
    "pretrain",
    "probe",
    "rankings_from_ratings",
    "read_groups",
    "read_scores",
    "reward_function",
    "run_demo",
    "run_suite",
    "serve",
    "sft",
    "split_groups",
    "train",
    "write_groups",
    "write_reward_file",
    "write_scores",
]
