"""Plaudit trains, tests and serves reward models: models that score an answer the way people would."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.data import Score, load_groups, read_groups, read_scores, split_groups, write_groups, write_scores
    from plaudit.doctor import diagnose
    from plaudit.errors import DataError, PlauditError
    from plaudit.evaluation import best_of, check_invariance, compare, evaluate, probe
    from plaudit.explaining import explain
    from plaudit.groups import Group, GroupError, Ranking, Rating
    from plaudit.judgements import majority
    from plaudit.laboratory import compare_losses
    from plaudit.model import RewardModel, open_model
    from plaudit.training import TrainingSettings, pretrain, sft, train

__version__ = "0.1.0"

__all__ = [
    "DataError",
    "Group",
    "GroupError",
    "PlauditError",
    "Ranking",
    "Rating",
    "RewardModel",
    "Score",
    "TrainingSettings",
    "__version__",
    "best_of",
    "check_invariance",
    "compare",
    "compare_losses",
    "diagnose",
    "evaluate",
    "explain",
    "load_groups",
    "majority",
    "open_model",
    "pretrain",
    "probe",
    "read_groups",
    "read_scores",
    "sft",
    "split_groups",
    "train",
    "write_groups",
    "write_scores",
]

__getattr__, __dir__ = face(__name__, __file__)
