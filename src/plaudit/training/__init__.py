"""Groups -> a trained model."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.training.language_model.decoders import open_decoder
    from plaudit.training.language_model.demonstrations import read_demonstrations
    from plaudit.training.language_model.documents import read_texts
    from plaudit.training.language_model.fine_tuning import sft
    from plaudit.training.language_model.network import backbone_record, save_language_model
    from plaudit.training.language_model.perplexity import validation_sentence
    from plaudit.training.language_model.pretraining import pretrain
    from plaudit.training.language_model.settings import FineTuningSettings, PretrainingSettings
    from plaudit.training.linear import fit_linear, frozen_features, learn, unused_settings
    from plaudit.training.planning.gpus import Machine
    from plaudit.training.planning.memory import Memory
    from plaudit.training.planning.plan import MFU, TrainingPlan, plan_training
    from plaudit.training.reward_model import train
    from plaudit.training.run.resumable import ResumableRun
    from plaudit.training.run.trainer import checkpointing_argument, run_trainer
    from plaudit.training.settings import TrainingSettings, loss_settings, read_scales
    from plaudit.training.targets import ComparisonTargets
    from plaudit.training.wishes import JudgementKinds, check_wishes, refuse_explicit
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "MFU",
    "ComparisonTargets",
    "FineTuningSettings",
    "JudgementKinds",
    "Machine",
    "Memory",
    "PretrainingSettings",
    "ResumableRun",
    "TrainingPlan",
    "TrainingSettings",
    "backbone_record",
    "check_wishes",
    "checkpointing_argument",
    "fit_linear",
    "frozen_features",
    "learn",
    "loss_settings",
    "open_decoder",
    "plan_training",
    "pretrain",
    "read_demonstrations",
    "read_scales",
    "read_texts",
    "refuse_explicit",
    "run_trainer",
    "save_language_model",
    "sft",
    "train",
    "unused_settings",
    "validation_sentence",
]
